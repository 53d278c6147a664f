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
GROK = "xai.grok-4.3"
GEMINI = "google.gemini-2.5-flash"
GPT_OSS = "openai.gpt-oss-120b"
PNG = "data:image/png;base64,iVBORw=="
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


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


def said(emulator: Emulator, request: Any) -> Any:
    """The chat response of a whole answer."""
    return inference(emulator).chat(request).data.chat_response


def streamed(emulator: Emulator, request: Any) -> list[Any]:
    """The events of the same as a stream."""
    request.chat_request.is_stream = True
    events = inference(emulator).chat(request).data.events()
    return [json.loads(event.data) for event in events if event.data != "[DONE]"]


def words(*parts: Any) -> list[Any]:
    return [models.TextContent(text=part) if isinstance(part, str) else part for part in parts]


def asking(emulator: Emulator, model: str, *messages: Any, **more: Any) -> models.ChatDetails:
    request = models.GenericChatRequest(messages=list(messages), **more)
    return details(emulator, request, model)


WEATHER = models.FunctionDefinition(name="weather", description="Of a city.", parameters=CITY)


@pytest.mark.parametrize("model", [LLAMA, GROK, GPT_OSS])
def test_a_generic_tool_loop_goes_round(oci_emulator: Emulator, model: str) -> None:
    question = models.UserMessage(content=words("What is the weather?"))
    more = {"tools": [WEATHER], "tool_choice": models.ToolChoiceRequired()}
    choice = said(oci_emulator, asking(oci_emulator, model, question, **more)).choices[0]
    (call,) = choice.message.tool_calls

    assert choice.finish_reason == "tool_calls"
    assert isinstance(call, models.FunctionCall)
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "example"})

    result = models.ToolMessage(tool_call_id=call.id, content=words("snow"))
    turns = (question, models.AssistantMessage(tool_calls=[call], content=words(".")), result)
    answer = said(oci_emulator, asking(oci_emulator, model, *turns, tools=[WEATHER]))
    assert answer.choices[0].message.content[0].text == 'The tool weather gave: "snow"'


def test_geminis_calls_have_no_id_for_the_sdk_either(oci_emulator: Emulator) -> None:
    question = models.UserMessage(content=words("weather"))
    request = asking(oci_emulator, GEMINI, question, tools=[WEATHER])
    choice = said(oci_emulator, request).choices[0]

    assert (choice.message.tool_calls[0].id, choice.finish_reason) == (None, "STOP")
    events = streamed(oci_emulator, request)
    assert [call for event in events for call in event["message"].get("toolCalls", [])] == [
        {"type": "FUNCTION", "name": "weather", "arguments": '{"city":"example"}'}
    ]


def test_calls_in_pieces_are_the_call(oci_emulator: Emulator) -> None:
    question = models.UserMessage(content=words("weather"))
    events = streamed(oci_emulator, asking(oci_emulator, GPT_OSS, question, tools=[WEATHER]))
    calls = [call for event in events for call in event["message"].get("toolCalls", [])]

    assert [call.get("name") for call in calls if "id" in call] == ["weather"]
    assert "".join(call["arguments"] for call in calls) == '{"city":"example"}'


@pytest.mark.parametrize("stream", [False, True])
def test_images_are_shown_over_generic(oci_emulator: Emulator, stream: bool) -> None:
    image = models.ImageContent(image_url=models.ImageUrl(url=PNG, detail="HIGH"))
    request = asking(oci_emulator, GROK, models.UserMessage(content=words("Look:", image)))
    if stream:
        events = streamed(oci_emulator, request)
        text = "".join(
            part["text"] for event in events for part in event["message"].get("content", [])
        )
    else:
        text = said(oci_emulator, request).choices[0].message.content[0].text

    assert "I was shown 1 image (png, 4 bytes)." in text


def test_json_follows_its_schema_over_generic(oci_emulator: Emulator) -> None:
    schema = models.ResponseJsonSchema(name="city", schema=CITY, is_strict=True)
    request = generic(
        oci_emulator, response_format=models.JsonSchemaResponseFormat(json_schema=schema)
    )
    text = said(oci_emulator, request).choices[0].message.content[0].text

    assert json.loads(text) == {"city": "example"}


