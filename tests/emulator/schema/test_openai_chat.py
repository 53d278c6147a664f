"""The schema of Chat Completions, compared with the openai SDK both ways, and put to the test."""

from __future__ import annotations

import collections.abc
import inspect
import json
import types
import typing
from collections.abc import Iterator
from typing import Any

import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shapes
from openai.types.chat import completion_create_params as sdk

from ocicat.emulator.schema import openai_chat
from ocicat.emulator.schema.openai_chat import ChatCompletionRequest, check_chat_completion
from ocicat.emulator.schema.reading import SchemaRefused

# Both sides in one notation: a set of facts, each "where: what"
#
# An object among others is told apart by its one-valued fields: ``messages[]<user>.content``.

PRIMITIVES = {str: "string", int: "integer", float: "number", bool: "boolean", object: "any"}


def sdk_facts(kind: Any, where: str) -> Iterator[str]:
    """What the openai SDK's types say of the value at ``where``."""
    origin, arguments = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
    if typing_extensions.is_typeddict(kind):
        hints = typing_extensions.get_type_hints(kind, include_extras=True)
        fields = {name: sdk_field(hint) for name, hint in hints.items()}
        yield from object_facts(
            where, {name: (req, list(sdk_facts(hint, ""))) for name, (req, hint) in fields.items()}
        )
    elif kind in PRIMITIVES:
        yield f"{where}: {PRIMITIVES[kind]}"
    elif origin is typing_extensions.Literal:
        is_boolean = all(isinstance(value, bool) for value in arguments)
        yield from [f"{where}: boolean"] if is_boolean else literal_facts(where, arguments)
    elif origin in (typing.Union, types.UnionType):
        members = [member for member in arguments if member is not type(None)]
        if str in members:  # a str beside a Literal is any string
            members = [
                m
                for m in members
                if typing_extensions.get_origin(m) is None
                or not all(isinstance(value, str) for value in typing_extensions.get_args(m))
            ]
        for member in members:
            yield from sdk_facts(member, where)
        if type(None) in arguments:
            yield f"{where}: null"
    elif origin is dict:
        yield from sdk_facts(arguments[1], where + "{}")
    elif origin in (list, collections.abc.Iterable, collections.abc.Sequence):
        yield from sdk_facts(arguments[0], where + "[]")
    else:
        raise AssertionError(f"{where}: the openai SDK has a kind of type that is new: {kind}")


def sdk_field(hint: Any) -> tuple[bool, Any]:
    if typing_extensions.get_origin(hint) is typing_extensions.Required:
        return True, typing_extensions.get_args(hint)[0]
    return False, hint


def our_facts(kind: Any, where: str) -> Iterator[str]:
    """What our structs say of the value at ``where``."""
    match kind:
        case shapes.StructType():
            fields = {f.encode_name: (f.required, list(our_facts(f.type, ""))) for f in kind.fields}
            if kind.tag_field:
                fields[kind.tag_field] = (True, list(literal_facts("", [kind.tag])))
            yield from object_facts(where, fields)
        case shapes.UnionType():
            for member in kind.types:
                yield from our_facts(member, where)
        case shapes.ListType():
            yield from our_facts(kind.item_type, where + "[]")
        case shapes.DictType():
            yield from our_facts(kind.value_type, where + "{}")
        case shapes.LiteralType():
            yield from literal_facts(where, kind.values)
        case _:
            names = {"StrType": "string", "IntType": "integer", "FloatType": "number"}
            names |= {"BoolType": "boolean", "AnyType": "any", "NoneType": "null"}
            yield f"{where}: {names[type(kind).__name__]}"


def literal_facts(where: str, values: typing.Iterable[Any]) -> Iterator[str]:
    for value in values:
        yield f"{where}: {value!r}"


