"""Tools and the choice among them, in the form of Responses: flat, and with hosted ones.

A function of Responses is strict unless it says otherwise, one of Chat Completions is not; so this
is always said.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import tools as neutral
from ocicat.dialects.dialect import Notes
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["HOSTED", "decode", "decode_choice", "encode", "encode_choice"]

#: What runs at OCI and not at the caller's. Source: OCI's documentation of its Responses API;
#: the longer names are OpenAI's for the same.
HOSTED = frozenset(
    {
        *("file_search", "code_interpreter", "mcp", "web_search", "web_search_2025_08_26"),
        *("web_search_preview", "web_search_preview_2025_03_11"),
    }
)


def encode(request: ChatRequest, notes: Notes, *, strict: bool) -> list[dict[str, Any]]:
    """The tools of a request, in order. ``strict`` holds every function to its schema.

    Tools that are neither functions nor hosted are left out with a note.
    """
    skipped = Notes()
    functions = iter(neutral.tools({"tools": request.get("tools")}, skipped))
    reasons = {note["parameter"]: note["message"] for note in skipped.items}
    said: list[dict[str, Any]] = []
    for index, tool in enumerate(request.get("tools") or ()):
        where = f"tools[{index}]"
        if where not in reasons:
            said.append(_function(next(functions), strict))
        elif tool["type"] in HOSTED:
            said.append(dict(tool))
        else:
            notes.add(where, reasons[where])
    return said


def _function(tool: neutral.Tool, strict: bool) -> dict[str, Any]:
    said: dict[str, Any] = {"type": "function", "name": tool.name}
    if tool.description:
        said["description"] = tool.description
    parameters = tool.parameters
    said["parameters"] = {"type": "object", "properties": {}} if parameters is None else parameters
    said["strict"] = strict or bool(tool.strict)
    return said


def encode_choice(request: ChatRequest) -> str | dict[str, Any] | None:
    """The request's ``tool_choice``; ``None`` where it has none.

    Raises :class:`~ocicat.errors.InvalidParameter` for a form that is nobody's.
    """
    given: Any = request.get("tool_choice")
    match given:
        case {"type": "allowed_tools"}:
            allowed = given.get("allowed_tools") or given
            listed = [_named(tool) for tool in allowed.get("tools") or ()]
            return {"type": "allowed_tools", "mode": allowed.get("mode", "auto"), "tools": listed}
        case {"type": kind} if kind in HOSTED:
            return dict(given)
    choice = neutral.choice(request)
    if choice is None:
        return None
    if choice.kind == "function":
        return {"type": "function", "name": choice.function}
    return choice.kind


def _named(tool: Mapping[str, Any]) -> dict[str, Any]:
    """One of the tools that are allowed, whichever way it is written."""
    if isinstance(tool.get("function"), Mapping):
        return {"type": "function", "name": tool["function"].get("name")}
    return dict(tool)


def decode(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool in Chat Completions' form; one that is no function stays as it is."""
    if tool["type"] != "function":
        return tool
    parameters = tool.get("parameters")
    return neutral.neutral(
        neutral.Tool(
            tool["name"], tool.get("description") or "", parameters, tool.get("strict") or None
        )
    )


def decode_choice(choice: str | dict[str, Any]) -> str | dict[str, Any]:
    """A choice in Chat Completions' form; one of a hosted tool stays as it is."""
    if isinstance(choice, str):
        return choice
    if choice["type"] == "allowed_tools":
        named = [_chat_named(tool) for tool in choice["tools"]]
        allowed = {"mode": choice["mode"], "tools": named}
        return {"type": "allowed_tools", "allowed_tools": allowed}
    return _chat_named(choice)


def _chat_named(tool: dict[str, Any]) -> dict[str, Any]:
    """A tool that is named in a choice, in Chat Completions' form."""
    if tool.get("type") != "function":
        return tool
    return {"type": "function", "function": {"name": tool["name"]}}
