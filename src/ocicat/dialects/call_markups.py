"""The markups in which models write tool calls into their text.

Calls as JSON, ``{"name": …, "arguments": {…}}`` or a list of those:

* Hermes and Qwen: ``<tool_call>JSON</tool_call>``;
* Mistral: ``[TOOL_CALLS]JSON``, ``[TOOL_CALLS]NAME{…}`` and ``[TOOL_CALLS]NAME[ARGS]{…}``;
* Llama: ``<|python_tag|>JSON``; Granite: ``<|tool_call|>JSON``; Phi: ``functools[…]``;
* MiniMax-M1, Hunyuan and Jamba: ``<tool_calls>JSON</tool_calls>``; Nemotron: ``<TOOLCALL>``.

Arguments in tags of their own:

* Qwen3-Coder: ``<function=NAME><parameter=KEY>VALUE</parameter></function>``, mostly in
  ``<tool_call>``; Seed: the same in ``<seed:tool_call>``; Llama: ``<function=NAME>{…}</function>``;
* GLM: ``<tool_call>NAME<arg_key>KEY</arg_key><arg_value>VALUE</arg_value></tool_call>``;
* MiniMax-M2: ``<invoke name="NAME"><parameter name="KEY">VALUE</parameter></invoke>`` in
  ``<minimax:tool_call>``;
* DeepSeek from V3.2 on: the same, each tag's name beginning with ``｜DSML｜``.

Names and arguments between special tokens:

* DeepSeek up to V3.1, Kimi K2, and the Harmony format of gpt-oss.

In a notation of their own:

* Gemma 4 and FunctionGemma: ``call:NAME{KEY:VALUE}`` with tokens for quotation marks;
* Gemma 3 and Llama 4: ``[NAME(KEY=VALUE), …]`` as in Python.

Some servers take the markers out, which are special tokens, and leave the rest. So an answer may
also begin with Python calls, or with JSON of a name and arguments and nothing else.

Source: the models' chat templates, and their makers' and vLLM's documentation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from ocicat.dialects import json_text
from ocicat.dialects.markup_text import PYTHON, Call, Text
from ocicat.dialects.schemas import properties

__all__ = ["MARKUPS", "OPENINGS", "Reader", "Tools"]

#: The tools that were offered: their names, and the JSON Schemas of their parameters.
Tools = Mapping[str, dict[str, Any] | None]
#: Reads the calls behind a marker: the calls, or none where there is something else.
Reader = Callable[[Text, Tools], list[Call]]


# --- JSON ---------------------------------------------------------------------------------------


def _json(*closers: str) -> Reader:
    """Calls as JSON, one after the other, which one of ``closers`` may end."""

    def read(text: Text, tools: Tools) -> list[Call]:
        calls: list[Call] = []
        while True:
            end = text.at
            if calls:
                text.takes(";")
            more = _said_in_json(text.value("[{"), tools)
            if not more:
                break
            calls += more
        text.at = end
        if calls:
            text.takes(*closers, or_end=True)
        return calls

    return read


class _Said(msgspec.Struct):
    name: str
    arguments: msgspec.Raw = msgspec.Raw()
    parameters: msgspec.Raw = msgspec.Raw()


_ONE = msgspec.json.Decoder(_Said)
_SEVERAL = msgspec.json.Decoder(list[_Said])


def _said_in_json(json: str, tools: Tools) -> list[Call]:
    """The calls that an object, or a list of them, says; none if any is of another tool."""
    try:
        said = _SEVERAL.decode(json) if json.startswith("[") else [_ONE.decode(json)]
    except (ValueError, RecursionError):
        return []
    if not all(one.name in tools for one in said):
        return []
    return [Call(one.name, _arguments(one.arguments or one.parameters)) for one in said]


def _arguments(raw: msgspec.Raw) -> str:
    """Arguments as JSON text, which some models write as a JSON string."""
    text = bytes(raw).decode()
    if text.startswith('"'):
        return str(msgspec.json.decode(text))
    return "{}" if text in ("", "null") else text


def _mistral(text: Text, tools: Tools) -> list[Call]:
    json = text.value("[{")
    if json:
        return _said_in_json(json, tools)
    name = text.name(tools)
    if name and text.takes("[CALL_ID]"):
        text.until("[ARGS]")
    elif name:
        text.takes("[ARGS]")
    return _call(name, text.value("{"))


def _call(name: str, arguments: str) -> list[Call]:
    return [Call(name, arguments)] if name and json_text.is_whole(arguments) else []


# --- tags ---------------------------------------------------------------------------------------


class _Tags(NamedTuple):
    """What stands around the parts of a call. ``end`` ends it."""

    name: tuple[str, str]
    key: tuple[str, str]
    value: tuple[str, str]
    end: str


_FUNCTION = _Tags(("", ">"), ("<parameter=", ">"), ("", "</parameter>"), "</function>")
_GLM = _Tags(("", ""), ("<arg_key>", "</arg_key>"), ("<arg_value>", "</arg_value>"), "")


def _invoke(mark: str = "") -> _Tags:
    name, key = (f'<{mark}{tag} name="' for tag in ("invoke", "parameter"))
    return _Tags((name, '">'), (key, '">'), ("", f"</{mark}parameter>"), f"</{mark}invoke>")


def _in_tags(tags: _Tags, closer: str) -> Reader:
    """Calls in tags, one after the other, which ``closer`` ends."""

    def read(text: Text, tools: Tools) -> list[Call]:
        calls: list[Call] = []
        while call := _tagged_call(text, tools, tags):
            calls += call
        return calls if calls and text.takes(closer, or_end=True) else []

    return read


def _tagged_call(text: Text, tools: Tools, tags: _Tags) -> list[Call]:
    before, behind = tags.name
    if before and not text.takes(before):
        return []
    name = text.name(tools)
    if not name or (behind and not text.takes(behind)):
        return []
    arguments = text.value("{") or _arguments_in_tags(text, tags, tools[name])
    # A tag alone, at the end of a text, may only speak of the tool.
    ended = not tags.end or text.takes(tags.end, or_end=arguments != "{}")
    return _call(name, arguments) if ended else []


def _arguments_in_tags(text: Text, tags: _Tags, parameters: dict[str, Any] | None) -> str:
    """The arguments as JSON, of the types that ``parameters`` say; empty if one has no value."""
    written: list[tuple[str, str, bool]] = []
    while text.takes(tags.key[0]):
        key, _, is_text = text.until(tags.key[1]).strip().partition('" string="')
        if tags.value[0] and not text.takes(tags.value[0]):
            return ""
        written.append((key, text.until(tags.value[1]), is_text == "true"))
    schemas = properties(parameters or {}) if written else {}
    arguments = {
        key: value if is_text else _value(value, schemas.get(key, {}))
        for key, value, is_text in written
    }
    return msgspec.json.encode(arguments).decode()


def _value(text: str, schema: dict[str, Any]) -> Any:
    """A value that stands in a tag, of the type that its schema says.

    Without a type, what reads as JSON other than a text is taken for that.
    """
    text = text.removeprefix("\n").removesuffix("\n")
    word = text.strip().lower()
    if word == "null" and schema.get("nullable"):
        return None
    match schema.get("type"):
        case "string":
            return text
        case "boolean" if word in ("true", "false"):  # some write it as Python does
            return word == "true"
    if text.lstrip().startswith('"'):
        return text
    return json_text.read(text, text)


def _tool_call(text: Text, tools: Tools) -> list[Call]:
    json = text.value("[{")
    if json:
        calls = _said_in_json(json, tools)
    else:
        tags = _FUNCTION if text.takes("<function=") else _GLM
        calls = _tagged_call(text, tools, tags)
    return calls if calls and text.takes("</tool_call>", or_end=True) else []


def _function(text: Text, tools: Tools) -> list[Call]:
    calls = _tagged_call(text, tools, _FUNCTION)
    if calls:
        text.takes("</tool_call>")
    return calls


# --- special tokens -----------------------------------------------------------------------------


def _between_tokens(opener: str, named: str, end: str, closer: str) -> Reader:
    """Calls of a name, ``named`` and arguments, each between ``opener`` and ``end``."""

    def read(text: Text, tools: Tools) -> list[Call]:
        calls: list[Call] = []
        while text.takes(opener):
            name = _name_in(text.until(named), tools)
            if (
                name == "function" and name not in tools
            ):  # DeepSeek up to R1 says first what kind of tool it is
                name = text.until("\n").strip()
            fenced = text.takes("```json")
            call = _call(name if name in tools else "", text.value("{"))
            if not call or (fenced and not text.takes("```")) or not text.takes(end, or_end=True):
                return []
            calls += call
        return calls if text.takes(closer, or_end=True) else []

    return read


def _name_in(head: str, tools: Tools) -> str:
    """The name in what Kimi calls the id of a call, ``functions.NAME:0``."""
    name = head.strip()
    if name in tools:
        return name
    name = name.removeprefix("functions.")
    return name if name in tools or ":" not in name else name.rpartition(":")[0]


def _harmony(text: Text, tools: Tools) -> list[Call]:
    name = text.name(tools)
    if not name:
        return []
    text.until("<|message|>")
    calls = _call(name, text.value("{"))
    if calls:
        text.takes("<|call|>", or_end=True)
    return calls


# --- other notations ----------------------------------------------------------------------------


def _gemma(quote: str, closer: str) -> Reader:
    """``call:NAME{KEY:VALUE}``, where texts stand between two ``quote``."""

    def read(text: Text, tools: Tools) -> list[Call]:
        name = text.name(tools) if text.takes("call:") else ""
        if not name:
            return []
        parts = text.until(closer).split(quote)
        json = [
            _as_json(part) if number % 2 else _KEY.sub(_quoted, part)
            for number, part in enumerate(parts)
        ]
        return _call(name, "".join(json).strip())

    return read


_KEY = re.compile(r'(?<=[{,])\s*([^{}\[\],:"]+?)\s*(?=:)')


def _quoted(match: re.Match[str]) -> str:
    return _as_json(match[1])


def _as_json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _python(text: Text, tools: Tools) -> list[Call]:
    calls = _python_calls(text, tools)
    if calls:
        text.takes("<|python_end|>", or_end=True)
    return calls


def _python_calls(text: Text, tools: Tools) -> list[Call]:
    """The calls in a list of Python calls, which is rewritten as JSON and read as that."""
    return _said_in_json(_TOKEN.sub(_token_as_json, text.value("[", PYTHON)), tools)


_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<key>\w+)\s*=|(?P<call>[\w.:-]+)\("""
    r"|(?P<end>\))|\b(?P<word>True|False|None)\b",
    re.DOTALL,
)
_WORDS = {"True": "true", "False": "false", "None": "null"}
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\n": "", **{mark: mark for mark in "\\'\""}}