def object_facts(where: str, fields: dict[str, tuple[bool, list[str]]]) -> Iterator[str]:
    constants = [
        facts[0][2:] for required, facts in fields.values() if required and len(facts) == 1
    ]
    labels = [constant.strip("'") for constant in constants if constant.startswith("'")]
    here = f"{where}<{'+'.join(labels)}>" if labels else where
    yield f"{here}: object"
    for name, (required, facts) in fields.items():
        yield f"{here}.{name}: {'required' if required else 'optional'}"
        for fact in facts:
            # An explicit null for an optional field counts as absent, so it says nothing.
            if required or fact != ": null":
                yield f"{here}.{name}{fact}"


def all_sdk_facts() -> set[str]:
    facts = set()
    for params in (sdk.CompletionCreateParamsNonStreaming, sdk.CompletionCreateParamsStreaming):
        facts |= set(sdk_facts(params, ""))
    # The SDK has one type for each value of ``stream`` and requires it in one of them.
    return facts - {".stream: required"}


THEIRS = all_sdk_facts()
OURS = set(our_facts(shapes.type_info(ChatCompletionRequest), ""))


def test_the_comparison_sees_the_whole_request() -> None:
    assert len(THEIRS) > 250
    assert {
        ".messages: required",
        ".messages[]<user>.content[]<image_url>.image_url.detail: 'low'",
        ".messages[]<assistant>.tool_calls[]<function>.function.arguments: required",
        ".tools[]<function>.function.parameters{}: any",
        ".response_format<json_schema>.json_schema.strict: boolean",
    } <= THEIRS


def test_nothing_that_the_sdk_can_say_is_missing_here() -> None:
    assert set() == THEIRS - OURS


def test_nothing_is_accepted_here_that_the_sdk_cannot_say() -> None:
    assert set() == OURS - THEIRS


# What is accepted


def request(**changes: Any) -> dict[str, Any]:
    return {
        "model": "xai.grok-4.3",
        "messages": [{"role": "user", "content": "Hi"}],
        **changes,
    }


def check(body: Any) -> dict[str, Any]:
    return check_chat_completion(json.dumps(body).encode())


def fill(kind: Any, turn: int) -> Any:
    """A value of one of the SDK's types with every field set; ``turn`` chooses among unions."""
    origin, arguments = typing_extensions.get_origin(kind), typing_extensions.get_args(kind)
    if typing_extensions.is_typeddict(kind):
        hints = typing_extensions.get_type_hints(kind)
        return {name: fill(hint, turn) for name, hint in hints.items()}
    if kind in PRIMITIVES:
        return {str: "word", int: 1, float: 0.5, bool: True, object: {"a": None}}[kind]
    if origin is typing_extensions.Literal:
        return arguments[turn % len(arguments)]
    if origin in (typing.Union, types.UnionType):
        return fill(arguments[turn % len(arguments)], turn)
    if kind is type(None):
        return None
    if origin is dict:
        return {"1": fill(arguments[1], turn)}
    union = typing_extensions.get_args(arguments[0])
    return [fill(arguments[0], turn + n) for n in range(min(len(union), 6) or 1)]


def without_nulls(value: Any) -> Any:
    """Nulls of optional fields are gone; those in free JSON, and a function's content, stay."""
    if isinstance(value, dict):
        free = value.keys() == {"a"} or value.get("role") == "function"
        return {k: without_nulls(v) for k, v in value.items() if v is not None or free}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("turn", range(24))
def test_requests_with_every_field_of_the_sdk_set_are_accepted(turn: int) -> None:
    body = fill(sdk.CompletionCreateParamsStreaming, turn)
    body |= {"logprobs": True, "audio": {"format": "wav", "voice": "alloy"}}
    assert check(body) == without_nulls(body)


def test_nulls_of_optional_parameters_count_as_absent() -> None:
    names = typing_extensions.get_type_hints(sdk.CompletionCreateParamsNonStreaming).keys()
    assert check(request(**dict.fromkeys(names - {"messages", "model"}))) == request()