def test_reasoning_comes_before_the_answer_and_is_counted(oci_emulator: Emulator) -> None:
    question = models.UserMessage(content=words(QUESTION))
    request = asking(oci_emulator, GPT_OSS, question, reasoning_effort="HIGH")
    chat = said(oci_emulator, request)
    first, *_, last = streamed(oci_emulator, request)

    assert QUESTION in chat.choices[0].message.reasoning_content
    assert chat.usage.completion_tokens_details.reasoning_tokens > 0
    assert "reasoningContent" in first["message"]
    assert last["finishReason"] == "stop"


def test_logprobs_grounding_and_annotations_are_read(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("A cloud.").cite("cloud", url="https://oracle.com").ground(
        {"webSearchQueries": ["OCI"]}
    )
    choice = said(oci_emulator, generic(oci_emulator, log_probs=1)).choices[0]

    assert choice.logprobs.tokens == ["A ", "cloud", "."]
    assert choice.grounding_metadata.web_search_queries == ["OCI"]
    assert choice.message.annotations[0].url_citation.url == "https://oracle.com"


def cohere_tool() -> models.CohereTool:
    city = models.CohereParameterDefinition(type="str", is_required=True)
    return models.CohereTool(
        name="weather", description="Of a city.", parameter_definitions={"city": city}
    )


def test_a_cohere_tool_loop_goes_round(oci_emulator: Emulator) -> None:
    ask = models.CohereChatRequest(message="What is the weather?", tools=[cohere_tool()])
    chat = said(oci_emulator, details(oci_emulator, ask, COHERE))
    *_, called, ending = streamed(oci_emulator, details(oci_emulator, ask, COHERE))

    (call,) = chat.tool_calls
    assert (call.name, call.parameters) == ("weather", {"city": "example"})
    assert called["toolCalls"] == ending["toolCalls"]

    tell = models.CohereChatRequest(
        message="",
        tools=[cohere_tool()],
        chat_history=[
            models.CohereUserMessage(message="What is the weather?"),
            models.CohereChatBotMessage(message="", tool_calls=[call]),
        ],
        tool_results=[models.CohereToolResult(call=call, outputs=[{"sky": "snow"}])],
    )
    assert "snow" in said(oci_emulator, details(oci_emulator, tell, COHERE)).text


def test_cohere_cites_documents_and_names_searches(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("Snow is white.").cite("white", ["a"]).search(["colour of snow"])
    request = cohere(oci_emulator, documents=[{"id": "a", "text": "Snow."}])
    chat = said(oci_emulator, request)

    assert (chat.citations[0].start, chat.citations[0].document_ids) == (8, ["a"])
    assert chat.search_queries[0].text == "colour of snow"
    assert chat.documents[0]["id"] == "a"
    assert streamed(oci_emulator, request)[-1]["citations"][0]["documentIds"] == ["a"]


def test_json_follows_its_schema_over_cohere(oci_emulator: Emulator) -> None:
    format = models.CohereResponseJsonFormat(schema=CITY)
    assert json.loads(said(oci_emulator, cohere(oci_emulator, response_format=format)).text) == {
        "city": "example"
    }


def cohere_v2(emulator: Emulator, kind: str, *messages: Any, **more: Any) -> models.ChatDetails:
    """A COHEREV2 chat with the model of an endpoint that is there, or is made."""
    ocid = emulator.endpoints["COHEREV2"]
    if kind == "reasoning":
        ocid = "ocid1.generativeaiendpoint.oc1.us-chicago-1.reasoning"
        emulator.add_endpoint(ocid, "cohere.command-a-reasoning-08-2025")
    return models.ChatDetails(
        compartment_id=emulator.compartment_id,
        serving_mode=models.DedicatedServingMode(endpoint_id=ocid),
        chat_request=models.CohereChatRequestV2(messages=list(messages), **more),
    )


def user_v2(*parts: Any) -> models.CohereUserMessageV2:
    content = [
        models.CohereTextContentV2(text=part) if isinstance(part, str) else part for part in parts
    ]
    return models.CohereUserMessageV2(content=content)


def test_coherev2_answers_and_streams(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud, ✓.")
    request = cohere_v2(oci_emulator, "vision", user_v2(QUESTION))
    chat = said(oci_emulator, request)
    *events, ending = streamed(oci_emulator, request)

    assert isinstance(chat, models.CohereChatResponseV2)
    assert chat.message.content[0].text == "A cloud, ✓."
    assert chat.finish_reason == ending["finishReason"] == "COMPLETE"
    parts = [part["text"] for event in events for part in event["message"].get("content", [])]
    assert "".join(parts) == "A cloud, ✓."


def test_coherev2_looks_at_images(oci_emulator: Emulator) -> None:
    image = models.CohereImageContentV2(image_url=models.CohereImageUrlV2(url=PNG))
    chat = said(oci_emulator, cohere_v2(oci_emulator, "vision", user_v2("Look:", image)))
    assert "I was shown 1 image (png, 4 bytes)." in chat.message.content[0].text


def test_coherev2_thinks_and_calls_tools(oci_emulator: Emulator) -> None:
    function = models.Function(name="weather", description="Of a city.", parameters=CITY)
    more = {
        "tools": [models.CohereToolV2(type="FUNCTION", function=function)],
        "tools_choice": "REQUIRED",
        "thinking": models.CohereThinkingV2(type="ENABLED", token_budget=50),
    }
    question = user_v2("What is the weather?")
    chat = said(oci_emulator, cohere_v2(oci_emulator, "reasoning", question, **more))
    (call,) = chat.message.tool_calls

    assert chat.finish_reason == "TOOL_CALL"
    assert chat.message.content[0].thinking
    assert chat.message.tool_plan
    assert call.function == {"name": "weather", "arguments": '{"city":"example"}'}
    assert chat.usage.completion_tokens_details.reasoning_tokens > 0

    first, *_, called, ending = streamed(
        oci_emulator, cohere_v2(oci_emulator, "reasoning", question, **more)
    )
    assert first["message"]["content"][0]["type"] == "THINKING"
    assert called["message"]["toolCalls"][0]["function"] == call.function
    assert ending["finishReason"] == "TOOL_CALL"

    turns = [
        question,
        chat.message,
        models.CohereToolMessageV2(
            tool_call_id=call.id, content=[models.CohereTextContentV2(text="snow")]
        ),
    ]
    answer = said(oci_emulator, cohere_v2(oci_emulator, "reasoning", *turns))
    assert "snow" in answer.message.content[-1].text


def test_json_follows_its_schema_over_coherev2(oci_emulator: Emulator) -> None:
    format = models.CohereResponseJsonFormat(schema=CITY)
    request = cohere_v2(oci_emulator, "vision", user_v2("Hi"), response_format=format)
    assert json.loads(said(oci_emulator, request).message.content[0].text) == {"city": "example"}


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
    assert len(everything.data) == len(catalog.models()) + 1  # one is imported


def test_endpoints_lead_to_their_models(oci_emulator: Emulator) -> None:
    client = management(oci_emulator)
    listed = client.list_endpoints(oci_emulator.compartment_id, lifecycle_state="ACTIVE").data.items
    endpoint = client.get_endpoint(oci_emulator.endpoints["COHERE"]).data

    assert {each.id for each in listed} == set(oci_emulator.endpoints.values())
    assert client.get_model(endpoint.model_id).data.display_name == COHERE
    assert endpoint.time_created.year == 2025


def test_models_are_discovered(oci_emulator: Emulator) -> None:
    found = management(oci_emulator).list_model_discovery(
        oci_emulator.compartment_id,
        region=["us-chicago-1"],
        serving_mode=["ON_DEMAND"],
        capability=["CHAT"],
        is_deprecated=False,
    )
    by_id = {item.model_id: item for item in found.data.items}

    assert GROK in by_id
    assert by_id[GROK].modality_support[1].input == "IMAGE"
    assert by_id[GROK].availability[0].region == "us-chicago-1"


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
