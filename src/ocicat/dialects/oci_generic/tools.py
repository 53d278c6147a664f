"""Tools as GENERIC says them.

Source of the names: the ``oci`` SDK's ``FunctionDefinition`` and ``ToolChoice``.
"""

from __future__ import annotations

import re
from typing import Any

from ocicat.dialects import tools
from ocicat.dialects.dialect import Notes
from ocicat.dialects.schemas import simplified
from ocicat.dialects.tools import Tool, ToolChoice
from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["decode", "encode"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_MOST = 128


def encode(request: ChatRequest, notes: Notes) -> dict[str, Any]:
    """The keys of a chat request that say its tools and the choice among them.

    Raises :class:`~ocicat.errors.InvalidParameter` for too many tools, and
    :class:`~ocicat.errors.UnsupportedFeature` for a name that OCI does not take.
    """
    offered = tools.tools(request, notes)
    if not offered:
        for name in ("tool_choice", "parallel_tool_calls"):
            if name in request:
                notes.add(name, "Left out: there are no tools.")
        return {}
    if len(offered) > _MOST:
        raise InvalidParameter(
            f"`tools` has {len(offered)} functions, and OCI takes {_MOST}.",
            parameter="tools",
        )
    if any(tool.strict for tool in offered):
        notes.add("tools", "`strict` is left out, so arguments may not follow their schema.")
    wire: dict[str, Any] = {"tools": [_tool(tool) for tool in offered]}
    choice = tools.choice(request)
    if choice:
        wire["toolChoice"] = {"type": choice.kind.upper()}
        if choice.kind == "function":
            wire["toolChoice"]["name"] = choice.function
    return wire


def _tool(tool: Tool) -> dict[str, Any]:
    if not _NAME.fullmatch(tool.name):
        raise UnsupportedFeature(
            f"`tools` has {tool.name!r}, and OCI takes names of at most 64 letters, digits, _"
            " and - only.",
            parameter="tools",
            hint="Give the function another name; ocicat never changes names.",
        )
    wire: dict[str, Any] = {"type": "FUNCTION", "name": tool.name}
    if tool.description:
        wire["description"] = tool.description
    if tool.parameters is not None:
        wire["parameters"] = simplified(tool.parameters)
    return wire


def decode(chat: dict[str, Any]) -> ChatRequest:
    """The neutral tools, and the choice among them, of a chat request."""
    request: ChatRequest = {}
    if chat.get("tools"):
        request["tools"] = [
            tools.neutral(
                Tool(tool.get("name") or "", tool.get("description") or "", tool.get("parameters"))
            )
            for tool in chat["tools"]
        ]
    choice = chat.get("toolChoice")
    if choice:
        request["tool_choice"] = tools.neutral_choice(
            ToolChoice(choice["type"].lower(), choice.get("name") or "")
        )
    return request
