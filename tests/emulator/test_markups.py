"""Every way of writing calls into the text that the emulator has is one that ocicat reads."""

from __future__ import annotations

import json
from typing import get_args

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.markups import markup_of, written
from ocicat.emulator.script import Markup, ScriptedCall
from ocicat.routing.catalog import facts
from support.doors import Door, sync_stream, sync_whole

MARKUPS = get_args(Markup)
ARGUMENTS = {
    "at": 'it\'s "x" <b>\nline {2}, a:1',
    "numbers": [1, -2.5, None, True],
    "inside": {"key": "v, w", "list": [{"m": "z"}]},
    "empty": "",
}
CALLS = [ScriptedCall("look", json.dumps(ARGUMENTS)), ScriptedCall("add", "{}")]


TOOLS = [{"type": "function", "function": {"name": call.name}} for call in CALLS]


@pytest.mark.parametrize("markup", MARKUPS)
@pytest.mark.parametrize("door", [sync_whole, sync_stream])
def test_what_a_rule_writes_is_read_as_calls(
    oci_emulator: Emulator, door: Door, markup: Markup
) -> None:
    rule = oci_emulator.when().write_tool_markup(markup)
    for call in CALLS:
        rule.call_tool(call.name, call.arguments)
    answered = door(
        "meta.llama-3.3-70b-instruct",
        [{"role": "user", "content": "Look!"}],
        tools=TOOLS,
        inline_tool_calls=True,
    )
    assert answered.calls == [("look", ARGUMENTS), ("add", {})]
    assert not answered.text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("hermes", '<tool_call>\n{"name": "f", "arguments": {"a": "b"}}\n</tool_call>'),
        (
            "qwen-coder",
            "<tool_call>\n<function=f>\n<parameter=a>\nb\n</parameter>\n</function>\n</tool_call>",
        ),
        (
            "glm",
            "<tool_call>f\n<arg_key>a</arg_key>\n<arg_value>b</arg_value>\n</tool_call>",
        ),
        ("mistral", '[TOOL_CALLS][{"name": "f", "arguments": {"a": "b"}}]'),
        ("mistral-v13", '[TOOL_CALLS]f[ARGS]{"a": "b"}'),
        ("llama", '<|python_tag|>{"name": "f", "parameters": {"a": "b"}}'),
        ("llama-4", "<|python_start|>[f(a='b')]<|python_end|>"),
        (
            "deepseek-r1",
            "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>f\n"
            '```json\n{"a": "b"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>',
        ),
        (
            "deepseek-v3.1",
            '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>f<｜tool▁sep｜>{"a": "b"}'
            "<｜tool▁call▁end｜><｜tool▁calls▁end｜>",
        ),
        (
            "deepseek-v3.2",
            '<｜DSML｜function_calls>\n<｜DSML｜invoke name="f">\n'
            '<｜DSML｜parameter name="a" string="true">b</｜DSML｜parameter>\n'
            "</｜DSML｜invoke>\n</｜DSML｜function_calls>",
        ),
        ("gemma-3", "[f(a='b')]"),
        ("gemma-4", '<|tool_call>call:f{a:<|"|>b<|"|>}<tool_call|>'),
        (
            "functiongemma",
            "<start_function_call>call:f{a:<escape>b<escape>}<end_function_call>",
        ),
        (
            "gpt-oss",
            '<|channel|>commentary to=functions.f <|constrain|>json<|message|>{"a": "b"}<|call|>',
        ),
        (
            "kimi-k2",
            "<|tool_calls_section_begin|><|tool_call_begin|>functions.f:0"
            '<|tool_call_argument_begin|>{"a": "b"}<|tool_call_end|><|tool_calls_section_end|>',
        ),
        ("minimax-m1", '<tool_calls>\n{"name": "f", "arguments": {"a": "b"}}\n</tool_calls>'),
        (
            "minimax-m2",
            '<minimax:tool_call>\n<invoke name="f">\n<parameter name="a">b</parameter>\n'
            "</invoke>\n</minimax:tool_call>",
        ),
        ("granite", '<|tool_call|>[{"name": "f", "arguments": {"a": "b"}}]'),
        ("phi", 'functools[{"name": "f", "arguments": {"a": "b"}}]'),
        ("nemotron", '<TOOLCALL>[{"name": "f", "arguments": {"a": "b"}}]</TOOLCALL>'),
        (
            "seed",
            "<seed:tool_call>\n<function=f>\n<parameter=a>\nb\n</parameter>\n</function>\n"
            "</seed:tool_call>",
        ),
    ],
)
def test_calls_are_written_as_the_models_are_known_to_write_them(markup: Markup, text: str) -> None:
    assert written([ScriptedCall("f", '{"a": "b"}')], markup) == text


@pytest.mark.parametrize(
    ("model", "markup"),
    [
        ("Qwen/Qwen3-32B", "hermes"),
        ("zai-org/GLM-5", "glm"),
        ("deepseek-ai/DeepSeek-V3.1", "deepseek-v3.1"),
        ("google/gemma-3-27b-it", "gemma-3"),
    ],
)
def test_each_family_writes_in_its_own_way(model: str, markup: Markup) -> None:
    assert markup_of(facts(model).family) == markup
