"""How families write tool calls into their text, where their server does not read them.

Source: the models' chat templates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec

from ocicat.dialects import json_text
from ocicat.emulator.script import Markup, ScriptedCall

__all__ = ["markup_of", "written"]

_OF_FAMILY: Final[dict[str, Markup]] = {
    "glm": "glm",
    "deepseek": "deepseek-v3.1",
    "gemma": "gemma-3",
}


def markup_of(family: str) -> Markup:
    """The markup in which the models of a family write."""
    return _OF_FAMILY.get(family, "hermes")


def written(calls: Sequence[ScriptedCall], markup: Markup) -> str:
    """The calls, as the text of an answer."""
    return _WRITERS[markup](calls)


Writer = Callable[[Sequence[ScriptedCall]], str]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _each(form: Callable[[ScriptedCall], str], before: str = "", behind: str = "") -> Writer:
    return lambda calls: before + "".join(map(form, calls)) + behind


def _listed(form: Callable[[ScriptedCall], str], before: str, behind: str = "") -> Writer:
    return lambda calls: f"{before}[{', '.join(map(form, calls))}]{behind}"


def _object(call: ScriptedCall, key: str = "arguments") -> str:
    return f'{{"name": {_json(call.name)}, "{key}": {call.arguments}}}'


def _hermes(call: ScriptedCall) -> str:
    return f"<tool_call>\n{_object(call)}\n</tool_call>"


def _llama(calls: Sequence[ScriptedCall]) -> str:
    return "<|python_tag|>" + "; ".join(_object(call, "parameters") for call in calls)


def _arguments(call: ScriptedCall) -> dict[str, Any]:
    """The arguments by their names; none, where they are no JSON object."""
    read = json_text.read(call.arguments)
    return read if isinstance(read, dict) else {}


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def _in_tags(call: ScriptedCall, tag: str) -> str:
    """``tag``, filled in with the ``key`` and ``value`` of each argument, and if it ``is_text``."""
    return "".join(
        tag.format(key=key, value=_plain(value), is_text=_json(isinstance(value, str)))
        for key, value in _arguments(call).items()
    )


def _coder(call: ScriptedCall) -> str:
    said = _in_tags(call, "<parameter={key}>\n{value}\n</parameter>\n")
    return f"<function={call.name}>\n{said}</function>\n"


def _glm(call: ScriptedCall) -> str:
    said = _in_tags(call, "<arg_key>{key}</arg_key>\n<arg_value>{value}</arg_value>\n")
    return f"<tool_call>{call.name}\n{said}</tool_call>"


def _minimax(call: ScriptedCall) -> str:
    said = _in_tags(call, '<parameter name="{key}">{value}</parameter>\n')
    return f'<invoke name="{call.name}">\n{said}</invoke>\n'


def _dsml(call: ScriptedCall) -> str:
    tag = '<｜DSML｜parameter name="{key}" string="{is_text}">{value}</｜DSML｜parameter>\n'
    return f'<｜DSML｜invoke name="{call.name}">\n{_in_tags(call, tag)}</｜DSML｜invoke>\n'


def _deepseek_r1(call: ScriptedCall) -> str:
    return (
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{call.name}\n"
        f"```json\n{call.arguments}\n```<｜tool▁call▁end｜>"
    )


def _deepseek(call: ScriptedCall) -> str:
    return f"<｜tool▁call▁begin｜>{call.name}<｜tool▁sep｜>{call.arguments}<｜tool▁call▁end｜>"


def _kimi(calls: Sequence[ScriptedCall]) -> str:
    said = "".join(
        f"<|tool_call_begin|>functions.{call.name}:{number}<|tool_call_argument_begin|>"
        f"{call.arguments}<|tool_call_end|>"
        for number, call in enumerate(calls)
    )
    return f"<|tool_calls_section_begin|>{said}<|tool_calls_section_end|>"


def _harmony(calls: Sequence[ScriptedCall]) -> str:
    return "<|start|>assistant".join(
        f"<|channel|>commentary to=functions.{call.name} <|constrain|>json"
        f"<|message|>{call.arguments}<|call|>"
        for call in calls
    )


def _python(call: ScriptedCall) -> str:
    # The literals of Python are what repr() writes.
    said = ", ".join(f"{key}={value!r}" for key, value in _arguments(call).items())
    return f"{call.name}({said})"


def _gemma(quote: str) -> Callable[[ScriptedCall], str]:
    def value_of(value: Any) -> str:
        if isinstance(value, str):
            return f"{quote}{value}{quote}"
        if isinstance(value, list):
            return f"[{','.join(map(value_of, value))}]"
        if isinstance(value, dict):
            return f"{{{','.join(f'{key}:{value_of(one)}' for key, one in value.items())}}}"
        return _json(value)

    return lambda call: f"call:{call.name}{value_of(_arguments(call))}"


def _around(form: Callable[[ScriptedCall], str], before: str, behind: str) -> Writer:
    return _each(lambda call: f"{before}{form(call)}{behind}")


_WRITERS: Final[dict[Markup, Writer]] = {
    "hermes": _each(_hermes),
    "mistral": _listed(_object, "[TOOL_CALLS]"),
    "mistral-v13": _each(lambda call: f"[TOOL_CALLS]{call.name}[ARGS]{call.arguments}"),
    "llama": _llama,
    "llama-4": _listed(_python, "<|python_start|>", "<|python_end|>"),
    "granite": _listed(_object, "<|tool_call|>"),
    "phi": _listed(_object, "functools"),
    "minimax-m1": _each(lambda call: f"{_object(call)}\n", "<tool_calls>\n", "</tool_calls>"),
    "minimax-m2": _each(_minimax, "<minimax:tool_call>\n", "</minimax:tool_call>"),
    "nemotron": _listed(_object, "<TOOLCALL>", "</TOOLCALL>"),
    "qwen-coder": _around(_coder, "<tool_call>\n", "</tool_call>"),
    "seed": _around(_coder, "<seed:tool_call>\n", "</seed:tool_call>"),
    "glm": _each(_glm),
    "deepseek-r1": _each(_deepseek_r1, "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
    "deepseek-v3.1": _each(_deepseek, "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"),
    "deepseek-v3.2": _each(_dsml, "<｜DSML｜function_calls>\n", "</｜DSML｜function_calls>"),
    "kimi-k2": _kimi,
    "gpt-oss": _harmony,
    "gemma-3": _listed(_python, ""),
    "gemma-4": _around(_gemma('<|"|>'), "<|tool_call>", "<tool_call|>"),
    "functiongemma": _around(_gemma("<escape>"), "<start_function_call>", "<end_function_call>"),
}
