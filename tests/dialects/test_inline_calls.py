"""Calls in a model's text become calls; all other text stays as it is, however it is cut."""

from __future__ import annotations

import json
from itertools import pairwise, permutations
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocicat.dialects.call_markups import MARKUPS, OPENINGS
from ocicat.dialects.dialect import Origin
from ocicat.dialects.inline_calls import Lifter, lift
from support.assembly import assembled

TOOLS: dict[str, dict[str, Any] | None] = dict.fromkeys(("look", "look_up", "add"))
ORIGIN = Origin("m", "A/B/C", 1)

HERMES = '<tool_call>\n{"name": "look", "arguments": {"at": "x"}}\n</tool_call>'
CODER = "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>"
GLM = "<tool_call>add\n<arg_key>a</arg_key>\n<arg_value>1</arg_value>\n</tool_call>"
MISTRAL = '[TOOL_CALLS][{"name": "look", "arguments": {}}, {"name": "add", "arguments": {"a": 1}}]'
LLAMA = '<|python_tag|>{"name": "look", "parameters": {"at": "x"}}'
MINIMAX = (
    '<minimax:tool_call>\n<invoke name="look">\n<parameter name="at">x</parameter>\n</invoke>\n'
    '<invoke name="add">\n<parameter name="a">1</parameter>\n</invoke>\n</minimax:tool_call>'
)
DSML = (
    '<｜DSML｜function_calls>\n<｜DSML｜invoke name="add">\n'
    '<｜DSML｜parameter name="a" string="false">1</｜DSML｜parameter>\n'
    '<｜DSML｜parameter name="b" string="true">1</｜DSML｜parameter>\n'
    "</｜DSML｜invoke>\n</｜DSML｜function_calls>"
)
DEEPSEEK_R1 = (
    "<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>look\n"
    '```json\n{"at": "x"}\n```<｜tool▁call▁end｜>\n'
    "<｜tool▁call▁begin｜>function<｜tool▁sep｜>add\n"
    "```json\n{}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
)
DEEPSEEK = (
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>look<｜tool▁sep｜>{"at": "x"}<｜tool▁call▁end｜>'
    "<｜tool▁call▁begin｜>add<｜tool▁sep｜>{}<｜tool▁call▁end｜><｜tool▁calls▁end｜>"
)
KIMI = (
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.look:0<|tool_call_argument_begin|>"
    '{"at": "x"}<|tool_call_end|><|tool_calls_section_end|>'
)
HARMONY = '<|channel|>commentary to=functions.look <|constrain|>json<|message|>{"at": "x"}<|call|>'
GEMMA = '<|tool_call>call:look{at:<|"|>x<|"|>}<tool_call|>'
FUNCTION_GEMMA = "<start_function_call>call:look{at:<escape>x<escape>}<end_function_call>"
PYTHON = "[look(at='x'), add(a=1)]"
BARE = '{"name": "look", "parameters": {"at": "x"}}'


def lifted(
    text: str | None,
    reason: str = "stop",
    tools: dict[str, dict[str, Any] | None] = TOOLS,
    **message: Any,
) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": text, **message},
        "finish_reason": reason,
    }
    reply: Any = lift({"choices": [choice]}, tools, ORIGIN)  # type: ignore[list-item]
    made: dict[str, Any] = reply["choices"][0]
    return made


def said(choice: dict[str, Any]) -> tuple[str, list[tuple[str, str]], str]:
    """The text of an answer, its calls, and its end."""
    message = choice["message"]
    calls = [
        (call["function"]["name"], call["function"]["arguments"])
        for call in message.get("tool_calls", [])
    ]
    return message["content"] or "", calls, choice["finish_reason"]


def chunk(delta: dict[str, Any], reason: str | None = None, index: int = 0, **rest: Any) -> Any:
    choice = {"index": index, "delta": delta, "finish_reason": reason, **rest}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def streamed(pieces: list[str], reason: str = "stop") -> tuple[dict[str, Any], list[Any]]:
    lifter = Lifter(TOOLS, ORIGIN)
    chunks = [chunk({"role": "assistant", "content": ""})]
    chunks += [chunk({"content": piece}) for piece in pieces]
    chunks.append(chunk({}, reason))
    out = [made for each in chunks for made in lifter.feed(each)]
    choice: dict[str, Any] = assembled(out)["choices"][0]
    return choice, out


