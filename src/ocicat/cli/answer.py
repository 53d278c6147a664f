"""An answer on the terminal: a line of facts, and the text below it as it arrives.

Token counts and the time taken are known last but belong on top, so at a terminal the line of facts
is written again, in place, when the answer has ended. Where the answer has scrolled it away, it
comes again below. Into a pipe nothing is written before everything is known: then the facts go
to standard error, and the answer alone to standard output.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from typing import Any

import click

from ocicat.vocabulary.target import Target

__all__ = ["Answer", "facts_line"]

_SEPARATOR = " · "
#: As long as what the facts lack while an answer is still coming.
_TO_COME = " · stopped · 00000 ms · 00000 + 00000 = 000000 tokens"


def facts_line(
    target: Target,
    *,
    emulated: bool,
    seconds: float | None = None,
    usage: Mapping[str, Any] | None = None,
    interrupted: bool = False,
) -> str:
    """Who answered, over what, how fast, and what it cost; what is not known yet is left out."""
    parts = [
        target.model,
        f"{target.transport} transport",
        target.url,
    ]
    if emulated:
        parts.insert(0, "emulator on this machine, not OCI")
    if interrupted:
        parts.append("stopped")
    if seconds is not None:
        parts.append(f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s")
    if usage:
        parts.append(
            f"{usage.get('prompt_tokens', 0)} + {usage.get('completion_tokens', 0)} ="
            f" {usage.get('total_tokens', 0)} tokens"
        )
    return _SEPARATOR.join(parts)


class Answer:
    """One answer being shown."""

    def __init__(self, target: Target, *, emulated: bool) -> None:
        self._target = target
        self._emulated = emulated
        self._pieces: list[str] = []
        self._live = sys.stdout.isatty() and sys.stderr.isatty()
        self._width = shutil.get_terminal_size().columns
        self._reserved = 0  # rows kept for the facts
        self._row = 0  # of the cursor, counted from the first of them
        self._column = 0
        #: Token counts, once they are known.
        self.usage: Mapping[str, Any] | None = None

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._pieces)

    def add(self, piece: str) -> None:
        """Show one more piece of the text."""
        if not piece:
            return
        if self._live:
            if not self._pieces:
                self._reserve()
            shown = _printable(piece)
            self._follow(shown)
            sys.stdout.write(shown)
            sys.stdout.flush()
        self._pieces.append(piece)

    def end(self, seconds: float, *, failed: bool, interrupted: bool) -> None:
        """Complete the facts. ``seconds`` is how long the whole answer took."""
        facts = facts_line(
            self._target,
            emulated=self._emulated,
            seconds=seconds,
            usage=self.usage,
            interrupted=interrupted,
        )
        if not self._live:
            if self._pieces or not failed:
                click.echo(facts, err=True)
                click.echo(self.text)
        elif not self._pieces:
            if not failed:
                click.secho(facts, dim=True, err=True)
        else:
            if interrupted:
                self._follow("^C")  # which the terminal has written by itself
            self._follow("\n")
            sys.stdout.write("\n")
            self._replace(facts)

    def _reserve(self) -> None:
        """Write what is known, and leave as many rows as the whole will need."""
        facts = facts_line(self._target, emulated=self._emulated)
        self._reserved = self._rows_of(facts + _TO_COME)
        self._row = self._reserved
        click.secho(facts, dim=True, err=True, nl=False)
        click.echo("\n" * (self._reserved - self._rows_of(facts) + 1), err=True, nl=False)

    def _replace(self, facts: str) -> None:
        """Write the whole facts where they belong, or below if that has scrolled away."""
        fits = self._rows_of(facts) <= self._reserved
        if fits and self._row < shutil.get_terminal_size().lines:
            sys.stdout.write(f"\x1b[{self._row}A\r" + "\x1b[2K\n" * self._reserved)
            sys.stdout.write(f"\x1b[{self._reserved}A")
            sys.stdout.flush()
            click.secho(facts, dim=True, err=True, nl=False)
            down = self._row - self._rows_of(facts) + 1
            sys.stdout.write(f"\r\x1b[{down}B")
            sys.stdout.flush()
        else:
            sys.stdout.flush()
            click.secho(facts, dim=True, err=True)

    def _rows_of(self, facts: str) -> int:
        return max(1, -(-len(facts) // self._width))

    def _follow(self, text: str) -> None:
        """Keep count of the rows that the terminal has used."""
        from rich.cells import get_character_cell_size

        for character in text:
            if character == "\n":
                self._row += 1
                self._column = 0
                continue
            cells = 8 - self._column % 8 if character == "\t" else 0
            cells = cells or get_character_cell_size(character)
            if self._column + cells > self._width:
                self._row += 1
                self._column = 0
            self._column += cells


def _printable(text: str) -> str:
    """``text`` without the control characters by which it could take over the terminal."""
    return "".join(
        character
        if character in "\n\t" or character.isprintable() or ord(character) > 0x9F
        else "�"
        for character in text
    )