def _token_as_json(match: re.Match[str]) -> str:
    token = match[match.lastgroup or 0]
    match match.lastgroup:
        case "text":
            return _as_json(_ESCAPE.sub(lambda one: _ESCAPES.get(one[1], one[0]), token[1:-1]))
        case "key":
            return f"{_as_json(token)}:"
        case "call":
            return f'{{"name":{_as_json(token)},"arguments":{{'
        case "end":
            return "}}"
    return _WORDS[token]


def _bare(text: Text, tools: Tools) -> list[Call]:
    """Calls that no marker begins. To take them for calls, nothing else may stand in their line."""
    text.at -= 1  # the bracket, which is theirs
    start = text.at
    listed = text.takes("[")
    if listed and text.takes("TOOL_CALLS]"):
        return _mistral(text, tools)
    if text.takes("{"):
        text.takes_each('"type"', ":", '"function"', ",")  # so some Llamas begin
        if not (text.takes_each('"name"', ":", '"') and text.name(tools)):
            return []
        text.at = start
        json = text.value("[{")
        calls = _said_in_json(json, tools) if _is_all_call(json) else []
    else:
        if not (listed and text.name(tools) and text.takes("(")):
            return []
        text.at = start
        calls = _python_calls(text, tools)
    return calls if calls and (text.takes(";") or text.ends_line()) else []