AT_X = '{"at": "x"}'
LOOK = ("look", AT_X)


@pytest.mark.parametrize(
    ("text", "rest", "calls"),
    [
        (HERMES, "", [LOOK]),
        (f"\n{HERMES}\n{HERMES}\n", "", [LOOK, LOOK]),
        (f"Let me see.\n{HERMES}", "Let me see.\n", [LOOK]),
        (f"{HERMES}\n\nDone.", "\n\nDone.", [LOOK]),
        ('<tool_call>{"name":"look"}</tool_call>', "", [("look", "{}")]),
        ('<tool_call>{"name":"look","arguments":null}</tool_call>', "", [("look", "{}")]),
        (
            '<tool_call>{"arguments":{"a":"</tool_call> } \\" ]"},"name":"add"}</tool_call>',
            "",
            [("add", '{"a":"</tool_call> } \\" ]"}')],
        ),
        (
            '<tool_call>{"name": "add", "arguments": "{\\"a\\": 1}"}</tool_call>',
            "",
            [("add", '{"a": 1}')],
        ),
        (
            '<tool_call>[{"name": "add", "arguments": {}}, {"name": "look"}]</tool_call>',
            "",
            [("add", "{}"), ("look", "{}")],
        ),
        ('<tool_call>{"name": "add", "arguments": {}}', "", [("add", "{}")]),
        ('<tool_call>{"name": "add", "arguments": {}}\n</tool_', "", [("add", "{}")]),
        ('<tool_call>{"name":"add","arguments":{"n":1.0}}</tool_call>', "", [("add", '{"n":1.0}')]),
        (CODER, "", [("add", '{"a":1}')]),
        (CODER.removesuffix("\n</function>\n</tool_call>"), "", [("add", '{"a":1}')]),
        ("<tool_call><function=look></function></tool_call>", "", [("look", "{}")]),
        (
            "<tool_call><function=add><parameter=a>two\nlines < 3</parameter>"
            '<parameter=b>{"c": [1]}</parameter><parameter=d>007</parameter>'
            '<parameter=e>"quoted"</parameter></function></tool_call>',
            "",
            [("add", '{"a":"two\\nlines < 3","b":{"c":[1]},"d":"007","e":"\\"quoted\\""}')],
        ),
        (GLM, "", [("add", '{"a":1}')]),
        ("<tool_call>look</tool_call>", "", [("look", "{}")]),
        (MISTRAL, "", [("look", "{}"), ("add", '{"a": 1}')]),
        ('[TOOL_CALLS] {"name": "look", "arguments": {}}', "", [("look", "{}")]),
        (
            '[TOOL_CALLS]look{"at": "x"}[TOOL_CALLS]look_up[ARGS]{}',
            "",
            [LOOK, ("look_up", "{}")],
        ),
        (f"Hm. {MISTRAL}", "Hm. ", [("look", "{}"), ("add", '{"a": 1}')]),
        (LLAMA, "", [LOOK]),
        (f"{LLAMA}<|eom_id|>", "", [LOOK]),
        (f"{LLAMA}<|eot_id|>", "", [LOOK]),
        (f"{LLAMA}; {BARE}", "", [LOOK, LOOK]),
        (f"{LLAMA}; done", "; done", [LOOK]),
        (f"[TOOL_CALLS]look[CALL_ID]9[ARGS]{AT_X}", "", [LOOK]),
        (f"<|tool_call|>[{BARE}]<|/tool_call|>", "", [LOOK]),
        (f"functools[{BARE}]", "", [LOOK]),
        (f"<tool_calls>\n{BARE}\n{BARE}\n</tool_calls>\nDone.", "\nDone.", [LOOK, LOOK]),
        (f"<TOOLCALL>[{BARE}]</TOOLCALL>", "", [LOOK]),
        (CODER.removeprefix("<tool_call>\n"), "", [("add", '{"a":1}')]),
        (f"<function=look>{AT_X}</function>", "", [LOOK]),
        (CODER.replace("tool_call", "seed:tool_call"), "", [("add", '{"a":1}')]),
        (MINIMAX, "", [("look", '{"at":"x"}'), ("add", '{"a":1}')]),
        (DSML, "", [("add", '{"a":1,"b":"1"}')]),
        (DSML.replace("function_calls", "tool_calls"), "", [("add", '{"a":1,"b":"1"}')]),
        (DEEPSEEK_R1, "", [LOOK, ("add", "{}")]),
        (DEEPSEEK, "", [LOOK, ("add", "{}")]),
        (DEEPSEEK.removesuffix("calls▁end｜>"), "", [LOOK, ("add", "{}")]),
        (KIMI, "", [LOOK]),
        (KIMI.replace("functions.look:0", "look"), "", [LOOK]),
        (f"{HARMONY}<|start|>assistant{HARMONY}", "", [LOOK, LOOK]),
        (HARMONY.removesuffix("<|call|>"), "", [LOOK]),
        (f"{GEMMA}{GEMMA}", "", [("look", '{"at":"x"}')] * 2),
        (
            '<|tool_call>call:add{a:[1,{b:null}],c d:true,e:<|"|>f:{"g",<|"|>}<tool_call|>',
            "",
            [("add", '{"a":[1,{"b":null}],"c d":true,"e":"f:{\\"g\\","}')],
        ),
        (FUNCTION_GEMMA, "", [("look", '{"at":"x"}')]),
        (PYTHON, "", [("look", '{"at":"x"}'), ("add", '{"a":1}')]),
        (
            f"<|python_start|>{PYTHON}<|python_end|>",
            "",
            [("look", '{"at":"x"}'), ("add", '{"a":1}')],
        ),
        (
            """[add(a=[1, -2.5, None], b={'c': True}, d="e=f(')", g='h\\'\\n"]')]""",
            "",
            [("add", '{"a":[1, -2.5, null], "b":{"c": true}, "d":"e=f(\')", "g":"h\'\\n\\"]"}')],
        ),
        (f" \n{BARE}\n\nDone.", "\n\nDone.", [LOOK]),
        (f"{BARE}; {BARE}\n[{BARE}]", "", [LOOK, LOOK, LOOK]),
        (BARE.replace("{", '{"type": "function", ', 1), "", [LOOK]),
    ],
)
def test_calls_in_text_become_calls(text: str, rest: str, calls: list[tuple[str, str]]) -> None:
    assert said(lifted(text)) == (rest, calls, "tool_calls")
    assert said(streamed(list(text))[0]) == (rest, calls, "tool_calls")
    assert said(streamed([text])[0]) == (rest, calls, "tool_calls")


