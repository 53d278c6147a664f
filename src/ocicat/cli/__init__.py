"""The ``ocicat`` command: one file per subcommand, each loaded when it is asked for.

Exit codes: 0 all well; 1 an error of ocicat itself; 2 wrong usage; 3 settings missing or wrong;
4 a request that cannot be made; 5 OCI answered with an error; 6 no whole answer arrived; 130
interrupted.
"""

from __future__ import annotations

import importlib
import sys

import click

from ocicat._version import __version__
from ocicat.errors import (
    APIStatusError,
    ConfigurationError,
    InvalidRequest,
    OcicatError,
    StreamBroken,
    TransportError,
)

__all__ = ["main"]

_COMMANDS = {
    "chat": ("ocicat.cli.chat", "chat"),
    "doctor": ("ocicat.cli.doctor", "doctor"),
    "emulator": ("ocicat.cli.emulator", "emulator"),
    "login": ("ocicat.cli.login", "login"),
    "models": ("ocicat.cli.models", "models"),
}
_EXIT_CODES: tuple[tuple[type[OcicatError], int], ...] = (
    (ConfigurationError, 3),
    (InvalidRequest, 4),
    (APIStatusError, 5),
    (TransportError, 6),
)
INTERRUPTED = 130


class _Commands(click.Group):
    """Imports a subcommand when it is asked for, so that ``ocicat chat`` loads no server."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        command = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ocicat")
@click.option("--debug", is_flag=True, help="Show a traceback for errors.")
def ocicat(debug: bool) -> None:
    """OCI Generative AI from the terminal: every model, under every OCI identity."""


def main() -> None:
    """Run the command line and exit with its code."""
    arguments = sys.argv[1:]
    # Accepted anywhere before a bare `--`: nobody types it before they have seen an error.
    words = arguments[: arguments.index("--")] if "--" in arguments else arguments
    debug = "--debug" in words
    if debug:
        arguments.remove("--debug")
    try:
        code = ocicat.main(args=arguments, prog_name="ocicat", standalone_mode=False)
    except click.ClickException as problem:
        problem.show()
        code = problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; keep the interpreter from complaining about it.
        sys.stderr.close()
        code = 1
    except OcicatError as problem:
        if debug:
            raise
        show(problem)
        code = next((code for kind, code in _EXIT_CODES if isinstance(problem, kind)), 1)
    except Exception as problem:
        if debug:
            raise
        click.secho(f"ocicat failed: {type(problem).__name__}: {problem}", fg="red", err=True)
        click.echo("This is a fault of ocicat. Run it again with --debug, and report it.", err=True)
        code = 1
    sys.exit(code if isinstance(code, int) else 0)


def show(problem: OcicatError) -> None:
    """Print an error for people: what failed, OCI's code and request id, what to do next."""
    click.secho(f"Error: {problem.message}", fg="red", err=True)
    if isinstance(problem, APIStatusError):
        code = f" {problem.code}" if problem.code and problem.code != str(problem.status) else ""
        click.echo(f"  OCI answered: {problem.status}{code}", err=True)
    request_id = getattr(problem, "opc_request_id", "")
    if request_id:
        click.echo(f"  opc-request-id: {request_id}", err=True)
    if problem.attempts > 1:
        click.echo(f"  attempts: {problem.attempts}, {problem.waited:.1f} s between them", err=True)
    if isinstance(problem, StreamBroken) and problem.__cause__ is not None:
        click.echo(f"  cause: {problem.__cause__}", err=True)
    if problem.hint:
        click.echo(f"  {problem.hint}", err=True)