@pytest.mark.parametrize(
    "body",
    [
        request(temperature=0, top_p=1, n=1, presence_penalty=-2, frequency_penalty=2),
        request(temperature=2, top_p=0, n=128, max_tokens=1, seed=-(2**63)),
        request(stop="END"),
        request(stop=["1", "2", "3", "4"]),
        request(logit_bias={"50256": -100}),
        request(logprobs=True, top_logprobs=20),
        request(stream=True, stream_options={"include_usage": True}),
        request(parallel_tool_calls=False, user="", store=False),
        request(tools=[{"type": "function", "function": {"name": "f" * 64}}] * 128),
        request(metadata={"k" * 64: "v" * 512}),
        request(messages=[{"role": "assistant", "content": ""}]),
        request(messages=[{"role": "assistant", "refusal": "No."}]),
        request(messages=[{"role": "assistant", "tool_calls": []}]),
        request(messages=[{"role": "function", "name": "f", "content": None}]),
    ],
)
def test_the_ends_of_ranges_are_inside(body: dict[str, Any]) -> None:
    assert check(body) == body


# What is refused


def refusal(raw: bytes) -> tuple[SchemaRefused, dict[str, Any]]:
    with pytest.raises(SchemaRefused) as caught:
        check_chat_completion(raw)
    assert caught.value.status == 400
    assert caught.value.body.keys() == {"error"}
    error = caught.value.body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    return caught.value, error


def message(**changes: Any) -> dict[str, Any]:
    return request(messages=[{"role": "user", "content": "Hi", **changes}])


def part(**changes: Any) -> dict[str, Any]:
    return message(content=[changes])


def assistant(**changes: Any) -> dict[str, Any]:
    return request(messages=[{"role": "assistant", **changes}])


def tool(**changes: Any) -> dict[str, Any]:
    return request(tools=[{"type": "function", "function": {"name": "f", **changes}}])


UNKNOWN = "unknown_parameter"
MISSING = "missing_required_parameter"
TYPE = "invalid_type"
VALUE = "invalid_value"

