"""Tools of every shape are read into one, and choices among them too."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import tools
from ocicat.dialects.dialect import Notes
from ocicat.dialects.tools import Tool, ToolChoice
from ocicat.errors import InvalidParameter

SCHEMA = {"type": "object", "properties": {"camelCase": {"type": "string"}}}
F = {"type": "function", "function": {"name": "f"}}
G = {"type": "function", "function": {"name": "g"}}


def read(*given: Any, **request: Any) -> list[Tool]:
    return tools.tools({"tools": list(given), **request}, Notes())  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    "tool",
    [
        {
            "type": "function",
            "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
        },
        {
            "type": "function",
            "name": "f",
            "description": "d",
            "parameters": SCHEMA,
            "strict": True,
        },
        {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
        {"name": "f", "description": "d", "input_schema": SCHEMA, "strict": True},
        {
            "type": "custom",
            "name": "f",
            "description": "d",
            "input_schema": SCHEMA,
            "strict": True,
        },
    ],
)
def test_tools_of_every_api_are_read_as_one(tool: dict[str, Any]) -> None:
    [made] = read(tool)
    assert made == Tool("f", "d", SCHEMA, True)
    assert tools.neutral(made) == {
        "type": "function",
        "function": {"name": "f", "description": "d", "parameters": SCHEMA, "strict": True},
    }


def test_a_tool_needs_no_more_than_a_name() -> None:
    [made] = read(F)
    assert made == Tool("f", "", None)
    assert tools.neutral(made) == F


def test_no_tools() -> None:
    assert tools.tools({}, Notes()) == []
    assert tools.tools({"tools": None}, Notes()) == []
    assert read() == []


def test_tools_that_are_no_functions_are_left_out_with_a_note() -> None:
    notes = Notes()
    given: Any = [{"type": "web_search"}, F, {"type": "custom", "custom": {"name": "c"}}]
    assert [tool.name for tool in tools.tools({"tools": given}, notes)] == ["f"]
    assert [note["parameter"] for note in notes.items] == ["tools[0]", "tools[2]"]
    assert "'web_search'" in notes.items[0]["message"]


@pytest.mark.parametrize("name", ["f", "my-tool_2", "a.b:c", "x" * 128])
def test_names_are_never_changed(name: str) -> None:
    assert read({"name": name})[0].name == name


@pytest.mark.parametrize(
    ("given", "where"),
    [
        ("f", "tools"),
        ({"f": 1}, "tools"),
        (["f"], "tools[0]"),
        ([{}], "tools[0].name"),
        ([{"type": "function", "function": {"name": "a b"}}], "tools[0].function.name"),
        ([{"name": ""}], "tools[0].name"),
        ([{"name": "x" * 129}], "tools[0].name"),
        ([{"name": "f", "description": 5}], "tools[0].description"),
        ([F, {"name": "g", "parameters": "none"}], "tools[1].parameters"),
        ([F, F], "tools"),
    ],
)
def test_what_is_no_tool_is_refused_with_its_place(given: Any, where: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        tools.tools({"tools": given}, Notes())
    assert caught.value.parameter == where


@pytest.mark.parametrize(
    ("given", "read_as", "written"),
    [
        ("none", ToolChoice("none"), "none"),
        ("auto", ToolChoice("auto"), "auto"),
        ("required", ToolChoice("required"), "required"),
        ("any", ToolChoice("required"), "required"),
        ({"type": "auto"}, ToolChoice("auto"), "auto"),
        ({"type": "none"}, ToolChoice("none"), "none"),
        ({"type": "any"}, ToolChoice("required"), "required"),
        (F, ToolChoice("function", "f"), F),
        ({"function": {"name": "f"}}, ToolChoice("function", "f"), F),
        ({"type": "function", "name": "f"}, ToolChoice("function", "f"), F),
        ({"type": "tool", "name": "f"}, ToolChoice("function", "f"), F),
        (
            {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [F]}},
            ToolChoice("auto"),
            "auto",
        ),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [F]},
            ToolChoice("required"),
            "required",
        ),
    ],
)
def test_choices_of_every_api_are_read_as_one(
    given: Any, read_as: ToolChoice, written: Any
) -> None:
    choice = tools.choice({"tools": [F, G], "tool_choice": given})
    assert choice == read_as
    assert tools.neutral_choice(choice) == written


def test_no_choice() -> None:
    assert tools.choice({"tools": [F]}) is None


@pytest.mark.parametrize(
    "given",
    [
        "maybe",
        5,
        {},
        {"type": "function"},
        {"type": "tool", "name": "h"},
        {"type": "allowed_tools"},
    ],
)
def test_a_choice_that_is_nobodys_is_refused(given: Any) -> None:
    with pytest.raises(InvalidParameter, match="tool_choice") as caught:
        tools.choice({"tools": [F], "tool_choice": given})
    assert caught.value.parameter == "tool_choice"


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [G]}},
        {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "g"}]},
    ],
)
def test_only_the_allowed_tools_are_offered(choice: Any) -> None:
    assert [tool.name for tool in read(F, G, tool_choice=choice)] == ["g"]


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "allowed_tools"},
        {"type": "allowed_tools", "allowed_tools": ["f"]},
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": "f"}},
    ],
)
def test_allowed_tools_that_are_not_listed_are_refused(choice: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        read(F, tool_choice=choice)
    assert caught.value.parameter == "tool_choice"