TYPED: dict[str, dict[str, Any] | None] = {
    "add": {
        "type": "object",
        "properties": {
            "code": {"type": "string"},
            "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
            "size": {"$ref": "#/$defs/Size"},
            "count": {"type": "integer"},
            "sure": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "either": {"type": ["string", "integer"]},
        },
        "$defs": {"Size": {"enum": ["1", "2"]}},
    }
}


@pytest.mark.parametrize(
    ("name", "written", "meant"),
    [
        ("code", "12345", "12345"),
        ("code", "true", "true"),
        ("code", "null", "null"),
        ("code", '{"a": 1}', '{"a": 1}'),
        ("maybe", "1e5", "1e5"),
        ("maybe", "null", None),
        ("size", "1", "1"),
        ("count", "12345", 12345),
        ("count", "many", "many"),
        ("sure", "True", True),
        ("tags", '["1"]', ["1"]),
        ("either", "7", 7),
        ("unknown", "7", 7),
    ],
)
@pytest.mark.parametrize(
    "markup",
    [
        "<tool_call><function=add><parameter={}>\n{}\n</parameter></function></tool_call>",
        "<tool_call>add\n<arg_key>{}</arg_key>\n<arg_value>{}</arg_value>\n</tool_call>",
        '<minimax:tool_call><invoke name="add"><parameter name="{}">{}</parameter></invoke>'
        "</minimax:tool_call>",
    ],
)
def test_values_in_tags_are_of_the_types_in_the_schema(
    markup: str, name: str, written: str, meant: Any
) -> None:
    text = markup.format(name, written)
    [call] = lifted(text, tools=TYPED)["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {name: meant}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n ",
        "I could call look, or add.",
        "A <tool_call> is what starts a call of look.",
        "x < y and [TOOL_CALLS] and <|python_tag|> and <tool_cal",
        HERMES.replace('"look"', '"hack"'),
        CODER.replace("=add", "=hack"),
        GLM.replace("add", "hack"),
        MISTRAL.replace('"add"', '"hack"'),
        "[TOOL_CALLS]hack{}",
        "[TOOL_CALLS][]",
        "[TOOL_CALLS]look and then",
        LLAMA.replace('"look"', '"hack"'),
        "<|python_tag|>print(1)",
        f"```\n{HERMES}\n```",
        f"Like this:\n```xml\n{HERMES}\n```\nSo it is.",
        f"~~~\n{LLAMA}",
        f"Write `{HERMES}` for it.",
        f'Write "{MISTRAL}" for it.',
        f"Write 'so': '{LLAMA}'",
        f"Write “{HERMES}”.",
        f"> {HERMES}",
        f"{HERMES} is".replace("\n</tool_call>", ""),
        HERMES.replace('{"at": "x"}', "{'at': 'x'}"),
        '<tool_call>{"name": "look", "arguments": {"at": "x',
        '<tool_call>{"name": "look", "arguments": {]}</tool_call>',
        "<tool_call>" + "[" * 5000,
        "<tool_call><function=add><parameter=a>1",
        "<tool_call>add<arg_key>a</arg_key>1</tool_call>",
        "<tool_call>add now</tool_call>",
        '<tool_call>{"a": 1}add</tool_call>',
        "Models write <function=look>",
        "<function=look>{'at': 'x'}</function>",
        "[TOOL_CALLS]{}look{}",
        "import functools",
        "<tool_calls>\nnone\n</tool_calls>",
        MINIMAX.replace('"add"', '"hack"'),
        MINIMAX.removesuffix("</minimax:tool_call>") + "!",
        DSML.replace('"add"', '"hack"'),
        DEEPSEEK.replace("add", "hack"),
        DEEPSEEK_R1.replace("add", "hack"),
        DEEPSEEK_R1.replace("```<", "<"),
        DEEPSEEK.replace("{}", "{'a'}"),
        KIMI.replace("look", "hack"),
        HARMONY.replace("look", "hack"),
        HARMONY.replace("commentary to=functions.look", "analysis"),
        GEMMA.replace("look", "hack"),
        GEMMA.replace('<|"|>x<|"|>', '<|"|>x'),
        GEMMA.replace("call:", ""),
        PYTHON.replace("add", "hack"),
        PYTHON.replace("a=1", "1"),
        PYTHON.replace("a=1", "a=b"),
        PYTHON.removesuffix(")]"),
        f"{PYTHON} is how.",
        f"So: {PYTHON}",
        f"So:\n{BARE}",
        BARE.replace("look", "hack"),
        f"{BARE} is a call.",
        '{"name": "look", "age": 1}',
        '{"name": "look"}',
        '{"name": "look", "parameters": {}, "at": "x"}',
        '[{"name": "add", "parameters": {}}, {"name": "hack", "parameters": {}}]',
        '{"title": "look"}',
        '{"type": "person", "name": "look", "parameters": {}}',
        "[look](https://example.com)",
        "[1] look at this",
        "{",
        "[",
    ],
)
def test_other_text_stays_as_it_was_written(text: str) -> None:
    assert said(lifted(text)) == (text, [], "stop")
    assert said(streamed(list(text))[0]) == (text, [], "stop")
    assert said(streamed([text])[0]) == (text, [], "stop")