VIOLATIONS: list[tuple[Any, str, str | None]] = [
    ([], TYPE, None),
    (None, TYPE, None),
    ("text", TYPE, None),
    # unknown fields, on each level
    (request(top_k=5), UNKNOWN, "top_k"),
    (request(maxTokens=5), UNKNOWN, "maxTokens"),
    (request(compartmentId="ocid1.compartment.oc1..aaaa"), UNKNOWN, "compartmentId"),
    (message(toolCallId="1"), UNKNOWN, "messages[0].toolCallId"),
    (message(tool_call_id="1"), UNKNOWN, "messages[0].tool_call_id"),
    (assistant(content="", reasoning_content=""), UNKNOWN, "messages[0].reasoning_content"),
    (part(type="text", text="", x=1), UNKNOWN, "messages[0].content[0].x"),
    (
        part(type="image_url", image_url={"url": "", "mime": ""}),
        UNKNOWN,
        "messages[0].content[0].image_url.mime",
    ),
    (request(tools=[{"type": "function", "name": "f"}]), UNKNOWN, "tools[0].name"),
    (tool(schema={}), UNKNOWN, "tools[0].function.schema"),
    (request(stream=True, stream_options={"x": 1}), UNKNOWN, "stream_options.x"),
    (request(response_format={"type": "text", "x": 1}), UNKNOWN, "response_format.x"),
    # required fields missing or null
    ({"model": "m"}, MISSING, "messages"),
    ({"messages": [{"role": "user", "content": "Hi"}]}, MISSING, "model"),
    (request(model=None), TYPE, "model"),
    (request(messages=None), TYPE, "messages"),
    (request(messages=[{"content": "Hi"}]), MISSING, "messages[0].role"),
    (request(messages=[{"role": "user"}]), MISSING, "messages[0].content"),
    (message(content=None), TYPE, "messages[0].content"),
    (assistant(), VALUE, "messages[0].content"),
    (assistant(content=None, tool_calls=None), VALUE, "messages[0].content"),
    (request(messages=[{"role": "tool", "content": ""}]), MISSING, "messages[0].tool_call_id"),
    (
        request(messages=[{"role": "function", "name": "f"}]),
        MISSING,
        "messages[0].content",
    ),
    (part(text="Hi"), MISSING, "messages[0].content[0].type"),
    (part(type="text"), MISSING, "messages[0].content[0].text"),
    (part(type="image_url", image_url={}), MISSING, "messages[0].content[0].image_url.url"),
    (
        assistant(tool_calls=[{"type": "function", "function": {"name": "f", "arguments": ""}}]),
        MISSING,
        "messages[0].tool_calls[0].id",
    ),
    (
        assistant(tool_calls=[{"type": "function", "id": "1", "function": {"name": "f"}}]),
        MISSING,
        "messages[0].tool_calls[0].function.arguments",
    ),
    (request(tools=[{"function": {"name": "f"}}]), MISSING, "tools[0].type"),
    (request(tools=[{"type": "function", "function": {}}]), MISSING, "tools[0].function.name"),
    (request(response_format={}), MISSING, "response_format.type"),
    (request(response_format={"type": "json_schema"}), MISSING, "response_format.json_schema"),
    (request(prediction={"type": "content"}), MISSING, "prediction.content"),
    # wrong types
    (request(messages={"role": "user", "content": "Hi"}), TYPE, "messages"),
    (request(messages=["Hi"]), TYPE, "messages[0]"),
    (message(content=5), TYPE, "messages[0].content"),
    (message(content=["Hi"]), TYPE, "messages[0].content[0]"),
    (message(content={"type": "text", "text": ""}), TYPE, "messages[0].content"),
    (request(temperature="0.5"), TYPE, "temperature"),
    (request(temperature=True), TYPE, "temperature"),
    (request(n=True), TYPE, "n"),
    (request(max_tokens=5.0), TYPE, "max_tokens"),
    (request(max_tokens="5"), TYPE, "max_tokens"),
    (request(stream=1), TYPE, "stream"),
    (request(stream="true"), TYPE, "stream"),
    (request(stop=5), TYPE, "stop"),
    (request(stop=[5]), TYPE, "stop[0]"),
    (request(logit_bias={"1": 0.5}), TYPE, "logit_bias[...]"),
    (request(metadata={"a": 1}), TYPE, "metadata[...]"),
    (request(tools={}), TYPE, "tools"),
    (request(tool_choice=5), TYPE, "tool_choice"),
    (tool(parameters="{}"), TYPE, "tools[0].function.parameters"),
    (
        assistant(
            tool_calls=[{"type": "function", "id": "1", "function": {"name": "f", "arguments": {}}}]
        ),
        TYPE,
        "messages[0].tool_calls[0].function.arguments",
    ),
    (part(type="image_url", image_url="data:,"), TYPE, "messages[0].content[0].image_url"),
    (request(response_format="json"), TYPE, "response_format"),
    # outside an enumeration
    (message(role="USER"), VALUE, "messages[0].role"),
    (part(type="TEXT", text=""), VALUE, "messages[0].content[0].type"),
    (part(type="refusal", refusal=""), VALUE, "messages[0].content[0].type"),
    (
        request(messages=[{"role": "system", "content": [{"type": "image_url"}]}]),
        VALUE,
        "messages[0].content[0].type",
    ),
    (
        part(type="image_url", image_url={"url": "", "detail": "AUTO"}),
        VALUE,
        "messages[0].content[0].image_url.detail",
    ),
    (request(reasoning_effort="HIGH"), VALUE, "reasoning_effort"),
    (request(verbosity="max"), VALUE, "verbosity"),
    (request(service_tier="AUTO"), VALUE, "service_tier"),
    (request(tool_choice="any"), VALUE, "tool_choice"),
    (request(tool_choice={"type": "AUTO"}), VALUE, "tool_choice.type"),
    (request(tools=[{"type": "web_search"}]), VALUE, "tools[0].type"),
    (request(response_format={"type": "JSON_OBJECT"}), VALUE, "response_format.type"),
    (request(modalities=["image"]), VALUE, "modalities[0]"),
    # outside a range
    (request(messages=[]), VALUE, "messages"),
    (message(content=[]), VALUE, "messages[0].content"),
    (request(temperature=2.1), VALUE, "temperature"),
    (request(temperature=-0.1), VALUE, "temperature"),
    (request(top_p=1.1), VALUE, "top_p"),
    (request(n=0), VALUE, "n"),
    (request(n=129), VALUE, "n"),
    (request(max_tokens=0), VALUE, "max_tokens"),
    (request(max_completion_tokens=0), VALUE, "max_completion_tokens"),
    (request(presence_penalty=2.1), VALUE, "presence_penalty"),
    (request(frequency_penalty=-2.1), VALUE, "frequency_penalty"),
    (request(logit_bias={"1": 101}), VALUE, "logit_bias[...]"),
    (request(logprobs=True, top_logprobs=21), VALUE, "top_logprobs"),
    (request(stop=[]), VALUE, "stop"),
    (request(stop=list("12345")), VALUE, "stop"),
    (request(seed=2**63), VALUE, "seed"),
    (request(safety_identifier="x" * 129), VALUE, "safety_identifier"),
    (request(metadata={str(n): "" for n in range(17)}), VALUE, "metadata"),
    (request(metadata={"k" * 65: ""}), VALUE, "metadata"),
    (tool(name="a.b"), VALUE, "tools[0].function.name"),
    (tool(name="a" * 65), VALUE, "tools[0].function.name"),
    (request(tools=tool()["tools"] * 129), VALUE, "tools"),
    # what needs something else
    (request(stream_options={"include_usage": True}), VALUE, "stream_options"),
    (request(stream=False, stream_options={}), VALUE, "stream_options"),
    (request(top_logprobs=1), VALUE, "top_logprobs"),
    (request(modalities=["text", "audio"]), VALUE, "audio"),
]


