"""``ocicat chat``: ask a model from the terminal, once or in a conversation."""

from __future__ import annotations

import json
import sys
import time
from contextlib import ExitStack
from typing import Any

import click

from ocicat.call.exchange import Call, exchange
from ocicat.cli import INTERRUPTED, show
from ocicat.cli.answer import Answer
from ocicat.client.functions import prepare
from ocicat.client.telemetry import traced
from ocicat.errors import OcicatError
from ocicat.transport import sync

__all__ = ["chat"]

DEFAULT_MODEL = "meta.llama-3.3-70b-instruct"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("prompt", required=False)
@click.option(
    "-m", "--model", default=DEFAULT_MODEL, envvar="OCICAT_MODEL", show_default=True, help="Model."
)
@click.option("-s", "--system", help="System prompt.")
@click.option("--region", help="Region id or short code, such as us-chicago-1 or ORD.")
@click.option("--profile", help="Profile of the OCI config file.")
@click.option("--auth", help="Kind of identity, such as api_key.")
@click.option("--compartment-id", help="OCID of the compartment to use.")
@click.option(
    "--transport",
    type=click.Choice(["auto", "openai", "native", "responses"]),
    help="Wire to use.",
)
@click.option("--emulator", is_flag=True, help="Ask the built-in emulator, with no OCI account.")
@click.option("--no-stream", is_flag=True, help="Wait for the whole answer.")
@click.option("--json", "as_json", is_flag=True, help="Print the reply as JSON.")
def chat(
    prompt: str | None,
    model: str,
    system: str | None,
    region: str | None,
    profile: str | None,
    auth: str | None,
    compartment_id: str | None,
    transport: str | None,
    emulator: bool,
    no_stream: bool,
    as_json: bool,
) -> int:
    """Ask a model PROMPT and print its answer.

    Without PROMPT the question is read from a pipe, or, at a terminal, a conversation begins:
    Ctrl-C stops an answer, Ctrl-D ends the conversation.
    """
    options: dict[str, Any] = {
        "oci_region": region,
        "oci_profile": profile,
        "oci_auth_type": auth,
        "oci_compartment_id": compartment_id,
        "transport": transport,
    }
    options = {name: value for name, value in options.items() if value is not None}
    with ExitStack() as stack:
        if emulator:
            from ocicat import testing

            stack.enter_context(testing.emulator())
        talk = _Talk(model, system, options, emulated=emulator, stream=not no_stream)
        if prompt is None and sys.stdin.isatty():
            if as_json:
                raise click.UsageError("--json needs a PROMPT or a pipe, not a conversation.")
            return talk.converse()
        if prompt is None:
            prompt = sys.stdin.read().strip()
        if not prompt:
            raise click.UsageError("There is no prompt: give PROMPT, or pipe one in.")
        return talk.print_json(prompt) if as_json else talk.ask(prompt)


class _Talk:
    """A conversation with one model."""

    def __init__(
        self,
        model: str,
        system: str | None,
        options: dict[str, Any],
        *,
        emulated: bool,
        stream: bool,
    ) -> None:
        self._model = model
        self._options = options
        self._emulated = emulated
        self._stream = stream
        self._messages: list[dict[str, Any]] = (
            [{"role": "system", "content": system}] if system else []
        )

    def converse(self) -> int:
        """Ask for questions until the input ends."""
        click.echo("Ctrl-C stops an answer, Ctrl-D ends the conversation.", err=True)
        try:
            import readline  # noqa: F401  # line editing and history for input()
        except ImportError:
            pass
        while True:
            try:
                question = input("\n> ").strip()
            except EOFError:
                click.echo(err=True)
                return 0
            except KeyboardInterrupt:
                click.echo("\n(Ctrl-D ends the conversation)", err=True)
                continue
            if question:
                try:
                    self.ask(question)
                except OcicatError as problem:
                    show(problem)

    def ask(self, question: str) -> int:
        """Print the answer to one question, and remember both."""
        asked = [*self._messages, {"role": "user", "content": question}]
        call = self._prepare(asked, stream=self._stream)
        started = time.perf_counter()
        answer = Answer(call.target, emulated=self._emulated)
        failed, interrupted = True, False
        try:
            if self._stream:
                self._receive(call, answer)
            else:
                reply = sync.run(traced(exchange(call), call, call.request))
                answer.add(str(reply["choices"][0]["message"].get("content") or ""))
                answer.usage = reply.get("usage")
            failed = False
        except KeyboardInterrupt:
            failed, interrupted = False, True
        finally:
            answer.end(time.perf_counter() - started, failed=failed, interrupted=interrupted)
        if answer.text or not interrupted:
            self._messages = [*asked, {"role": "assistant", "content": answer.text}]
        return INTERRUPTED if interrupted else 0

    def _receive(self, call: Call, answer: Answer) -> None:
        from ocicat.call.exchange import exchange_stream
        from ocicat.client.stream import ChatStream

        with ChatStream(
            sync.open_stream(traced(exchange_stream(call), call, call.request))
        ) as chunks:
            for chunk in chunks:
                for choice in chunk.choices:
                    answer.add(choice.delta.content or "")
                if chunk.usage:
                    answer.usage = chunk.usage

    def print_json(self, question: str) -> int:
        """Print the whole reply as one JSON object, with how the call went under ``ocicat``."""
        call = self._prepare([*self._messages, {"role": "user", "content": question}], stream=False)
        started = time.perf_counter()
        reply: dict[str, Any] = dict(sync.run(traced(exchange(call), call, call.request)))
        reply["ocicat"] = {
            "emulator": self._emulated,
            "transport": call.target.transport,
            "endpoint": call.target.url,
            "seconds": round(time.perf_counter() - started, 4),
        }
        click.echo(json.dumps(reply, indent=2, ensure_ascii=False))
        return 0

    def _prepare(self, messages: list[dict[str, Any]], *, stream: bool) -> Call:
        options = dict(self._options)
        if stream:
            options["stream_options"] = {"include_usage": True}
        return prepare(self._model, messages, stream, options)
