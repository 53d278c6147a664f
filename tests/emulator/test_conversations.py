"""Conversations and their items."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.conversations import Conversation, ConversationItemList

from ocicat.emulator import Emulator
from support.objects import get, post, send

HI = {"role": "user", "content": "hi"}


def test_a_conversation_is_made_shown_changed_and_deleted(emulator: Emulator) -> None:
    labels = {"memory_subject_id": "me", "memory_access_policy": "recall_only"}
    conversation = post(emulator, "/conversations", {"metadata": labels, "items": [HI]})
    Conversation.model_validate(conversation)
    path = f"/conversations/{conversation['id']}"
    assert get(emulator, path)["metadata"] == labels
    assert post(emulator, path, {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
    assert len(get(emulator, f"{path}/items")["data"]) == 1
    assert send(emulator, "DELETE", path).json == {
        "id": conversation["id"],
        "object": "conversation.deleted",
        "deleted": True,
    }
    assert send(emulator, "GET", path).status == 404


def test_items_are_added_listed_and_deleted(emulator: Emulator) -> None:
    conversation = post(emulator, "/conversations", {})
    path = f"/conversations/{conversation['id']}/items"
    said = {"type": "message", "role": "assistant", "content": "hello"}
    call = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    added = post(emulator, path, {"items": [HI, said, call]})
    ConversationItemList.model_validate(added)
    ids = [item["id"] for item in added["data"]]
    assert [id.partition("_")[0] for id in ids] == ["msg", "msg", "fc"]
    assert get(emulator, f"{path}?order=asc&limit=2")["last_id"] == ids[1]
    assert get(emulator, f"{path}/{ids[1]}")["content"][0]["text"] == "hello"
    assert send(emulator, "DELETE", f"{path}/{ids[1]}").json["id"] == conversation["id"]
    assert [item["id"] for item in get(emulator, f"{path}?order=asc")["data"]] == [ids[0], ids[2]]
    for method in ("GET", "DELETE"):
        assert send(emulator, method, f"{path}/{ids[1]}").status == 404


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"items": [{"role": "user"}]}),
        ("", {"colour": "red"}),
        ("", {"items": [HI] * 21}),
        ("", {"metadata": {"memory_access_policy": "sometimes"}}),
        ("/{}", {}),
        ("/{}/items", {"items": []}),
    ],
)
def test_a_wrong_body_is_refused(emulator: Emulator, path: str, body: Any) -> None:
    id = post(emulator, "/conversations", {})["id"]
    answer = send(emulator, "POST", "/conversations" + path.format(id), body)
    assert (answer.status, answer.json["error"]["type"]) == (400, "invalid_request_error")
