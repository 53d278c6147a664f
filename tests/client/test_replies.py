"""Replies answer as objects and as dictionaries, and travel like any plain value."""

from __future__ import annotations

import copy
import json
import pickle

import pytest

from ocicat.client.replies import ChatCompletion, ChatCompletionChunk, Choice, Message

REPLY = {
    "id": "r",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "message": {"role": "assistant", "content": "Grüße"}, "finish_reason": "stop"},
        {"index": 1, "message": {"role": "assistant", "content": "b"}, "finish_reason": "length"},
    ],
    "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    "opc_request_id": "A/B/C",
    "system_fingerprint": "f",
}


@pytest.fixture(params=["untouched", "looked at"])
def reply(request: pytest.FixtureRequest) -> ChatCompletion:
    made = ChatCompletion(copy.deepcopy(REPLY))
    if request.param == "looked at":
        assert made.choices[1].message.content == "b"
        assert made.usage is not None
    return made


def test_attributes_and_keys_are_the_same_thing(reply: ChatCompletion) -> None:
    assert reply.choices[0].message.content == "Grüße"
    assert reply["choices"][0]["message"]["content"] == "Grüße"
    assert reply.choices[0]["message"].content == "Grüße"
    assert reply.usage is not None
    assert reply.usage.total_tokens == 3
    assert reply.opc_request_id == "A/B/C"
    assert reply.system_fingerprint == "f"
    assert isinstance(reply.choices[1], Choice)
    assert isinstance(reply.choices[1].message, Message)


def test_a_part_that_is_absent_reads_as_none_and_a_misspelt_one_does_not(
    reply: ChatCompletion,
) -> None:
    assert reply.choices[0].message.tool_calls is None
    assert reply["choices"][0]["message"]["tool_calls"] is None
    assert "tool_calls" not in reply.choices[0].message
    with pytest.raises(AttributeError, match="contnet"):
        _ = reply.choices[0].message.contnet
    assert not hasattr(reply, "nonsense")


def test_it_dumps_to_plain_values(reply: ChatCompletion) -> None:
    dumped = reply.model_dump()
    assert dumped == REPLY
    assert type(dumped) is dict
    assert type(dumped["choices"][0]) is dict
    dumped["choices"][0]["index"] = 5
    assert reply.choices[0].index == 0
    assert json.loads(reply.model_dump_json()) == REPLY
    assert "Grüße" in reply.model_dump_json(indent=2)


def test_it_can_leave_out_what_is_none() -> None:
    chunk = ChatCompletionChunk(
        choices=[{"index": 0, "delta": {"content": None}, "finish_reason": None}], usage=None
    )
    assert chunk.model_dump(exclude_none=True) == {"choices": [{"index": 0, "delta": {}}]}


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_it_pickles(reply: ChatCompletion, protocol: int) -> None:
    again = pickle.loads(pickle.dumps(reply, protocol))
    assert again == reply
    assert type(again) is ChatCompletion
    assert again.choices[0].message.content == "Grüße"


def test_it_copies_deeply(reply: ChatCompletion) -> None:
    again = copy.deepcopy(reply)
    again.choices[0].message.content = "changed"
    assert reply.choices[0].message.content == "Grüße"
    assert type(again) is ChatCompletion


def test_a_message_goes_back_into_a_conversation(reply: ChatCompletion) -> None:
    history = [{"role": "user", "content": "hi"}, reply.choices[0].message]
    assert json.loads(json.dumps(history))[1] == {"role": "assistant", "content": "Grüße"}


def test_attributes_can_be_set_and_deleted(reply: ChatCompletion) -> None:
    reply.note = "mine"
    assert reply["note"] == "mine"
    del reply.note
    with pytest.raises(AttributeError):
        del reply.note
    assert "note" not in dir(reply)
    assert "choices" in dir(reply)


def test_it_shows_what_it_is(reply: ChatCompletion) -> None:
    assert repr(reply).startswith("ChatCompletion({'id': 'r'")
