"""Rules: which chat they fit, in which order, and how often."""

from __future__ import annotations

import re
from typing import Any

import pytest

from ocicat.emulator.script import (
    Answer,
    Behaviour,
    Citation,
    Cut,
    Failure,
    ParameterRefusal,
    Script,
    ScriptedCall,
    Stall,
    last_user_text,
)
from ocicat.vocabulary.chat import ChatRequest


def asking(*texts: str, **more: Any) -> ChatRequest:
    roles = ["user", "assistant"] * len(texts)
    messages = [{"role": role, "content": text} for role, text in zip(roles, texts, strict=False)]
    return {"model": "m", "messages": messages, **more}  # type: ignore[typeddict-item]


def test_without_rules_every_chat_gets_an_ordinary_answer() -> None:
    assert Script().choose(asking("Hi")) == Behaviour()


@pytest.mark.parametrize(
    "match",
    [
        None,
        "weather",
        re.compile(r"^what.*\?$", re.I),
        lambda request: request["temperature"] == 0,
    ],
)
def test_texts_patterns_and_functions_choose_chats(match: Any) -> None:
    script = Script()
    script.when(match).answer("Sunny.")

    chosen = script.choose(asking("What weather?", temperature=0))
    assert chosen == Behaviour(Answer(("Sunny.",)))


@pytest.mark.parametrize("match", ["Weather", re.compile("rain"), lambda request: None])
def test_rules_that_do_not_fit_leave_the_chat_alone(match: Any) -> None:
    script = Script()
    script.when(match).answer("Sunny.")

    assert script.choose(asking("What weather?")) == Behaviour()


def test_only_the_last_user_message_is_searched() -> None:
    request = asking("weather", "Sunny.", "thanks", "You are welcome.")

    assert last_user_text(request) == "thanks"
    assert last_user_text({"messages": [{"role": "system", "content": "x"}]}) == ""


def test_parts_of_a_message_are_searched_together() -> None:
    parts = [
        {"type": "text", "text": "one"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}},
        {"type": "text", "text": "two"},
    ]
    assert last_user_text({"messages": [{"role": "user", "content": parts}]}) == "one\ntwo"


def test_the_first_rule_that_is_not_used_up_decides() -> None:
    script = Script()
    script.when("x").fail(500).times(2)
    script.when("x").answer("first")
    script.when().answer("second")

    chosen = [script.choose(asking("x")) for _ in range(3)]
    assert [behaviour.failure for behaviour in chosen] == [Failure(500), Failure(500), None]
    assert chosen[2].answer == Answer(("first",))
    assert script.choose(asking("y")).answer == Answer(("second",))


def test_what_is_answered_and_what_happens_on_the_way_combine() -> None:
    script = Script()
    script.when().cut_after(3).stall(1).stall(2, after_events=1).answer("Yes")

    assert script.choose(asking("x")) == Behaviour(
        Answer(("Yes",)), stalls=(Stall(1), Stall(2, 1)), cut=Cut(3)
    )


def test_what_an_answer_consists_of_adds_up() -> None:
    script = Script()
    rule = script.when().think("Hm.").call_tool("f", {"a": "ü"}).call_tool("g", "{", "1")
    rule.answer("Yes").cite("Yes", ["d"]).search(["q"]).ground({"a": 1}).write_tool_markup()

    assert script.choose(asking("x")).answer == Answer(
        texts=("Yes",),
        reasoning="Hm.",
        calls=(ScriptedCall("f", '{"a":"ü"}'), ScriptedCall("g", "{", "1")),
        markup="hermes",
        citations=(Citation("Yes", ("d",)),),
        search_queries=("q",),
        grounding={"a": 1},
    )


def test_an_answer_after_a_failure_replaces_it_and_keeps_what_happens_besides() -> None:
    script = Script()
    script.when().refuse_parameter("seed", shape="text").fail(500).think("Hm.").deprecate("soon")

    assert script.choose(asking("x")) == Behaviour(
        Answer(reasoning="Hm."),
        refused_parameters=(ParameterRefusal("seed", "text"),),
        deprecation="soon",
    )


def test_the_last_answer_counts() -> None:
    script = Script()
    script.when().answer("Yes", finish_reason="length").reset().fail(429, retry_after=1)

    assert script.choose(asking("x")) == Behaviour(failure=Failure(429, 1))


def test_rules_can_be_forgotten() -> None:
    script = Script()
    script.when().answer("Yes")
    script.clear()

    assert script.choose(asking("x")) == Behaviour()
