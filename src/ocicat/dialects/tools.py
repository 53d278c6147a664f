"""The tools of a request, in one form, for dialects to say in their own words.

Read are OpenAI's tools (Chat Completions and Responses) and Anthropic's. Names of tools and of
their arguments are never changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ocicat.dialects.dialect import Notes
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["Tool", "ToolChoice", "choice", "neutral", "neutral_choice", "tools"]

_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,128}")


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for. ``parameters`` is a JSON Schema (of an object)."""

    name: str
    description: str
    parameters: dict[str, Any] | None
    strict: bool | None = None


@dataclass(frozen=True, slots=True)
class ToolChoice:
    """Whether tools may (``auto``), must (``required``) or must not (``none``) be used.

    ``function`` is the one that must be used, where the caller names one.
    """

    kind: Literal["none", "auto", "required", "function"]
    function: str = ""


def tools(request: ChatRequest, notes: Notes) -> list[Tool]:
    """The functions that a request offers, in order.

    Tools that are no functions, such as a hosted search, are left out with a note. Where
    ``tool_choice`` allows only some of them, the others are left out.

    Raises :class:`~ocicat.errors.InvalidParameter` for what is no tool.
    """
    given = request.get("tools")
    if given is None:
        return []
    if not isinstance(given, (list, tuple)):
        raise InvalidParameter("`tools` must be a list of tools.", parameter="tools")
    read: list[Tool] = []
    for index, tool in enumerate(given):
        where = f"tools[{index}]"
        if not isinstance(tool, Mapping):
            raise InvalidParameter(
                f"`{where}` must be a dictionary.",
                parameter=where,
                hint='Such as {"type": "function", "function": {"name": …, "parameters": …}}.',
            )
        kind = tool.get("type", "function")
        if "input_schema" in tool and kind in ("custom", "function"):
            read.append(_tool(tool, tool.get("input_schema"), where))
        elif kind != "function":
            notes.add(where, f"Left out: a tool of type {kind!r} cannot be used here.")
        elif isinstance(tool.get("function"), Mapping):
            function = tool["function"]
            read.append(_tool(function, function.get("parameters"), f"{where}.function"))
        else:
            read.append(_tool(tool, tool.get("parameters"), where))
    names = [tool.name for tool in read]
    for name in names:
        if names.count(name) > 1:
            raise InvalidParameter(f"`tools` has {name!r} twice.", parameter="tools")
    allowed = _allowed(request.get("tool_choice"))
    return read if allowed is None else [tool for tool in read if tool.name in allowed]


def _tool(holder: Mapping[str, Any], parameters: Any, where: str) -> Tool:
    name, description = holder.get("name"), holder.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidParameter(
            f"`{where}.name` must be a name of letters, digits, _ and -, not {name!r}.",
            parameter=f"{where}.name",
        )
    if description is not None and not isinstance(description, str):
        raise InvalidParameter(
            f"`{where}.description` must be a text.", parameter=f"{where}.description"
        )
    if parameters is not None and not isinstance(parameters, Mapping):
        raise InvalidParameter(
            f"`{where}.parameters` must be a JSON Schema.", parameter=f"{where}.parameters"
        )
    strict = holder.get("strict")
    return Tool(
        name, description or "", dict(parameters) if parameters is not None else None, strict
    )


def choice(request: ChatRequest) -> ToolChoice | None:
    """What the request's ``tool_choice`` says, in any of its forms; ``None`` where it has none.

    Raises :class:`~ocicat.errors.InvalidParameter` for a form that is nobody's, or a function that
    is not among the tools.
    """
    given = request.get("tool_choice")
    if given is None:
        return None
    match given:
        case "none" | "auto" | "required":
            return ToolChoice(given)
        case "any":  # Anthropic's and Mistral's word
            return ToolChoice("required")
        case {"type": "none" | "auto" | "required" as kind}:
            return ToolChoice(kind)
        case {"type": "any"}:
            return ToolChoice("required")
        case {"type": "allowed_tools", "allowed_tools": {"mode": "auto" | "required" as mode}}:
            return ToolChoice(mode)
        case {"type": "allowed_tools", "mode": "auto" | "required" as mode}:
            return ToolChoice(mode)
        case {"function": {"name": str(name)}} | {"type": "function" | "tool", "name": str(name)}:
            known = {tool.name for tool in tools(request, Notes())}
            if name not in known:
                raise InvalidParameter(
                    f"`tool_choice` names {name!r}, which is not among the tools.",
                    parameter="tool_choice",
                )
            return ToolChoice("function", name)
    raise InvalidParameter(
        f"`tool_choice` is {str(given)[:60]!r}.",
        parameter="tool_choice",
        hint='Give "auto", "none", "required" or {"type": "function", "function": {"name": …}}.',
    )


def _allowed(given: Any) -> set[str] | None:
    """The names that a ``tool_choice`` of type ``allowed_tools`` lists."""
    if not isinstance(given, Mapping) or given.get("type") != "allowed_tools":
        return None
    holder = given.get("allowed_tools", given)
    listed = holder.get("tools") if isinstance(holder, Mapping) else None
    if not isinstance(listed, (list, tuple)):
        raise InvalidParameter(
            "`tool_choice` allows some tools, but does not list them.", parameter="tool_choice"
        )
    functions = [tool.get("function", tool) for tool in listed if isinstance(tool, Mapping)]
    return {str(function.get("name")) for function in functions if isinstance(function, Mapping)}


def neutral(tool: Tool) -> dict[str, Any]:
    """The tool in OpenAI's form."""
    function: dict[str, Any] = {"name": tool.name}
    if tool.description:
        function["description"] = tool.description
    if tool.parameters is not None:
        function["parameters"] = tool.parameters
    if tool.strict is not None:
        function["strict"] = tool.strict
    return {"type": "function", "function": function}


def neutral_choice(choice: ToolChoice) -> str | dict[str, Any]:
    """The choice in OpenAI's form."""
    if choice.kind == "function":
        return {"type": "function", "function": {"name": choice.function}}
    return choice.kind
