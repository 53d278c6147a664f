"""``OciOpenAI`` and ``AsyncOciOpenAI`` against the emulator: OpenAI's own SDK, unchanged."""

from __future__ import annotations

import asyncio
import copy
import pickle
import time
from typing import Any

import httpx2
import openai
import pytest
from pydantic import BaseModel

import ocicat
from ocicat import AsyncOciOpenAI, OciOpenAI, OciTransport, OciUserPrincipalAuth, errors
from ocicat.emulator import Emulator
from support.relay import relay

COHERE = "cohere.command-a-03-2025"
GROK = "xai.grok-4.3"
COHERE_V2 = "cohere.command-a-reasoning-08-2025"
RESPONSES_ONLY = "xai.grok-4.20-multi-agent"
ASK: Any = [{"role": "user", "content": "What is OCI?"}]
MODELS = [
    pytest.param(GROK, {}, id="OpenAI's chat"),
    pytest.param(GROK, {"transport": "native"}, id="GENERIC"),
    pytest.param(COHERE, {}, id="COHERE"),
    pytest.param(COHERE_V2, {}, id="COHEREV2"),
    pytest.param(RESPONSES_ONLY, {}, id="Responses"),
]
WEATHER: Any = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "The weather.",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},
                "required": ["city"],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
]


@pytest.fixture(autouse=True)
def models(oci_emulator: Emulator) -> None:
    oci_emulator.add_model(COHERE_V2)


def strict(**arguments: Any) -> OciOpenAI:
    """A client that refuses replies which do not fit the SDK's own classes."""
    return OciOpenAI(_strict_response_validation=True, **arguments)


# --- chats --------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
def test_the_refusal_of_one_of_several_calls_is_the_sdks_own_error(
    oci_emulator: Emulator, stream: bool
) -> None:
    oci_emulator.when().fail(400, message="No.")
    with OciOpenAI() as client, pytest.raises(openai.BadRequestError, match="No"):
        client.chat.completions.create(model=COHERE, messages=ASK, n=2, stream=stream)