def _is_all_call(json: str) -> bool:
    """Whether it says of each call its name and arguments, and nothing else."""
    said = json_text.read(json, [])
    calls = said if isinstance(said, list) else [said]
    return all(
        isinstance(call, dict)
        and set(call) - {"type"} in ({"name", "arguments"}, {"name", "parameters"})
        for call in calls
    )


#: The readers of what follows each marker. No marker begins another.
MARKUPS: dict[str, Reader] = {
    "<tool_call>": _tool_call,
    "<function=": _function,
    "[TOOL_CALLS]": _mistral,
    "<|python_tag|>": _json("<|eom_id|>", "<|eot_id|>"),
    "<|tool_call|>": _json("<|/tool_call|>"),
    "functools": _json(),
    "<tool_calls>": _json("</tool_calls>"),
    "<TOOLCALL>": _json("</TOOLCALL>"),
    "<seed:tool_call>": _in_tags(_FUNCTION._replace(name=("<function=", ">")), "</seed:tool_call>"),
    "<minimax:tool_call>": _in_tags(_invoke(), "</minimax:tool_call>"),
    "<｜DSML｜function_calls>": _in_tags(_invoke("｜DSML｜"), "</｜DSML｜function_calls>"),
    "<｜DSML｜tool_calls>": _in_tags(_invoke("｜DSML｜"), "</｜DSML｜tool_calls>"),
    "<｜tool▁calls▁begin｜>": _between_tokens(
        "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜tool▁calls▁end｜>"
    ),
    "<|tool_calls_section_begin|>": _between_tokens(
        *("<|tool_call_begin|>", "<|tool_call_argument_begin|>"),
        *("<|tool_call_end|>", "<|tool_calls_section_end|>"),
    ),
    "<|channel|>commentary to=functions.": _harmony,
    "<|start|>assistant<|channel|>commentary to=functions.": _harmony,
    "<|tool_call>": _gemma('<|"|>', "<tool_call|>"),
    "<start_function_call>": _gemma("<escape>", "<end_function_call>"),
    "<|python_start|>": _python,
}

#: The same for what is a marker only where nothing has been said before.
OPENINGS: dict[str, Reader] = {"[": _bare, "{": _bare}
