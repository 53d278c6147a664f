"""Tool calls are put together whichever way a family cuts them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.dialects.decoding import CALLS_APART, CallFragment, StreamState, ToolCallAssembler
from ocicat.dialects.dialect import Origin
from support.assembly import assembled

ORIGIN = Origin("m", "A/B/C", 1)


def together(*events: list[CallFragment]) -> list[tuple[str, str, str]]:
    """(id, name, arguments) of the calls that the pieces of several events make."""
    assembler = ToolCallAssembler(ORIGIN)
    deltas = [{"tool_calls": assembler.feed(pieces)} for pieces in events]
    chunks: list[Any] = [
        {"object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta}]}
        for delta in [{"role": "assistant"}, *deltas]
    ]
    [choice] = assembled(chunks)["choices"]
    return [
        (call["id"], call["function"]["name"], call["function"]["arguments"])
        for call in choice["message"].get("tool_calls", [])
    ]


def piece(
    id: str = "", name: str = "", arguments: str = "", position: int | None = None
) -> CallFragment:
    return CallFragment(id, name, arguments, position)


@pytest.mark.parametrize("position", [0, None])
@pytest.mark.parametrize(
    ("events", "calls"),
    [
        ([], []),
        # the id and the name first, then arguments alone
        ([("1", "f", ""), ("", "", '{"a"'), ("", "", ":1}")], [("1", "f", '{"a":1}')]),
        # an id with each piece: the same, or a new one
        ([("1", "f", '{"a"'), ("1", "", ":1}")], [("1", "f", '{"a":1}')]),
        ([("1", "f", '{"a"'), ("1", "f", ":1}")], [("1", "f", '{"a":1}')]),
        ([("1", "f", '{"a"'), ("2", "", ":1"), ("3", "", "}")], [("1", "f", '{"a":1}')]),
        # whole calls
        ([("1", "f", "{}"), ("2", "f", "{}")], [("1", "f", "{}"), ("2", "f", "{}")]),
        ([("", "f", "{}"), ("", "f", "{}")], [("call_C_0", "f", "{}"), ("call_C_1", "f", "{}")]),
        # whole calls under one id
        (
            [("f", "f", "{}"), ("f", "f", '{"a":1}')],
            [("f", "f", "{}"), ("call_C_1", "f", '{"a":1}')],
        ),
        ([("x", "f", ""), ("x", "g", "{}")], [("x", "f", ""), ("call_C_1", "g", "{}")]),
        # no ids: the name again with each piece, or another
        ([("", "f", '{"a"'), ("", "f", ":1}")], [("call_C_0", "f", '{"a":1}')]),
        ([("", "f", ""), ("", "g", "{}")], [("call_C_0", "f", ""), ("call_C_1", "g", "{}")]),
        # a later call without pieces of its own to be told by
        (
            [("1", "f", "{}"), ("2", "g", ""), ("", "", '{"b"'), ("", "", ":2}")],
            [("1", "f", "{}"), ("2", "g", '{"b":2}')],
        ),
        # broken arguments are kept as they are
        ([("1", "f", '{"a": '), ("2", "g", "{}")], [("1", "f", '{"a": '), ("2", "g", "{}")]),
    ],
)
def test_calls_are_told_apart(
    position: int | None, events: list[tuple[str, str, str]], calls: list[tuple[str, str, str]]
) -> None:
    pieces = [piece(*event, position) for event in events]
    assert together(*([each] for each in pieces)) == calls
    assert together(pieces) == calls


@pytest.mark.parametrize("ids", [("1", "2"), ("", "")])
def test_pieces_of_several_calls_by_turns_go_by_their_places(ids: tuple[str, str]) -> None:
    first, second = ids
    calls = together(
        [piece(first, "f", "", 0), piece(second, "f", "", 1)],
        [piece("", "", '{"b"', 1)],
        [piece("", "", '{"a"', 0), piece("", "", ":2}", 1)],
        [piece("", "", ":1}", 0)],
    )
    assert [(name, arguments) for _, name, arguments in calls] == [
        ("f", '{"a":1}'),
        ("f", '{"b":2}'),
    ]


def test_pieces_of_several_calls_by_turns_go_by_their_ids() -> None:
    assert together(
        [piece("1", "f"), piece("2", "g")],
        [piece("2", "", "{}")],
        [piece("1", "", "{}")],
    ) == [("1", "f", "{}"), ("2", "g", "{}")]


def test_arguments_nested_too_deep_to_read_do_not_stop_a_stream() -> None:
    deep = "[" * 100_000
    calls = together([piece("", "f", deep)], [piece("", "f", "{}")])
    assert calls == [("call_C_0", "f", deep + "{}")]


@given(st.lists(st.tuples(st.sampled_from("fg"), st.text("ab", max_size=9)), max_size=4), st.data())
def test_calls_cut_as_openai_cuts_them_come_together_again(
    calls: list[tuple[str, str]], data: st.DataObject
) -> None:
    """With ids and places it does not matter in which order the pieces of the calls come."""
    queues = [
        [piece(str(at), name, "", at), *(piece("", "", each, at) for each in arguments)]
        for at, (name, arguments) in enumerate(calls)
    ]
    events = [[queue.pop(0)] for queue in queues]
    while any(queues):
        queue = data.draw(st.sampled_from([queue for queue in queues if queue]))
        events.append([queue.pop(0)])
    assert together(*events) == [
        (str(at), name, arguments) for at, (name, arguments) in enumerate(calls)
    ]


def test_the_calls_of_two_answers_have_ids_of_their_own() -> None:
    state = StreamState(ORIGIN, with_usage=False)
    [one] = state._assemble(0, [piece("", "f")])
    [other] = state._assemble(1, [piece("", "f")])
    assert (one["index"], other["index"]) == (0, 0)
    assert (one["id"], other["id"]) == ("call_C_0", f"call_C_{CALLS_APART}")


def test_whether_an_answer_has_called() -> None:
    state = StreamState(ORIGIN, with_usage=False)
    assert not state._called(0)
    state._assemble(0, [])
    assert not state._called(0)
    state._assemble(0, [piece("1", "f")])
    assert state._called(0)
    assert not state._called(1)