def test_several_answers_stream_at_once(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("one two three").stall(20, after_events=2).times(1)
    oci_emulator.when().answer("one two three")
    with OciOpenAI(timeout=5) as client:
        chunks = client.chat.completions.create(model=COHERE, messages=ASK, n=2, stream=True)
        with chunks:
            assert any(choice.finish_reason for chunk in chunks for choice in chunk.choices)


@pytest.mark.parametrize(("model", "arguments"), MODELS)
def test_a_chat_is_answered_in_the_sdks_own_classes(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").answer("A cloud ☁️.")
    with strict(**arguments) as client:
        reply = client.chat.completions.create(model=model, messages=ASK)
    assert reply.choices[0].message.content == "A cloud ☁️."
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.total_tokens > 0
    assert reply._request_id == oci_emulator.ledger.last.opc_request_id


@pytest.mark.parametrize(("model", "arguments"), MODELS)
def test_a_stream_is_made_of_the_sdks_own_classes(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").answer("A cloud ☁️.")
    with strict(**arguments) as client:
        stream = client.chat.completions.create(
            model=model, messages=ASK, stream=True, stream_options={"include_usage": True}
        )
        *chunks, usage = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == "A cloud ☁️."
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert len({chunk.id for chunk in chunks}) == 1
    assert usage.usage is not None
    assert usage.usage.completion_tokens > 0


@pytest.mark.parametrize(("model", "arguments"), MODELS)
def test_tools_are_called_and_answered(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when(lambda asked: asked["messages"][-1]["role"] == "user").call_tool(
        "weather", {"city": "Zürich"}
    )
    oci_emulator.when().answer("Sunny.")
    with strict(**arguments) as client:
        asked = client.chat.completions.create(model=model, messages=ASK, tools=WEATHER)
        call: Any = asked.choices[0].message.tool_calls[0]  # type: ignore[index]
        messages = [
            *ASK,
            asked.choices[0].message,
            {"role": "tool", "tool_call_id": call.id, "content": "sun"},
        ]
        told = client.chat.completions.create(model=model, messages=messages, tools=WEATHER)
    assert asked.choices[0].finish_reason == "tool_calls"
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"Zürich"}')
    assert told.choices[0].message.content == "Sunny."


@pytest.mark.parametrize(("model", "arguments"), MODELS)
def test_the_sdks_own_stream_helper_assembles_tool_calls(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").call_tool("weather", {"city": "Zürich"})
    with strict(**arguments) as client:
        with client.chat.completions.stream(model=model, messages=ASK, tools=WEATHER) as stream:
            seen = {event.type for event in stream}
            final = stream.get_final_completion()
    call: Any = final.choices[0].message.tool_calls[0]  # type: ignore[index]
    assert call.function.parsed_arguments == {"city": "Zürich"}
    assert "tool_calls.function.arguments.done" in seen


class City(BaseModel):
    name: str
    people: int


@pytest.mark.parametrize(
    ("model", "arguments"), [each for each in MODELS if each.id != "Responses"]
)
def test_answers_are_parsed_into_classes(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").answer('{"name": "Bern", "people": 140000}')
    with strict(**arguments) as client:
        parsed = client.chat.completions.parse(model=model, messages=ASK, response_format=City)
    assert parsed.choices[0].message.parsed == City(name="Bern", people=140_000)


def test_ocis_own_parameters_come_through_extra_body(oci_emulator: Emulator) -> None:
    extra = {"documents": ["OCI is a cloud."], "citation_quality": "fast", "top_k": 3}
    oci_emulator.when("OCI").answer("A cloud.").cite("A cloud", ["0"])
    with strict() as client:
        reply = client.chat.completions.create(model=COHERE, messages=ASK, extra_body=extra)
    sent = oci_emulator.ledger.last.json["chatRequest"]
    assert (sent["topK"], sent["citationQuality"]) == (3, "FAST")
    assert reply.choices[0].message.citations  # type: ignore[attr-defined]


def test_the_ocid_of_an_endpoint_is_a_model(oci_emulator: Emulator) -> None:
    with strict() as client:
        for ocid in oci_emulator.endpoints.values():
            reply = client.chat.completions.create(model=ocid, messages=ASK)
            assert reply.choices[0].message.content


def test_raw_and_streamed_responses(oci_emulator: Emulator) -> None:
    with strict() as client:
        raw = client.with_raw_response.chat.completions.create(model=COHERE, messages=ASK)
        assert raw.headers["opc-request-id"] == oci_emulator.ledger.last.opc_request_id
        assert raw.parse().choices[0].message.content
        streamed = client.with_streaming_response.chat.completions
        with streamed.create(model=COHERE, messages=ASK, stream=True) as answer:
            lines = list(answer.iter_lines())
    assert lines[-2:] == ["data: [DONE]", ""] or lines[-1] == "data: [DONE]"


# --- other operations ---------------------------------------------------------------------------


def test_embeddings_as_the_sdk_asks_for_them(oci_emulator: Emulator) -> None:
    with OciOpenAI() as client:  # the SDK's own base64 does not fit its own class
        packed = client.embeddings.create(model="cohere.embed-v4.0", input=["a", "b"])
        listed = client.embeddings.create(
            model="cohere.embed-v4.0", input=["a", "b"], encoding_format="float"
        )
    assert len(packed.data) == 2
    assert packed.data[0].embedding == pytest.approx(listed.data[0].embedding)
    assert packed.usage.total_tokens > 0


def test_embeddings_leave_out_what_is_refused_where_that_is_wanted(oci_emulator: Emulator) -> None:
    oci_emulator.at("/20231130/actions/embedText").refuse_parameter("outputDimensions")
    asked: Any = {"model": "cohere.embed-v4.0", "input": "a", "dimensions": 256}
    with OciOpenAI() as client, pytest.raises(openai.BadRequestError):
        client.embeddings.create(**asked)
    with OciOpenAI(drop_params=True) as client:
        reply: Any = client.embeddings.create(**asked)
    assert reply.oci_notes[0]["parameter"] == "dimensions"


def test_models_are_listed_and_described(oci_emulator: Emulator) -> None:
    with strict() as client:
        assert GROK in {model.id for model in client.models.list()}
        assert client.models.retrieve(GROK).owned_by == "xai"
        with pytest.raises(openai.NotFoundError):
            client.models.retrieve("nobody.knows")


def test_the_ocid_of_an_endpoint_is_a_model_that_is_described(oci_emulator: Emulator) -> None:
    endpoint = oci_emulator.endpoints["COHERE"]
    with strict() as client:
        described = client.models.retrieve(endpoint)
        assert (described.id, described.owned_by) == (endpoint, "cohere")
        with pytest.raises(openai.NotFoundError) as nobody:
            client.models.retrieve("ocid1.generativeaiendpoint.oc1.us-chicago-1.nobody")
    assert (nobody.value.code, nobody.value.param) == ("model_not_found", "model")


def test_what_oci_does_not_have_is_refused_by_name(oci_emulator: Emulator) -> None:
    with strict() as client, pytest.raises(openai.NotFoundError, match="/audio/speech") as caught:
        client.audio.speech.create(model="x", voice="alloy", input="hello")
    assert caught.value.code == "unsupported_endpoint"
    assert len(oci_emulator.ledger) == 0


# --- failures -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
@pytest.mark.parametrize("model", [GROK, COHERE])
@pytest.mark.parametrize("stream", [False, True])
def test_each_error_is_the_sdks_own(
    oci_emulator: Emulator, status: int, kind: type[openai.APIStatusError], model: str, stream: bool
) -> None:
    oci_emulator.when("OCI").fail(status, message="because of that")
    with strict(max_retries=0) as client, pytest.raises(kind, match="because of that") as caught:
        client.chat.completions.create(model=model, messages=ASK, stream=stream)
    assert caught.value.status_code == status
    assert caught.value.request_id == oci_emulator.ledger.last.opc_request_id
    assert len(oci_emulator.ledger) == 1


def test_what_a_dialect_cannot_say_is_a_bad_request(oci_emulator: Emulator) -> None:
    with strict() as client, pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=COHERE, messages=ASK, logit_bias={"1": 1})
    assert (caught.value.code, caught.value.param) == ("unsupported_feature", "logit_bias")
    with strict(drop_params=True) as client:
        reply: Any = client.chat.completions.create(model=COHERE, messages=ASK, logit_bias={"1": 1})
    assert reply.oci_notes[0]["parameter"] == "logit_bias"


def test_a_context_that_is_too_long_has_openais_code(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").fail(400, message="the prompt is too long for the context length")
    with strict() as client, pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model=GROK, messages=ASK)
    assert caught.value.code == "context_length_exceeded"


def test_a_broken_stream_is_an_api_error(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("one two three").cut_after(2)
    with strict() as client, pytest.raises(openai.APIError) as caught:
        list(client.chat.completions.create(model=COHERE, messages=ASK, stream=True))
    assert caught.value.code == "stream_broken"
    assert "`partial`" not in caught.value.message


def test_the_sdk_repeats_what_failed_in_passing_and_nobody_else_does(
    oci_emulator: Emulator,
) -> None:
    oci_emulator.when("OCI").fail(503).times(1)
    oci_emulator.when("OCI").fail(429, retry_after=0.01).times(1)
    with strict(max_retries=2) as client:
        assert client.chat.completions.create(model=GROK, messages=ASK).choices
    assert len(oci_emulator.ledger) == 3
    oci_emulator.ledger.clear()
    oci_emulator.when("OCI").reset()
    with strict(max_retries=1) as client, pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model=GROK, messages=ASK)
    assert len(oci_emulator.ledger) in (2, 3)  # a reset of a used connection is tried again at once


def test_a_time_out_is_the_sdks_own(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").stall(5)
    with strict(timeout=0.2, max_retries=0) as client, pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model=GROK, messages=ASK)
    with strict(max_retries=0) as client, pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.2).chat.completions.create(model=GROK, messages=ASK)


def test_a_mistake_in_the_settings_is_ocicats_own_error_and_not_repeated(
    oci_emulator: Emulator,
) -> None:
    with strict(profile="NOBODY") as client, pytest.raises(errors.ProfileNotFound):
        client.chat.completions.create(model=GROK, messages=ASK)


# --- arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize("more", ["", "/", "/openai/v1", "/openai/v1/"])
def test_a_service_endpoint_may_already_end_in_the_api(oci_emulator: Emulator, more: str) -> None:
    with OciOpenAI(service_endpoint=oci_emulator.url + more) as client:
        assert str(client.base_url) == f"{oci_emulator.url}/openai/v1/"


def test_the_arguments_of_oci_openai(oci_emulator: Emulator) -> None:
    client = OciOpenAI(
        auth=OciUserPrincipalAuth(),
        service_endpoint=oci_emulator.url,
        compartment_id=oci_emulator.compartment_id,
        timeout=20,
        max_retries=1,
        default_headers={"opc-request-id": "mine"},
        default_query={"a": "b"},
    )
    with client:
        assert client.chat.completions.create(model=COHERE, messages=ASK).choices
    assert str(client.base_url) == f"{oci_emulator.url}/openai/v1/"
    assert client.is_closed()
    assert oci_emulator.ledger.last.opc_request_id.startswith("mine")


@pytest.mark.parametrize(
    "arguments",
    [
        {"region": "ORD"},
        {"base_url": "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/openai/v1"},
        {"service_endpoint": "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"},
    ],
)
def test_an_address_of_oci_is_a_region(oci_emulator: Emulator, arguments: dict[str, Any]) -> None:
    with strict(**arguments) as client:
        assert client.base_url.host == "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
        assert client.chat.completions.create(model=GROK, messages=ASK).choices


def test_a_base_url_of_ones_own_is_followed(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay(oci_emulator.url) as wire, strict(base_url=f"{wire.url}/openai/v1") as client:
        for _ in range(2):
            assert client.chat.completions.create(model=COHERE, messages=ASK).choices
        assert wire.connections == 1


def test_an_api_key_is_sent_instead_of_a_signature(oci_emulator: Emulator) -> None:
    key = oci_emulator.identity.add_api_key()
    with strict(api_key=key) as client:
        assert client.chat.completions.create(model=GROK, messages=ASK).choices
        assert client.with_options(timeout=9).chat.completions.create(model=GROK, messages=ASK)
    for received in oci_emulator.ledger:
        assert received.verified
        assert received.key_id is None
    with strict(api_key="sk-other", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError):
            client.chat.completions.create(model=GROK, messages=ASK)
    with pytest.raises(errors.InvalidSetting, match="api_key"):
        OciOpenAI(api_key=lambda: key)  # type: ignore[arg-type, return-value]


def test_a_project_and_a_conversation_store_are_sent_to_responses(oci_emulator: Emulator) -> None:
    project = "ocid1.generativeaiproject.oc1.us-chicago-1.mine"
    oci_emulator.add_project(project)
    with strict(project=project) as client:
        client.chat.completions.create(model=RESPONSES_ONLY, messages=ASK)
    assert oci_emulator.ledger.last.headers["openai-project"] == project
    with strict(conversation_store_id="ocid1.store", max_retries=0) as client:
        assert client.default_headers["opc-conversation-store-id"] == "ocid1.store"


def test_the_variables_of_openai_do_not_count(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "secret-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/secret-of-openai")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Mine: secret-of-openai")
    with strict() as client:
        assert client.chat.completions.create(model=GROK, messages=ASK).choices
        assert client.chat.completions.create(model=RESPONSES_ONLY, messages=ASK).choices
        assert (client.organization, client.project, client.admin_api_key) == (None, None, None)
    for received in oci_emulator.ledger:
        assert "secret-of-openai" not in str(dict(received.headers)) + received.target


def test_they_are_the_sdks_own_clients() -> None:
    assert issubclass(OciOpenAI, openai.OpenAI)
    assert issubclass(AsyncOciOpenAI, openai.AsyncOpenAI)
    assert ocicat.OciOpenAI is OciOpenAI


# --- copies -------------------------------------------------------------------------------------


def test_a_copy_has_the_same_arguments_but_for_what_is_changed(oci_emulator: Emulator) -> None:
    mine = "ocid1.compartment.oc1..mine"
    oci_emulator.add_compartment(mine)
    client = strict(
        compartment_id=mine, timeout=30, default_headers={"a": "1"}, default_query={"q": "1"}
    )
    changed = client.with_options(
        max_retries=7, default_headers={"b": "2"}, set_default_query={"r": "2"}
    )
    assert isinstance(changed, OciOpenAI)
    assert (changed.max_retries, changed.timeout) == (7, 30)
    assert (changed.default_headers["a"], changed.default_headers["b"]) == ("1", "2")
    assert changed.default_query == {"r": "2"}
    assert changed.chat.completions.create(model=GROK, messages=ASK).choices
    assert oci_emulator.ledger.last.headers["opc-compartment-id"] == mine
    back = changed.copy(compartment_id=oci_emulator.compartment_id, timeout=None)
    assert back.timeout is None
    assert back.chat.completions.create(model=COHERE, messages=ASK).choices
    sent = oci_emulator.ledger.last.json
    assert sent["compartmentId"] == oci_emulator.compartment_id
    client.close()
    assert back.chat.completions.create(model=COHERE, messages=ASK).choices
    with pytest.raises(ValueError, match="mutually exclusive"):
        client.copy(default_headers={}, set_default_headers={})


def test_a_copy_may_have_another_identity(oci_emulator: Emulator) -> None:
    client = strict(auth=OciUserPrincipalAuth(), max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="sk-nobody").chat.completions.create(model=GROK, messages=ASK)
    assert oci_emulator.ledger.last.headers["authorization"] == "(redacted)"  # as keys are


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("oci_profil", "oci_profile"),
        ("compartment", "compartment_id"),
        ("max_retrys", "max_retries"),
    ],
)
@pytest.mark.parametrize("kind", [OciOpenAI, AsyncOciOpenAI])
def test_an_argument_that_there_is_not_is_refused_with_the_one_that_was_meant(
    kind: Any, wrong: str, right: str
) -> None:
    with pytest.raises(TypeError, match=f"{wrong}.*{kind.__name__}.*`{right}`"):
        kind(**{wrong: "x"})


def test_a_class_in_place_of_an_identity_is_told_of_at_once() -> None:
    with pytest.raises(errors.InvalidSetting, match=r"auth=OciUserPrincipalAuth\(\)"):
        OciOpenAI(auth=OciUserPrincipalAuth)


def test_a_copy_may_have_another_address(oci_emulator: Emulator) -> None:
    client = strict(region="us-chicago-1")
    assert "us-phoenix-1" in client.copy(region="us-phoenix-1").base_url.host
    with relay(oci_emulator.url) as wire:
        moved = client.copy(base_url=f"{wire.url}/openai/v1")
        assert moved.copy().chat.completions.create(model=GROK, messages=ASK).choices
        assert wire.connections == 1


def test_a_pickled_client_is_its_arguments_and_no_secret(oci_emulator: Emulator) -> None:
    client = strict(
        auth=OciUserPrincipalAuth(config_file=str(oci_emulator.home.config_file)),
        compartment_id=oci_emulator.compartment_id,
        default_headers={"a": "1"},
    )
    client.max_retries = 9
    client.chat.completions.create(model=GROK, messages=ASK)
    data = pickle.dumps(client)
    for again in (pickle.loads(data), copy.deepcopy(client)):
        assert again.max_retries == 9
        assert again.default_headers["a"] == "1"
        assert again.chat.completions.create(model=COHERE, messages=ASK).choices
        assert oci_emulator.ledger.last.verified
    assert b"PRIVATE KEY" not in data
    assert oci_emulator.home.key_id.encode() not in data


# --- event loops --------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "arguments"), MODELS)
@pytest.mark.anyio
async def test_the_asynchronous_client_answers_and_streams(
    oci_emulator: Emulator, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").answer("A cloud ☁️.")
    async with AsyncOciOpenAI(_strict_response_validation=True, **arguments) as client:
        reply = await client.chat.completions.create(model=model, messages=ASK)
        assert reply.choices[0].message.content == "A cloud ☁️."
        async with client.chat.completions.stream(model=model, messages=ASK) as stream:
            final = await stream.get_final_completion()
        assert final.choices[0].message.content == "A cloud ☁️."


def test_one_client_serves_event_loops_one_after_the_other(oci_emulator: Emulator) -> None:
    client = AsyncOciOpenAI()

    async def ask() -> str | None:
        reply = await client.chat.completions.create(model=COHERE, messages=ASK)
        return reply.choices[0].message.content

    assert all(asyncio.run(ask()) for _ in range(3))


def test_the_asynchronous_client_pickles_and_copies(oci_emulator: Emulator) -> None:
    client = pickle.loads(pickle.dumps(AsyncOciOpenAI(timeout=3).with_options(max_retries=4)))
    assert isinstance(client, AsyncOciOpenAI)
    assert (client.timeout, client.max_retries) == (3, 4)


@pytest.mark.anyio
async def test_a_cancelled_call_ends_its_request(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    oci_emulator.when("OCI").answer("one two three").stall(20, after_events=2)
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)
        client = AsyncOciOpenAI()

        async def read() -> None:
            async for _ in await client.chat.completions.create(
                model=COHERE, messages=ASK, stream=True
            ):
                pass

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.5):
                await read()
        deadline = time.monotonic() + 3
        while wire.open and time.monotonic() < deadline:
            await asyncio.sleep(0.01)
        assert wire.open == 0


@pytest.mark.timeout(240)
@pytest.mark.anyio
async def test_a_thousand_streams_at_once(oci_emulator: Emulator) -> None:
    client = AsyncOciOpenAI(timeout=200)

    async def ask(number: int) -> bool:
        messages: Any = [{"role": "user", "content": f"<{number}>"}]
        stream = await client.chat.completions.create(
            model=(GROK, COHERE)[number % 2], messages=messages, stream=True
        )
        text = "".join(
            [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        )
        return f"<{number}>" in text

    assert all(await asyncio.gather(*[ask(number) for number in range(1000)]))


# --- headers ------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [GROK, COHERE])
def test_the_headers_of_a_program_reach_oci(oci_emulator: Emulator, model: str) -> None:
    given = {"X-Gateway": "always", "User-Agent": "mine"}
    once: Any = {"extra_headers": {"X-Trace": "once"}}
    with OciOpenAI(default_headers=given, project=oci_emulator.project_id) as client:
        client.chat.completions.create(model=model, messages=ASK, **once)
        client.responses.create(model=model, input="OCI?", **once)
        client.embeddings.create(model="cohere.embed-v4.0", input="OCI?", **once)
        client.files.create(file=("a.txt", b"a"), purpose="user_data", **once)
        list(client.with_options(default_headers={"X-Trace": "once"}).vector_stores.list())
    assert len(oci_emulator.ledger) == 5
    for received in oci_emulator.ledger:
        said = [received.headers.get(name) for name in ("x-gateway", "x-trace", "user-agent")]
        assert said == ["always", "once", "mine"]
        assert received.verified


def test_headers_of_ocicats_own_and_of_the_sdk_stay_as_they_are(oci_emulator: Emulator) -> None:
    given = {"Authorization": "mine", "Accept-Encoding": "zstd", "OpenAI-Beta": "mine", "Date": ""}
    with strict(default_headers=given) as client:
        client.chat.completions.create(model=GROK, messages=ASK)
    received = oci_emulator.ledger.last
    assert received.verified
    assert received.headers["accept-encoding"] == "identity"
    assert not [name for name in received.headers if name.startswith(("openai-", "x-stainless-"))]


# --- a client that carries the requests ---------------------------------------------------------


def test_an_http_client_of_ones_own_carries_the_requests(oci_emulator: Emulator) -> None:
    seen: list[str] = []
    hooks = {"request": [lambda request: seen.append(request.url.path)]}
    with httpx2.Client(event_hooks=hooks) as carrier, strict(http_client=carrier) as client:
        assert client.chat.completions.create(model=COHERE, messages=ASK).choices
        assert list(client.copy().chat.completions.create(model=GROK, messages=ASK, stream=True))
    assert seen == ["/20231130/actions/chat", "/openai/v1/chat/completions"]


def test_the_headers_of_a_client_that_carries_the_requests_reach_oci(
    oci_emulator: Emulator,
) -> None:
    given = {"X-Gateway": "mine", "Accept-Encoding": "zstd", "Authorization": "mine"}
    with httpx2.Client(headers=given) as carrier, strict(http_client=carrier) as client:
        client.chat.completions.create(model=COHERE, messages=ASK)
    received = oci_emulator.ledger.last
    assert received.verified
    assert (received.headers["x-gateway"], received.headers["accept-encoding"]) == (
        "mine",
        "identity",
    )


@pytest.mark.parametrize(
    ("kind", "carrier"),
    [
        (OciOpenAI, httpx2.AsyncClient()),
        (AsyncOciOpenAI, httpx2.Client()),
        (OciOpenAI, OciTransport()),
    ],
)
def test_a_client_of_another_kind_cannot_carry_the_requests(kind: Any, carrier: Any) -> None:
    with pytest.raises(errors.InvalidSetting, match="http_client") as refused:
        kind(http_client=carrier)
    assert refused.value.setting == "http_client"


@pytest.mark.parametrize("argument", ["base_url", "service_endpoint"])
def test_an_address_that_is_no_url_is_refused_by_its_name(argument: str) -> None:
    with pytest.raises(errors.InvalidSetting) as refused:
        OciOpenAI(**{argument: "inference.example"})  # type: ignore[arg-type]
    assert refused.value.setting == argument


def test_the_transport_itself_cannot_carry_the_requests(oci_emulator: Emulator) -> None:
    with httpx2.Client(transport=OciTransport()) as carrier, strict(http_client=carrier) as client:
        with pytest.raises(errors.InvalidSetting, match="without it"):
            client.chat.completions.create(model=COHERE, messages=ASK)
    assert len(oci_emulator.ledger) == 0


@pytest.mark.anyio
async def test_an_asynchronous_http_client_of_ones_own_carries_them(
    oci_emulator: Emulator,
) -> None:
    seen: list[str] = []

    async def note(request: httpx2.Request) -> None:
        seen.append(request.url.path)

    async with (
        httpx2.AsyncClient(event_hooks={"request": [note]}) as carrier,
        AsyncOciOpenAI(http_client=carrier) as client,
    ):
        assert (await client.chat.completions.create(model=COHERE, messages=ASK)).choices
    assert seen == ["/20231130/actions/chat"]
