"""Rules read from a TOML file, with the verbs that rules have in Python.

::

    [[rule]]
    when = "weather"                  # a text in the last user message; `pattern` for a regular
    answer = "Sunny."                 # expression; neither for every chat

    [[rule]]
    when = "busy"
    fail = { status = 429, retry_after = 2 }
    times = 2

    [[rule]]
    when = "story"
    cut_after = { events = 3, mid_event = true }

    [[rule]]
    when = "Oslo"
    think = "I need the weather."
    call_tool = [{ name = "weather", arguments = { city = "Oslo" } }]
    times = 1

The other verbs of an answer: ``finish_reason`` (beside ``answer``), ``answers`` (a list of texts),
``write_tool_markup = "hermes"``, ``cite = [{ text, documents, url, title }]``, ``search`` (a list
of queries) and ``ground`` (a table). Further: ``stall = { seconds, after_events }``,
``error_event = { event = {…}, after_events }``, ``reset = true``,
``reply_raw = { status, headers, body }``, ``refuse_parameter = [{ parameter, shape }]``,
``refuse_streaming = true`` and ``deprecate`` (a text).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

import msgspec

from ocicat.emulator.refusals import Shape
from ocicat.emulator.script import Markup, Rule, Script
from ocicat.errors import InvalidSetting

__all__ = ["load_rules"]

Count = Annotated[int, msgspec.Meta(ge=0)]
Status = Annotated[int, msgspec.Meta(ge=200, le=599)]
Seconds = Annotated[float, msgspec.Meta(ge=0)]


class _Table(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A table with no other keys than those listed."""


class _Fail(_Table):
    status: Status
    retry_after: Seconds | None = None
    html: bool = False
    code: str | None = None
    message: str | None = None


class _Stall(_Table):
    seconds: Seconds
    after_events: Count | None = None


class _Cut(_Table):
    events: Count
    mid_event: bool = False
    clean: bool = False


class _ErrorEvent(_Table):
    event: dict[str, Any]
    after_events: Count = 1


class _Raw(_Table):
    status: Status
    headers: dict[str, str] = {}
    body: str = ""


class _Call(_Table):
    name: str
    arguments: dict[str, Any] | str = "{}"
    id: str | None = None


class _Citation(_Table):
    text: str
    documents: list[str] = []
    url: str = ""
    title: str = ""


class _Refusal(_Table):
    parameter: str
    shape: Shape | None = None


class _Rule(_Table):
    when: str | None = None
    pattern: str | None = None
    times: Count | None = None
    answer: str | None = None
    finish_reason: str | None = None
    answers: list[str] | None = None
    think: str | None = None
    call_tool: list[_Call] = []
    write_tool_markup: Markup | None = None
    cite: list[_Citation] = []
    search: list[str] | None = None
    ground: dict[str, Any] | None = None
    fail: _Fail | None = None
    reply_raw: _Raw | None = None
    reset: bool = False
    stall: _Stall | None = None
    cut_after: _Cut | None = None
    error_event: _ErrorEvent | None = None
    refuse_parameter: list[_Refusal] = []
    refuse_streaming: bool = False
    deprecate: str | None = None

    @property
    def speaks(self) -> bool:
        """Whether it says anything of an answer."""
        said = (self.answer, self.answers, self.think, self.search, self.ground)
        others = self.call_tool or self.write_tool_markup or self.cite
        return bool(others) or any(each is not None for each in said)


class _File(_Table):
    rule: list[_Rule] = []


def load_rules(path: str | os.PathLike[str], script: Script) -> None:
    """Add the rules of a file to ``script``.

    Raises :class:`~ocicat.errors.InvalidSetting` for a file that cannot be read or understood.
    """
    where = Path(path).expanduser()
    try:
        rules = msgspec.toml.decode(where.read_bytes(), type=_File).rule
    except OSError as problem:
        raise _invalid(where, problem.strerror or str(problem)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
        raise _invalid(where, str(problem)) from None
    for number, rule in enumerate(rules, 1):
        _add(rule, script, where, number)


def _add(rule: _Rule, script: Script, where: Path, number: int) -> None:
    here = f"rule {number}"
    if rule.when is not None and rule.pattern is not None:
        raise _invalid(where, f"{here} has both `when` and `pattern`")
    if rule.finish_reason is not None and rule.answer is None:
        raise _invalid(where, f"{here} has `finish_reason` without `answer`")
    if rule.answer is not None and rule.answers is not None:
        raise _invalid(where, f"{here} has both `answer` and `answers`")
    verbs = [rule.speaks, rule.fail is not None, rule.reply_raw is not None, rule.reset]
    if sum(verbs) > 1:
        raise _invalid(
            where, f"{here} has more than one of an answer, `fail`, `reply_raw` and `reset`"
        )
    match: str | re.Pattern[str] | None = rule.when
    if rule.pattern is not None:
        try:
            match = re.compile(rule.pattern)
        except re.error as problem:
            raise _invalid(
                where, f"{here}: `pattern` is no regular expression: {problem}"
            ) from None
    made = script.when(match)
    _answer(rule, made)
    if rule.fail is not None:
        made.fail(**msgspec.structs.asdict(rule.fail))
    if rule.reply_raw is not None:
        made.reply_raw(**msgspec.structs.asdict(rule.reply_raw))
    if rule.reset:
        made.reset()
    if rule.stall is not None:
        made.stall(**msgspec.structs.asdict(rule.stall))
    if rule.cut_after is not None:
        made.cut_after(**msgspec.structs.asdict(rule.cut_after))
    if rule.error_event is not None:
        made.error_event(**msgspec.structs.asdict(rule.error_event))
    for refused in rule.refuse_parameter:
        made.refuse_parameter(**msgspec.structs.asdict(refused))
    if rule.refuse_streaming:
        made.refuse_streaming()
    if rule.deprecate is not None:
        made.deprecate(rule.deprecate)
    if rule.times is not None:
        made.times(rule.times)


def _answer(rule: _Rule, made: Rule) -> None:
    """Give a new rule what the file says of its answer."""
    if rule.answer is not None:
        made.answer(rule.answer, finish_reason=rule.finish_reason)
    if rule.answers is not None:
        made.answers(rule.answers)
    if rule.think is not None:
        made.think(rule.think)
    for call in rule.call_tool:
        made.call_tool(**msgspec.structs.asdict(call))
    if rule.write_tool_markup is not None:
        made.write_tool_markup(rule.write_tool_markup)
    for citation in rule.cite:
        made.cite(**msgspec.structs.asdict(citation))
    if rule.search is not None:
        made.search(rule.search)
    if rule.ground is not None:
        made.ground(rule.ground)


def _invalid(path: Path, problem: str) -> InvalidSetting:
    return InvalidSetting(f"The rules file {path} cannot be used: {problem}.", setting="rules")