def test_what_follows_a_block_of_code_is_read_again() -> None:
    assert said(lifted(f"```\n{HERMES}\n```\n{HERMES}")) == (
        f"```\n{HERMES}\n```\n",
        [LOOK],
        "tool_calls",
    )


def test_each_call_has_an_id_of_its_own() -> None:
    calls = lifted(f"{HERMES}{HERMES}")["message"]["tool_calls"]
    assert [call["type"] for call in calls] == ["function", "function"]
    assert len({call["id"] for call in calls}) == 2
    reply: Any = {
        "choices": [
            {"index": index, "message": {"content": HERMES}, "finish_reason": "stop"}
            for index in (0, 1)
        ]
    }
    both = lift(reply, TOOLS, ORIGIN)["choices"]
    assert len({choice["message"]["tool_calls"][0]["id"] for choice in both}) == 2


def test_the_ids_are_the_same_in_a_stream_and_in_a_whole_reply() -> None:
    assert (
        streamed([HERMES, HERMES])[0]["message"]["tool_calls"]
        == lifted(HERMES + HERMES)["message"]["tool_calls"]
    )


def test_calls_that_oci_tells_of_are_left_alone() -> None:
    native = [{"id": "1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]
    choice = lifted(HERMES, "tool_calls", tool_calls=native)
    assert choice["message"] == {"role": "assistant", "content": HERMES, "tool_calls": native}


def test_an_answer_without_text_is_left_alone() -> None:
    assert lifted(None)["message"] == {"role": "assistant", "content": None}


@pytest.mark.parametrize("reason", ["length", "content_filter"])
def test_an_end_that_was_no_stop_stays(reason: str) -> None:
    assert lifted(HERMES, reason)["finish_reason"] == reason
    assert streamed([HERMES], reason)[0]["finish_reason"] == reason


def test_a_stream_with_calls_of_both_kinds_counts_them_on() -> None:
    lifter = Lifter(TOOLS, ORIGIN)
    native = {"id": "n", "type": "function", "function": {"name": "add", "arguments": ""}}
    chunks = [
        chunk({"role": "assistant", "content": HERMES + " a <"}),
        chunk({"tool_calls": [{"index": 0, **native}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]}),
        chunk({"content": HERMES}),
        chunk({}, "tool_calls"),
    ]
    [choice] = assembled([made for each in chunks for made in lifter.feed(each)])["choices"]
    assert said(choice) == (f" a <{HERMES}", [LOOK, ("add", "{}")], "tool_calls")
    assert len({call["id"] for call in choice["message"]["tool_calls"]}) == 2


def test_text_that_can_be_no_call_is_not_held_back() -> None:
    lifter = Lifter(TOOLS, ORIGIN)
    texts = [
        [
            made["choices"][0]["delta"].get("content")
            for made in lifter.feed(chunk({"content": each}))
        ]
        for each in ["Hel", "lo <", "b> [TO", "DO] <tool_call>no", " more", "."]
    ]
    assert texts == [["Hel"], ["lo "], ["<b> "], ["[TODO] <tool_call>no"], [" more"], ["."]]


def test_what_is_held_back_comes_with_the_end() -> None:
    choice, out = streamed(["a <tool_call>", '{"name"'])
    assert choice["message"]["content"] == 'a <tool_call>{"name"'
    assert out[-1]["choices"][0]["delta"] == {"content": '<tool_call>{"name"'}


def test_chunks_that_say_nothing_of_the_text_pass_as_they_are() -> None:
    lifter = Lifter(TOOLS, ORIGIN)
    usage: Any = {"object": "chat.completion.chunk", "choices": [], "usage": {"total_tokens": 1}}
    for passes in (
        chunk({"role": "assistant", "content": None}),
        chunk({"reasoning_content": "<tool_call>"}),
        usage,
    ):
        assert lifter.feed(passes) == [passes]


def test_log_probabilities_are_not_held_back() -> None:
    lifter = Lifter(TOOLS, ORIGIN)
    [made] = lifter.feed(chunk({"content": "<"}, logprobs={"content": [{"token": "<"}]}))
    assert made["choices"][0]["logprobs"] == {"content": [{"token": "<"}]}
    assert lifter.feed(chunk({"content": "tool"})) == []


def test_the_answers_of_one_stream_are_read_apart() -> None:
    lifter = Lifter(TOOLS, ORIGIN)
    chunks = [chunk({"role": "assistant"}, index=index) for index in (0, 1)]
    for left, right in zip(HERMES, "`" + HERMES, strict=False):
        chunks += [chunk({"content": left}), chunk({"content": right}, index=1)]
    chunks += [chunk({}, "stop", index=index) for index in (0, 1)]
    first, second = assembled([made for each in chunks for made in lifter.feed(each)])["choices"]
    assert said(first) == ("", [LOOK], "tool_calls")
    assert said(second) == (("`" + HERMES)[: len(HERMES)], [], "stop")


def test_the_given_chunks_are_not_changed() -> None:
    given_chunk = chunk({"role": "assistant", "content": HERMES}, "stop")
    before = json.dumps(given_chunk)
    Lifter(TOOLS, ORIGIN).feed(given_chunk)
    assert json.dumps(given_chunk) == before


PIECES = st.sampled_from(
    [
        *(HERMES, CODER, GLM, MISTRAL, LLAMA, LLAMA + "<|eom_id|>", MINIMAX, DSML, DEEPSEEK),
        *(
            DEEPSEEK_R1,
            KIMI,
            HARMONY,
            GEMMA,
            FUNCTION_GEMMA,
            PYTHON,
            BARE,
            "; ",
            "(",
            ")",
            "[look(",
        ),
        *("<|start|>assistant", "<|channel|>", "<｜tool▁call▁begin｜>", "<｜tool▁calls▁begin｜>"),
        *("functools", "<tool_calls>", "call:look{", '<|"|>', "<|tool_call>", "<tool_call|>"),
        *("<tool_call>", "</tool_call>", "[TOOL_CALLS]", "<|python_tag|>", "<function=add>"),
        *('{"name": "look"}', '{"name": "hack"}', "look", "add{}", '"', "'", "`", "```", "\n", " "),
        *("<", "[", "{", "}", "]", "\\", "> ", "Well. ", "</parameter>", "“", "<arg_key>"),
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map("".join)


@given(TEXTS, st.lists(st.integers(0, 300)))
@example('<tool_call>{"name": "look", "arguments": {"a": "}\\""}}</tool_call>', [44])
def test_it_does_not_matter_how_the_text_is_cut(text: str, cuts: list[int]) -> None:
    places = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(places)]
    whole = said(lifted(text))
    assert said(streamed(pieces)[0]) == whole
    assert said(streamed(list(text))[0]) == whole


def test_no_marker_begins_another() -> None:
    markers = [*MARKUPS, *OPENINGS]
    assert not [
        (one, other)
        for one, other in permutations(markers, 2)
        if one in MARKUPS and other.startswith(one)
    ]


@given(TEXTS)
def test_text_without_calls_is_never_changed(text: str) -> None:
    choice = lifted(text)
    if "tool_calls" not in choice["message"]:
        assert choice["message"]["content"] == text


def test_long_calls_are_read_in_linear_time() -> None:
    text = json.dumps({"name": "look", "arguments": {"at": "x" * 200_000}})
    pieces = [text[start : start + 4] for start in range(0, len(text), 4)]
    choice, _ = streamed(["<tool_call>", *pieces, "</tool_call>"])
    assert len(choice["message"]["tool_calls"][0]["function"]["arguments"]) > 200_000


def test_what_is_nested_too_deeply_is_not_waited_for() -> None:
    text = "functools" + "[" * 200
    [made] = Lifter(TOOLS, ORIGIN).feed(chunk({"content": text}))
    assert made["choices"][0]["delta"] == {"content": text[:-1]}  # the last may begin a marker
