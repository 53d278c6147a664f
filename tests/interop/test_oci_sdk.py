"""The real ``oci`` SDK against the emulator: answers it can read, and tampering that is noticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oci
import pytest
from oci.generative_ai import GenerativeAiClient
from oci.generative_ai_inference import GenerativeAiInferenceClient, models

from ocicat.emulator import Emulator, StreamStyle
from ocicat.emulator.home import new_key
from ocicat.routing import catalog
from support.emulator_client import COHERE, LLAMA

QUESTION = "Grüße ✓, what is OCI?"


def inference(emulator: Emulator, **more: Any) -> GenerativeAiInferenceClient:
    config = oci.config.from_file(str(emulator.home.config_file))
    return GenerativeAiInferenceClient(
        {**config, **more},
        service_endpoint=emulator.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


def management(emulator: Emulator) -> GenerativeAiClient:
    return GenerativeAiClient(
        oci.config.from_file(str(emulator.home.config_file)),
        service_endpoint=emulator.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


def details(emulator: Emulator, chat: Any, model: str) -> models.ChatDetails:
    return models.ChatDetails(
        compartment_id=emulator.compartment_id,
        serving_mode=models.OnDemandServingMode(model_id=model),
        chat_request=chat,
    )


def generic(emulator: Emulator, **more: Any) -> models.ChatDetails:
    messages = [
        models.SystemMessage(content=[models.TextContent(text="Be brief.")]),
        models.UserMessage(content=[models.TextContent(text=QUESTION)]),
    ]
    return details(emulator, models.GenericChatRequest(messages=messages, **more), LLAMA)


def cohere(emulator: Emulator, **more: Any) -> models.ChatDetails:
    return details(emulator, models.CohereChatRequest(message=QUESTION, **more), COHERE)


def change_after_signing(client: Any, change: Callable[[Any], None]) -> None:
    """Let ``change`` at each prepared request between its signature and the wire."""
    send = client.base_client.session.send

    def tampered(request: Any, **arguments: Any) -> Any:
        change(request)
        return send(request, **arguments)

    client.base_client.session.send = tampered


def test_a_generic_answer_is_read(oci_emulator: Emulator) -> None:
    response = inference(oci_emulator).chat(generic(oci_emulator, max_tokens=12))
    chat = response.data.chat_response

    assert response.data.model_id == LLAMA
    assert isinstance(chat, models.GenericChatResponse)
    assert chat.choices[0].message.content[0].text == "You asked meta.llama-3.3-70b-"
    assert chat.choices[0].finish_reason == "length"
    assert chat.usage.completion_tokens == 12
    assert chat.time_created.year >= 2026
    assert response.request_id == oci_emulator.ledger.last.opc_request_id


def test_a_cohere_answer_is_read(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud, ✓.")
    chat = inference(oci_emulator).chat(cohere(oci_emulator)).data.chat_response

    assert isinstance(chat, models.CohereChatResponse)
    assert chat.text == "A cloud, ✓."
    assert chat.finish_reason == "COMPLETE"
    assert chat.usage.prompt_tokens == 7


def test_a_generic_stream_is_read(oci_emulator: Emulator) -> None:
    options = models.StreamOptions(is_include_usage=True)
    request = generic(oci_emulator, is_stream=True, stream_options=options)
    *events, done = inference(oci_emulator).chat(request).data.events()
    deltas = [json.loads(event.data) for event in events]
    texts = [
        part["text"] for delta in deltas for part in delta.get("message", {}).get("content", [])
    ]

    assert done.data == "[DONE]"
    assert QUESTION in "".join(texts)
    assert [delta["finishReason"] for delta in deltas if "finishReason" in delta] == ["stop"]
    assert deltas[-1]["usage"]["completionTokens"] == len(texts)


def test_a_cohere_stream_is_read(oci_emulator: Emulator) -> None:
    request = cohere(oci_emulator, is_stream=True)
    *events, ending = [
        json.loads(event.data) for event in inference(oci_emulator).chat(request).data.events()
    ]

    assert "".join(event["text"] for event in events) == ending["text"]
    assert QUESTION in ending["text"]
    assert ending["finishReason"] == "COMPLETE"


def test_a_stream_in_single_bytes_is_read_all_the_same(oci_emulator: Emulator) -> None:
    oci_emulator.streams = StreamStyle(seed=3)
    oci_emulator.when().answer("日本語 " * 50)
    events = list(inference(oci_emulator).chat(cohere(oci_emulator, is_stream=True)).data.events())

    assert json.loads(events[-1].data)["text"] == "日本語 " * 50


def test_a_dedicated_endpoint_answers(oci_emulator: Emulator) -> None:
    request = generic(oci_emulator)
    ocid = oci_emulator.endpoints["GENERIC"]
    request.serving_mode = models.DedicatedServingMode(endpoint_id=ocid)

    assert inference(oci_emulator).chat(request).data.model_id == ocid


def test_models_are_listed_and_read(oci_emulator: Emulator) -> None:
    client = management(oci_emulator)
    found = client.list_models(
        oci_emulator.compartment_id, capability=["CHAT"], vendor="meta", sort_by="displayName"
    ).data.items

    assert LLAMA in [item.display_name for item in found]
    assert all(item.capabilities == ["CHAT"] and item.type == "BASE" for item in found)
    assert all(item.time_created.year >= 2024 for item in found)
    assert client.get_model(found[0].id).data.display_name == found[0].display_name


def test_the_sdk_follows_the_pages(oci_emulator: Emulator) -> None:
    everything = oci.pagination.list_call_get_all_results(
        management(oci_emulator).list_models, oci_emulator.compartment_id, limit=9
    )
    assert len(everything.data) == len(catalog.models())


def test_the_sdk_retries_what_is_throttled(oci_emulator: Emulator) -> None:
    oci_emulator.when().fail(429).times(1)
    strategy = oci.retry.RetryStrategyBuilder(
        max_attempts_check=True,
        max_attempts=2,
        service_error_check=True,
        retry_max_wait_between_calls_seconds=0,
        retry_base_sleep_time_seconds=0,
    ).get_retry_strategy()
    response = inference(oci_emulator).chat(generic(oci_emulator), retry_strategy=strategy)

    assert response.status == 200
    assert [entry.status for entry in oci_emulator.ledger] == [429, 200]
    first, second = oci_emulator.ledger
    assert first.headers["opc-retry-token"] == second.headers["opc-retry-token"]
    assert first.headers["authorization"] != second.headers["authorization"] or (
        first.headers["date"] == second.headers["date"]
    )


def test_an_error_is_read(oci_emulator: Emulator) -> None:
    request = generic(oci_emulator)
    request.serving_mode.model_id = "nobody.knows"
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        inference(oci_emulator).chat(request)

    assert raised.value.status == 404
    assert raised.value.code == "404"
    assert raised.value.message == "Entity with key nobody.knows not found"
    assert raised.value.request_id == oci_emulator.ledger.last.opc_request_id


@pytest.mark.parametrize("make", [generic, cohere])
@pytest.mark.parametrize("stream", [False, True])
def test_another_key_is_refused(oci_emulator: Emulator, make: Any, stream: bool) -> None:
    client = inference(oci_emulator, key_file=None, key_content=new_key().decode())
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        client.chat(make(oci_emulator, is_stream=stream))

    assert raised.value.status == 401
    assert raised.value.code == "NotAuthenticated"
    assert not oci_emulator.ledger.last.verified


@pytest.mark.parametrize("make", [generic, cohere])
@pytest.mark.parametrize("stream", [False, True])
def test_a_changed_body_is_refused(oci_emulator: Emulator, make: Any, stream: bool) -> None:
    def change(request: Any) -> None:
        request.body = request.body.replace("OCI", "AWS")

    client = inference(oci_emulator)
    change_after_signing(client, change)
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        client.chat(make(oci_emulator, is_stream=stream))

    assert raised.value.status == 401
    assert "SHA-256" in (oci_emulator.ledger.last.refusal or "")


@pytest.mark.parametrize("make", [generic, cohere])
@pytest.mark.parametrize("stream", [False, True])
def test_an_old_date_is_refused(oci_emulator: Emulator, make: Any, stream: bool) -> None:
    oci_emulator.clock_offset = 301
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        inference(oci_emulator).chat(make(oci_emulator, is_stream=stream))

    assert raised.value.status == 401
    assert "not within allowed clock skew" in raised.value.message


def test_a_date_moved_after_signing_is_refused(oci_emulator: Emulator) -> None:
    """Within the allowed skew, but not the date that was signed."""

    def change(request: Any) -> None:
        request.headers["date"] = "Mon, 01 Jan 2024 00:00:00 GMT"

    client = inference(oci_emulator)
    change_after_signing(client, change)
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        client.chat(generic(oci_emulator))

    assert raised.value.status == 401


def test_a_changed_query_is_refused(oci_emulator: Emulator) -> None:
    def change(request: Any) -> None:
        request.url += "&limit=1"

    client = management(oci_emulator)
    change_after_signing(client, change)
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        client.list_models(oci_emulator.compartment_id)

    assert raised.value.status == 401
    assert raised.value.message == "Failed to verify the HTTP(S) Signature"


def test_the_identity_service_lists_regions(oci_emulator: Emulator) -> None:
    client = oci.identity.IdentityClient(
        oci.config.from_file(str(oci_emulator.home.config_file)),
        service_endpoint=oci_emulator.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )
    listed = {region.key: region.name for region in client.list_regions().data}
    assert listed["ORD"] == "us-chicago-1"
    assert oci_emulator.ledger.last.verified
