"""What is wrong in every dialect is refused in every dialect, by name, before anything is sent.

What only some dialects refuse stands among the golden cases.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ocicat.dialects import registry
from ocicat.dialects.dialect import Notes
from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.chat import ChatParameters

DIALECTS = [
    pytest.param("xai.grok-4.3", "openai", id="openai_chat"),
    pytest.param("xai.grok-4.3", "responses", id="openai_responses"),
    pytest.param("xai.grok-4.3", "native", id="oci_generic"),
    pytest.param("cohere.command-a-03-2025", "native", id="oci_cohere"),
    pytest.param("cohere.command-a-reasoning-08-2025", "native", id="oci_cohere_v2"),
]
everywhere = pytest.mark.parametrize(("model", "transport"), DIALECTS)


def encode(
    model: str, transport: str, notes: Notes | None = None, **request: Any
) -> dict[str, Any]:
    target = resolve(model, Place(region="us-chicago-1", transport=transport))
    whole: Any = {"model": model, "messages": [{"role": "user", "content": "hi"}], **request}
    dialect = registry.dialect(target.dialect)
    return dialect.encode_request(whole, target, "ocid1.c.oc1..x", notes or Notes())


def test_these_are_all_the_dialects() -> None:
    spoken = {
        resolve(model, Place(region="us-chicago-1", transport=transport)).dialect
        for model, transport in (param.values for param in DIALECTS)
    }
    assert spoken == {param.id for param in DIALECTS}


@everywhere
def test_every_parameter_has_a_row(model: str, transport: str) -> None:
    target = resolve(model, Place(region="us-chicago-1", transport=transport))
    rows = registry.dialect(target.dialect).PARAMETERS
    assert set(ChatParameters.__annotations__) <= set(rows)


@everywhere
def test_a_parameter_of_nobodys_is_refused_by_name(model: str, transport: str) -> None:
    with pytest.raises(UnsupportedFeature, match="`colour`") as caught:
        encode(model, transport, colour="red")
    assert caught.value.parameter == "colour"
    assert caught.value.hint


@everywhere
def test_what_is_refused_is_only_left_out_where_the_caller_says_so(
    model: str, transport: str
) -> None:
    notes = Notes(drop=True)
    assert encode(model, transport, notes, colour="red") == encode(model, transport)
    assert [note["parameter"] for note in notes.items] == ["colour"]


@everywhere
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("echo", False),
        ("force_single_step", False),
        ("logprobs", False),
        ("modalities", ["text"]),
        ("prompt_truncation", "off"),
        ("raw_prompting", False),
        ("search_queries_only", False),
        ("store", False),
        ("strict_tools", False),
        ("tools", []),
    ],
)
def test_what_happens_anyway_may_be_asked_for(
    model: str, transport: str, parameter: str, value: object
) -> None:
    notes = Notes()
    encode(model, transport, notes, **{parameter: value})
    assert notes.items == []


@pytest.mark.parametrize(
    ("model", "transport"),
    [
        ("meta.llama-3.3-70b-instruct", "native"),
        ("meta.llama-3.3-70b-instruct", "openai"),
        ("cohere.command-a-03-2025", "native"),
        ("cohere.command-a-vision-07-2025", "native"),
    ],
)
@pytest.mark.parametrize(
    "asked", [{"reasoning_effort": "none"}, {"thinking": {"type": "disabled"}}]
)
def test_not_to_reason_is_nothing_to_ask_of_a_model_that_does_not(
    model: str, transport: str, asked: dict[str, Any]
) -> None:
    notes = Notes()
    assert encode(model, transport, notes, **asked) == encode(model, transport)
    assert notes.items == []


@everywhere
def test_what_the_model_has_refused_before_is_left_out(model: str, transport: str) -> None:
    notes = Notes(learned={"temperature": "It is always 1."})
    assert encode(model, transport, notes, temperature=0.5) == encode(model, transport)
    [note] = notes.items
    assert note["parameter"] == "temperature"
    assert "It is always 1." in note["message"]


@everywhere
@pytest.mark.parametrize("name", ["functions", "function_call"])
def test_what_openai_has_replaced_is_refused_with_what_to_use(
    model: str, transport: str, name: str
) -> None:
    with pytest.raises(UnsupportedFeature, match="tool") as caught:
        encode(model, transport, **{name: [{"name": "f"}]})
    assert caught.value.parameter == name


@everywhere
@pytest.mark.parametrize(
    "messages",
    [
        [],
        None,
        "hi",
        ["hi"],
        [{}],
        [{"role": "robot", "content": "x"}],
        [{"role": "user"}],
        [{"role": "user", "content": None}],
        [{"role": "user", "content": 5}],
        [{"role": "user", "content": [{"type": "text"}]}],
        [{"role": "user", "content": "x", "name": 5}],
        [{"role": "user", "content": "x", "colour": "red"}],
        [{"role": "user", "content": "x"}, {"role": "tool", "content": "x", "tool_call_id": "1"}],
    ],
)
def test_messages_of_a_wrong_shape_are_refused(
    model: str, transport: str, messages: object
) -> None:
    with pytest.raises(InvalidParameter, match="messages"):
        encode(model, transport, messages=messages)


@everywhere
@pytest.mark.parametrize("type", ["hologram", "image_url", "input_audio", "file"])
def test_content_of_a_wrong_shape_is_refused_with_its_place(
    model: str, transport: str, type: str
) -> None:
    messages = [{"role": "user", "content": [{"type": "text", "text": "x"}, {"type": type}]}]
    with pytest.raises((InvalidParameter, UnsupportedFeature)) as caught:
        encode(model, transport, messages=messages)
    assert caught.value.parameter.startswith("messages[0].content[1]")


@everywhere
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("top_p", 1.1),
        ("max_tokens", 0),
        ("max_tokens", "many"),
        ("max_completion_tokens", -1),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_its_range(
    model: str, transport: str, parameter: str, value: object
) -> None:
    with pytest.raises(InvalidParameter, match=f"`{parameter}` must") as caught:
        encode(model, transport, **{parameter: value})
    assert caught.value.parameter == parameter


@everywhere
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("tools", "f"),
        ("tools", ["f"]),
        ("tools", [{"name": "a b"}]),
        ("response_format", {"type": "yaml"}),
    ],
)
def test_tools_and_formats_of_a_wrong_shape_are_refused(
    model: str, transport: str, parameter: str, value: object
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        encode(model, transport, **{parameter: value})
    assert caught.value.parameter.startswith(parameter)


@everywhere
@pytest.mark.parametrize("choice", ["maybe", {"type": "function", "function": {"name": "g"}}])
def test_a_choice_among_tools_that_is_none_is_refused(
    model: str, transport: str, choice: object
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        encode(model, transport, tools=[{"name": "f"}], tool_choice=choice)
    assert caught.value.parameter == "tool_choice"


@everywhere
def test_two_lengths_that_differ_are_refused(model: str, transport: str) -> None:
    with pytest.raises(InvalidParameter, match="different lengths"):
        encode(model, transport, max_tokens=5, max_completion_tokens=6)


@everywhere
def test_tools_that_are_no_functions_are_left_out_with_a_note(model: str, transport: str) -> None:
    notes = Notes()
    function = {"type": "function", "function": {"name": "f", "description": "d"}}
    encode(model, transport, notes, tools=[function, {"type": "hologram"}])
    assert [note["parameter"] for note in notes.items] == ["tools[1]"]


@everywhere
def test_the_request_itself_is_never_changed(model: str, transport: str) -> None:
    request: dict[str, Any] = {
        "messages": [
            {"role": "system", "content": "s"},
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {}}}]},
            {"role": "tool", "content": [{"type": "text", "text": ""}]},
        ],
        "tools": [{"name": "f", "input_schema": {"title": "F", "properties": {"a": {"const": 1}}}}],
        "tool_choice": {"type": "auto"},
        "response_format": {"type": "json_object"},
        "stop": ["x"],
        "temperature": 0.5,
        "store": False,
    }
    before = copy.deepcopy(request)
    encode(model, transport, Notes(drop=True), **request)
    assert request == before