@pytest.mark.parametrize(("body", "code", "param"), VIOLATIONS)
def test_a_violation_is_refused_in_openais_form(body: Any, code: str, param: str | None) -> None:
    refused, error = refusal(json.dumps(body).encode())
    assert (error["code"], error["param"]) == (code, param)
    assert (param or "request body") in error["message"]
    assert refused.reason.startswith(param or "expected")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"nonsense", b'{"model": NaN}', b'{"model":"\xff"}', b'{"model":"\\ud800"}'],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    refused, error = refusal(raw)
    assert error["message"] == "We could not parse the JSON body of your request."
    assert (error["code"], error["param"]) == (None, None)
    assert "the body is not JSON" in refused.reason


def test_a_body_nested_too_deeply_is_refused() -> None:
    raw = json.dumps(tool(parameters={"a": "DEEP"})).encode().replace(b'"DEEP"', b"[" * 100_000)
    assert "nested too deeply" in refusal(raw)[0].reason


@given(raw=st.binary())
def test_no_bytes_make_it_crash(raw: bytes) -> None:
    refusal(raw)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "tool_calls", "name"]) | st.text(),
            inner | st.sampled_from(["user", "assistant", "text", "function"]),
        )
    ),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(ChatCompletionRequest.__struct_fields__)), value=JUNK)
def test_any_value_of_a_parameter_gets_a_verdict(name: str, value: Any) -> None:
    try:
        accepted = check(request(**{name: value}))
    except SchemaRefused as refused:
        accepted = refused.body
    assert accepted


def test_the_schema_does_not_know_the_dialects() -> None:
    """What the client encodes and what the emulator demands must be able to disagree."""
    assert "ocicat.dialects" not in inspect.getsource(openai_chat)
