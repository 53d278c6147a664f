"""``ocicat emulator``: run the emulator in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from ocicat.errors import ConfigurationError

if TYPE_CHECKING:
    from ocicat.emulator import Received

__all__ = ["emulator"]


@click.command()
@click.option(
    "--home",
    metavar="DIR",
    help="Where to keep the throwaway key and the OCI config file. Default: a temporary directory.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default="any free one",
    help="The port to listen on, at 127.0.0.1.",
)
@click.option("--rules", metavar="FILE", help="Scripted behaviour, in TOML.")
@click.option(
    "--backend",
    metavar="URL",
    help="Get real answers from an OpenAI-compatible server, as http://127.0.0.1:11434/v1.",
)
def emulator(home: str | None, port: int, rules: str | None, backend: str | None) -> None:
    """Run a strict local OCI Generative AI.

    It verifies signatures, checks requests and answers in OCI's formats, so that OCI code of any
    kind can be tried without OCI. It prints the variables that lead clients to it, and then a line
    for each request.
    """
    from ocicat.emulator import Emulator

    try:
        Emulator(home, port=port, rules=rules, backend=backend, observe=_print).serve(click.echo)
    except ConfigurationError as problem:
        raise click.ClickException(str(problem)) from None


def _print(received: Received, milliseconds: float) -> None:
    status = received.status if received.status is not None else "---"
    line = f"{received.method} {received.path} {status} {milliseconds:.0f} ms"
    if received.refusal is not None:
        line += f"  {received.refusal}"
    click.echo(line)
