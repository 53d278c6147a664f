"""Behaviours that every door has for every family over every wire, proved on real sockets.

The emulator checks each request's signature and form, so each of these tests also says that
nothing ocicat sends is refused.
"""

from __future__ import annotations

from typing import Any

import pytest

from ocicat import errors
from ocicat.emulator import Emulator, StreamStyle
from support.doors import DOORS, Door

WIRES = [
    pytest.param("meta.llama-3.3-70b-instruct", None, id="Llama"),
    pytest.param("xai.grok-4.3", None, id="Grok"),
    pytest.param("openai.gpt-oss-120b", None, id="OpenAI"),
    pytest.param("google.gemini-2.5-flash", None, id="Gemini"),
    pytest.param("meta.llama-3.3-70b-instruct", "native", id="Llama native"),
    pytest.param("xai.grok-4.3", "native", id="Grok native"),
    pytest.param("openai.gpt-oss-120b", "native", id="OpenAI native"),
    pytest.param("google.gemini-2.5-flash", "native", id="Gemini native"),
    pytest.param("cohere.command-a-03-2025", None, id="Cohere"),
]
DIALECTS = [WIRES[0], WIRES[4], WIRES[8]]
ASK = [{"role": "user", "content": "What is OCI?"}]

pytestmark = pytest.mark.parametrize("door", [pytest.param(d, id=n) for n, d in DOORS.items()])


@pytest.mark.parametrize(("model", "transport"), WIRES)
def test_a_question_is_answered(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").answer("Oracle’s cloud: 雲 ☁️.")
    answered = door(f"oci/{model}", ASK, transport=transport)
    assert answered.text == "Oracle’s cloud: 雲 ☁️."
    assert answered.finish_reasons == ["stop"]
    assert answered.usage["total_tokens"] == (
        answered.usage["prompt_tokens"] + answered.usage["completion_tokens"]
    )
    assert answered.usage["prompt_tokens"] > 0
    received = oci_emulator.ledger.last
    assert received.verified
    assert received.opc_request_id == answered.opc_request_id


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_everything_said_arrives(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "a\n“b” \\ \u2028 ✓"},
        {"role": "assistant", "content": "c"},
        {"role": "user", "content": [{"type": "text", "text": "d"}]},
    ]
    door(
        model,
        messages,
        transport=transport,
        temperature=0.25,
        top_p=0.5,
        seed=7,
        stop=["END"],
        max_tokens=50,
        presence_penalty=0.5,
        frequency_penalty=0.25,
    )
    request: Any = oci_emulator.ledger.last.request
    said = [(turn["role"], turn["content"]) for turn in request["messages"]]
    assert said[:3] == [(turn["role"], turn["content"]) for turn in messages[:3]]
    assert said[3][1] == "d"
    assert {name: request[name] for name in ("temperature", "top_p", "seed", "max_tokens")} == {
        "temperature": 0.25,
        "top_p": 0.5,
        "seed": 7,
        "max_tokens": 50,
    }
    assert request["presence_penalty"] == 0.5
    assert request["frequency_penalty"] == 0.25
    assert request["stop"] in ("END", ["END"])


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_a_limit_on_the_length_ends_the_answer_with_length(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").answer("one two three four five six")
    answered = door(model, ASK, transport=transport, max_tokens=3)
    assert answered.finish_reasons == ["length"]
    assert answered.text.split() == ["one", "two", "three"]


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_a_stop_sequence_ends_the_answer(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").answer("one two STOP three")
    answered = door(model, ASK, transport=transport, stop="STOP")
    assert answered.finish_reasons == ["stop"]
    assert answered.text.split() == ["one", "two"]


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_the_content_filter_is_a_finish_reason(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").answer("x", finish_reason="content_filter")
    assert door(model, ASK, transport=transport).finish_reasons == ["content_filter"]


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_a_failure_in_passing_is_not_noticed(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").fail(503, html=True).times(1)
    oci_emulator.when("OCI").answer("there")
    assert door(model, ASK, transport=transport).text == "there"
    first, second = oci_emulator.ledger.chats
    assert first.headers["opc-retry-token"] == second.headers["opc-retry-token"]
    assert first.headers["opc-request-id"] != second.headers["opc-request-id"]
    assert second.verified


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequestError),
        (401, errors.AuthenticationError),
        (403, errors.PermissionDeniedError),
        (404, errors.NotAuthorizedOrNotFound),
        (409, errors.ConflictError),
        (429, errors.RateLimitError),
        (500, errors.InternalServerError),
        (503, errors.InternalServerError),
    ],
)
def test_an_error_status_is_a_typed_error(
    oci_emulator: Emulator,
    door: Door,
    model: str,
    transport: str | None,
    status: int,
    kind: type[errors.APIStatusError],
) -> None:
    oci_emulator.when("OCI").fail(status)
    with pytest.raises(kind) as caught:
        door(model, ASK, transport=transport, max_retries=0)
    assert caught.value.status == status
    assert caught.value.opc_request_id == oci_emulator.ledger.last.opc_request_id
    assert caught.value.attempts == 1


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_a_connection_that_breaks_is_a_typed_error(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").reset()
    with pytest.raises(errors.APIConnectionError, match="closed the connection"):
        door(model, ASK, transport=transport, max_retries=0)


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_silence_is_a_timeout(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").stall(5)
    with pytest.raises(errors.APITimeoutError, match="in time"):
        door(model, ASK, transport=transport, timeout=0.2, max_retries=0)


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_an_unknown_model_is_named(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    family = model.partition(".")[0]
    with pytest.raises(errors.ModelNotFound, match="not found"):
        door(f"{family}.no-such-model", ASK, transport=transport)


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
def test_another_compartment_gets_the_disguise_and_the_policy(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None
) -> None:
    with pytest.raises(errors.NotAuthorizedOrNotFound, match="Allow group") as caught:
        door(model, ASK, transport=transport, oci_compartment_id="ocid1.compartment.oc1..other")
    assert "ocid1.compartment.oc1..other" in caught.value.hint


@pytest.mark.parametrize(("model", "transport"), DIALECTS)
@pytest.mark.parametrize(
    "style",
    [
        StreamStyle(seed=1),
        StreamStyle(seed=2, single_newline=True),
        StreamStyle(seed=3, done=True),
        StreamStyle(seed=4, done=False),
        StreamStyle(seed=5, split=False, pad=False),
        StreamStyle(seed=6, keep_open=True, done=False),
    ],
    ids=["split", "single line ends", "done", "not done", "whole writes", "left open"],
)
def test_no_dress_of_a_stream_changes_what_it_says(
    oci_emulator: Emulator, door: Door, model: str, transport: str | None, style: StreamStyle
) -> None:
    oci_emulator.streams = style
    oci_emulator.when("OCI").answer("Grüße, 雲! " * 20)
    assert door(model, ASK, transport=transport).text.strip() == ("Grüße, 雲! " * 20).strip()


@pytest.mark.parametrize("api_format", ["GENERIC", "COHERE"])
def test_a_dedicated_endpoint_is_asked_by_its_ocid(
    oci_emulator: Emulator, door: Door, api_format: str
) -> None:
    oci_emulator.when("OCI").answer("mine")
    endpoint = oci_emulator.endpoints[api_format]
    model = "cohere.command-a-03-2025" if api_format == "COHERE" else endpoint
    answered = door(model, ASK, oci_serving_mode="DEDICATED", oci_endpoint_id=endpoint)
    assert answered.text == "mine"
    assert oci_emulator.ledger.last.json["servingMode"] == {
        "servingType": "DEDICATED",
        "endpointId": endpoint,
    }
