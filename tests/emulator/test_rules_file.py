"""Rules in a TOML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ocicat.emulator.rules_file import load_rules
from ocicat.emulator.script import (
    Answer,
    Behaviour,
    Citation,
    Cut,
    ErrorEvent,
    Failure,
    ParameterRefusal,
    RawReply,
    Script,
    ScriptedCall,
    Stall,
)
from ocicat.errors import InvalidSetting


def script_of(path: Path, text: str) -> Script:
    file = path / "rules.toml"
    file.write_text(text)
    script = Script()
    load_rules(file, script)
    return script


def asking(text: str) -> Any:
    return {"model": "m", "messages": [{"role": "user", "content": text}]}


@pytest.mark.parametrize(
    ("verbs", "behaviour"),
    [
        ("", Behaviour()),
        ('answer = "Yes"', Behaviour(Answer(("Yes",)))),
        (
            'answer = "Yes"\nfinish_reason = "length"',
            Behaviour(Answer(("Yes",), finish_reason="length")),
        ),
        ('answers = ["Yes", "No"]', Behaviour(Answer(("Yes", "No")))),
        ('think = "Hm."', Behaviour(Answer(reasoning="Hm."))),
        (
            'call_tool = [{ name = "f", arguments = { a = 1 } }, { name = "g", id = "1" }]',
            Behaviour(Answer(calls=(ScriptedCall("f", '{"a":1}'), ScriptedCall("g", "{}", "1")))),
        ),
        ('write_tool_markup = "glm"', Behaviour(Answer(markup="glm"))),
        (
            'cite = [{ text = "Yes", documents = ["d"] }, { text = "No", url = "u", title = "t" }]',
            Behaviour(Answer(citations=(Citation("Yes", ("d",)), Citation("No", (), "u", "t")))),
        ),
        ('search = ["OCI"]', Behaviour(Answer(search_queries=("OCI",)))),
        ("ground = { a = 1 }", Behaviour(Answer(grounding={"a": 1}))),
        (
            'refuse_parameter = [{ parameter = "seed" }, { parameter = "stop", shape = "text" }]',
            Behaviour(
                refused_parameters=(ParameterRefusal("seed"), ParameterRefusal("stop", "text"))
            ),
        ),
        ("refuse_streaming = true", Behaviour(refuses_streaming=True)),
        ('deprecate = "soon"', Behaviour(deprecation="soon")),
        ("fail = { status = 429, retry_after = 2 }", Behaviour(failure=Failure(429, 2.0))),
        ("fail = { status = 500, html = true }", Behaviour(failure=Failure(500, html=True))),
        ("reset = true", Behaviour(reset=True)),
        (
            'reply_raw = { status = 200, headers = { a = "b" }, body = "ü" }',
            Behaviour(raw=RawReply(200, {"a": "b"}, "ü".encode())),
        ),
        (
            "cut_after = { events = 3, mid_event = true }",
            Behaviour(cut=Cut(3, mid_event=True)),
        ),
        (
            "stall = { seconds = 0.5, after_events = 1 }",
            Behaviour(stalls=(Stall(0.5, 1),)),
        ),
        (
            'error_event = { event = { code = "500" } }',
            Behaviour(error_event=ErrorEvent({"code": "500"}, 1)),
        ),
    ],
)
def test_every_verb_can_be_written(tmp_path: Path, verbs: str, behaviour: Behaviour) -> None:
    script = script_of(tmp_path, f'[[rule]]\nwhen = "x"\n{verbs}\n')

    assert script.choose(asking("xyz")) == behaviour
    assert script.choose(asking("abc")) == Behaviour()


def test_patterns_and_rules_for_every_chat(tmp_path: Path) -> None:
    script = script_of(
        tmp_path,
        "[[rule]]\npattern = '(?i)^hi'\nanswer = 'Hello'\ntimes = 1\n[[rule]]\nanswer = 'Else'",
    )
    assert [script.choose(asking("Hi")).answer for _ in range(2)] == [
        Answer(("Hello",)),
        Answer(("Else",)),
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[[rule]]\nanser = 'x'", "anser"),
        ("[[rule]]\nfail = { status = 99 }", "status"),
        ("[[rule]]\nanswer = 'x'\nreset = true", "more than one"),
        ("[[rule]]\nthink = 'x'\nfail = { status = 500 }", "more than one"),
        ("[[rule]]\nanswer = 'x'\nanswers = ['y']", "both"),
        ("[[rule]]\nrefuse_parameter = [{ parameter = 'x', shape = 'round' }]", "shape"),
        ("[[rule]]\nwhen = 'x'\npattern = 'y'", "both"),
        ("[[rule]]\nfinish_reason = 'stop'", "without `answer`"),
        ("[[rule]]\npattern = '('", "no regular expression"),
        ("[[rule", "rules.toml"),
    ],
)
def test_mistakes_are_told(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(InvalidSetting, match=named):
        script_of(tmp_path, text)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="No such file"):
        load_rules(tmp_path / "none.toml", Script())
