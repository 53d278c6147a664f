"""What cannot be said is refused by name, before anything is sent; nothing is dropped."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import registry
from ocicat.errors import InvalidParameter, InvalidRequest, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve

DIALECTS = [
    pytest.param("xai.grok-4.3", "openai", id="openai_chat"),
    pytest.param("xai.grok-4.3", "native", id="oci_generic"),
    pytest.param("cohere.command-a-03-2025", "native", id="oci_cohere"),
]


def encode(model: str, transport: str, **request: Any) -> dict[str, Any]:
    target = resolve(model, Place(region="us-chicago-1", transport=transport))
    whole = {"model": model, "messages": [{"role": "user", "content": "hi"}], **request}
    return registry.dialect(target.dialect).encode_request(whole, target, "ocid1.c.oc1..x")


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("tools", [{"type": "function", "function": {"name": "f"}}]),
        ("tool_choice", "auto"),
        ("parallel_tool_calls", True),
        ("response_format", {"type": "json_object"}),
        ("logprobs", True),
        ("modalities", ["audio"]),
        ("prediction", {"type": "content", "content": "x"}),
        ("web_search_options", {}),
        ("store", True),
        ("metadata", {"a": "b"}),
        ("service_tier", "auto"),
    ],
)
def test_a_feature_that_is_not_there_yet_is_named(
    model: str, transport: str, parameter: str, value: object
) -> None:
    with pytest.raises(UnsupportedFeature, match=f"`{parameter}`") as caught:
        encode(model, transport, **{parameter: value})
    assert caught.value.parameter == parameter
    assert caught.value.hint


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    ("message", "where"),
    [
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]},
            "image_url",
        ),
        ({"role": "user", "content": [{"type": "input_audio"}]}, "input_audio"),
        ({"role": "user", "content": [{"type": "file"}]}, "file"),
        ({"role": "tool", "content": "x", "tool_call_id": "1"}, "tool result"),
        (
            {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
            "tool calls",
        ),
    ],
)
def test_content_other_than_text_is_named_with_its_place(
    model: str, transport: str, message: dict[str, Any], where: str
) -> None:
    messages = [{"role": "user", "content": "hi"}, message, {"role": "user", "content": "so?"}]
    with pytest.raises(UnsupportedFeature, match=where) as caught:
        encode(model, transport, messages=messages)
    assert caught.value.parameter.startswith("messages[1]")


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
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
        [{"role": "user", "content": ["x"]}],
        [{"role": "user", "content": [{"type": "text"}]}],
        [{"role": "user", "content": "x", "name": 5}],
        [{"role": "user", "content": "x", "colour": "red"}],
    ],
)
def test_messages_of_a_wrong_shape_are_refused(
    model: str, transport: str, messages: object
) -> None:
    with pytest.raises(InvalidParameter, match="messages"):
        encode(model, transport, messages=messages)


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("temperature", "hot"),
        ("temperature", True),
        ("temperature", -0.1),
        ("temperature", float("nan")),
        ("top_p", 1.1),
        ("seed", 1.5),
        ("stop", 5),
        ("stop", [5]),
        ("n", 0),
        ("n", True),
        ("max_tokens", 0),
        ("max_tokens", "many"),
        ("max_completion_tokens", -1),
        ("presence_penalty", 3),
        ("stream_options", {"chunks": 5}),
        ("stream_options", {"include_usage": "yes"}),
    ],
)
def test_a_value_that_cannot_be_right_is_refused_with_its_range(
    model: str, transport: str, parameter: str, value: object
) -> None:
    with pytest.raises(InvalidParameter, match=f"`{parameter}` must") as caught:
        encode(model, transport, **{parameter: value})
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_two_lengths_that_differ_are_refused(model: str, transport: str) -> None:
    with pytest.raises(InvalidParameter, match="different lengths"):
        encode(model, transport, max_tokens=5, max_completion_tokens=6)


@pytest.mark.parametrize(
    ("model", "transport", "parameter", "value"),
    [
        ("xai.grok-4.3", "openai", "top_k", 5),
        ("xai.grok-4.3", "openai", "temperature", 2.5),
        ("xai.grok-4.3", "openai", "reasoning_effort", "enormous"),
        ("xai.grok-4.3", "openai", "user", 5),
        ("xai.grok-4.3", "native", "user", "u"),
        ("xai.grok-4.3", "native", "n", 6),
        ("xai.grok-4.3", "native", "top_k", -2),
        ("xai.grok-4.3", "native", "reasoning_effort", "xhigh"),
        ("xai.grok-4.3", "native", "logit_bias", {"5": "x"}),
        ("cohere.command-a-03-2025", "native", "n", 2),
        ("cohere.command-a-03-2025", "native", "temperature", 1.5),
        ("cohere.command-a-03-2025", "native", "top_k", 501),
        ("cohere.command-a-03-2025", "native", "logit_bias", {"5": 1}),
        ("cohere.command-a-03-2025", "native", "reasoning_effort", "low"),
        ("cohere.command-a-03-2025", "native", "user", "u"),
    ],
)
def test_what_only_some_dialects_can_say_is_refused_by_the_others(
    model: str, transport: str, parameter: str, value: object
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        encode(model, transport, **{parameter: value})
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    ("messages", "says"),
    [
        ([{"role": "system", "content": "s"}], "no user message"),
        (
            [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}],
            "ends with an assistant",
        ),
        ([{"role": "user", "content": "x", "name": "ann"}], "name"),
    ],
)
def test_a_conversation_that_cohere_has_no_form_for_is_refused(
    messages: list[dict[str, Any]], says: str
) -> None:
    with pytest.raises(InvalidRequest, match=says):
        encode("cohere.command-a-03-2025", "native", messages=messages)
