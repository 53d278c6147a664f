"""Conversations, which responses add to and begin from, and the items in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.objects import (
    SURFACE,
    ObjectOperation,
    Visit,
    deleted,
    found,
    listed,
    new_id,
    read_json,
)
from ocicat.emulator.schema.openai_objects import (
    check_conversation,
    check_conversation_items,
    check_conversation_update,
)

__all__ = ["CONVERSATION_OPERATIONS", "Conversation", "shown_item"]

_LETTERS: Final = {
    "message": "msg_",
    "reasoning": "rs_",
    "function_call": "fc_",
    "function_call_output": "fco_",
}


@dataclass(slots=True)
class Conversation:
    """A conversation: what OpenAI's API says of it, and its items by their ids."""

    shown: dict[str, Any]
    items: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, items: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Add items at the end, and say what they are now."""
        added = [shown_item(item) for item in items]
        self.items.update({item["id"]: item for item in added})
        return added


def shown_item(item: dict[str, Any]) -> dict[str, Any]:
    """An item of a request as it is shown later: with an id, and its content in parts."""
    kind = item["type"]
    shown: dict[str, Any] = {"id": new_id(_LETTERS.get(kind, "item_")), **item}
    if kind in ("message", "function_call", "function_call_output"):
        shown.setdefault("status", "completed")
    if kind == "message" and isinstance(item["content"], str):
        part: dict[str, Any] = {"type": "input_text", "text": item["content"]}
        if item["role"] == "assistant":
            part = {"type": "output_text", "text": item["content"], "annotations": []}
        shown["content"] = [part]
    return shown


def _create(visit: Visit) -> web.StreamResponse:
    asked = read_json(visit.call, check_conversation)
    conversation = Conversation(
        {
            "id": new_id("conv_"),
            "object": "conversation",
            "created_at": visit.now,
            "metadata": asked.get("metadata", {}),
        }
    )
    conversation.add(asked.get("items", []))
    visit.project.conversations[conversation.shown["id"]] = conversation
    return visit.reply(conversation.shown)


def _find(visit: Visit) -> Conversation:
    conversation: Conversation = found(visit.project.conversations, visit.ids[0], "Conversation")
    return conversation


def _get(visit: Visit) -> web.StreamResponse:
    return visit.reply(_find(visit).shown)


def _update(visit: Visit) -> web.StreamResponse:
    conversation = _find(visit)
    conversation.shown["metadata"] = read_json(visit.call, check_conversation_update)["metadata"]
    return visit.reply(conversation.shown)


def _delete(visit: Visit) -> web.StreamResponse:
    id = _find(visit).shown["id"]
    del visit.project.conversations[id]
    return visit.reply(deleted(id, "conversation.deleted"))


def _add_items(visit: Visit) -> web.StreamResponse:
    asked = read_json(visit.call, check_conversation_items)
    added = _find(visit).add(asked["items"])
    return visit.reply(listed(added, {"order": "asc"}))


def _list_items(visit: Visit) -> web.StreamResponse:
    query = visit.query("limit", "order", "after", "include")
    return visit.reply(listed(_find(visit).items.values(), query))


def _get_item(visit: Visit) -> web.StreamResponse:
    return visit.reply(found(_find(visit).items, visit.ids[1], "Item"))


def _delete_item(visit: Visit) -> web.StreamResponse:
    conversation = _find(visit)
    found(conversation.items, visit.ids[1], "Item")
    del conversation.items[visit.ids[1]]
    return visit.reply(conversation.shown)


_ALL: Final = re.compile(SURFACE + "/conversations")
_ONE: Final = re.compile(SURFACE + "/conversations/([^/]+)")
_ITEMS: Final = re.compile(SURFACE + "/conversations/([^/]+)/items")
_ITEM: Final = re.compile(SURFACE + "/conversations/([^/]+)/items/([^/]+)")

CONVERSATION_OPERATIONS: Final = (
    ObjectOperation("POST", _ALL, _create),
    ObjectOperation("GET", _ONE, _get),
    ObjectOperation("POST", _ONE, _update),
    ObjectOperation("DELETE", _ONE, _delete),
    ObjectOperation("POST", _ITEMS, _add_items),
    ObjectOperation("GET", _ITEMS, _list_items),
    ObjectOperation("GET", _ITEM, _get_item),
    ObjectOperation("DELETE", _ITEM, _delete_item),
)
