"""Google's SDK with ocicat's auth classes, on OCI's Google-compatible surface."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

import httpx
import httpx2
import pytest
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

import ocicat
from ocicat.emulator import Emulator

MODEL = "google.gemini-2.5-flash"
QUESTION = "Grüße ✓, what is OCI?"
PNG = b"\x89PNG\r\n\x1a\n not quite a picture"


class City(BaseModel):
    """A city."""

    name: str
    inhabitants: int


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


class WithKey(ocicat.OciUserPrincipalAuth):
    """Signs requests whose query has Google's API key, as the SDK once wrote it."""

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        request.url = request.url.copy_merge_params({"key": "a-key-of-google"})
        yield from super().sync_auth_flow(request)


def client(emulator: Emulator, library: Any = httpx2, auth: Any = None) -> genai.Client:
    auth = auth or ocicat.OciUserPrincipalAuth()
    options = types.HttpOptions(
        base_url=f"{emulator.url}/google",
        api_version="v1beta",
        httpx_client=library.Client(auth=auth),
        httpx_async_client=library.AsyncClient(auth=auth),
    )
    return genai.Client(api_key="a-key-of-google", http_options=options)


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_chat_is_answered(oci_emulator: Emulator, library: Any) -> None:
    reply = client(oci_emulator, library).models.generate_content(model=MODEL, contents=QUESTION)

    assert QUESTION in (reply.text or "")
    assert reply.candidates is not None
    assert reply.candidates[0].finish_reason == types.FinishReason.STOP
    assert reply.usage_metadata is not None
    assert reply.usage_metadata.prompt_token_count == 7
    received = oci_emulator.ledger.last
    assert received.verified
    assert "x-goog-api-key" not in received.headers


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_a_stream_keeps_its_query_parameter(oci_emulator: Emulator, library: Any) -> None:
    sdk = client(oci_emulator, library)
    chunks = list(sdk.models.generate_content_stream(model=MODEL, contents=QUESTION))

    assert len(chunks) > 5
    assert QUESTION in "".join(chunk.text or "" for chunk in chunks)
    assert chunks[-1].candidates is not None
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata is not None
    received = oci_emulator.ledger.last
    assert received.verified
    assert received.target.endswith(":streamGenerateContent?alt=sse")


@pytest.mark.parametrize("library", [httpx, httpx2])
def test_an_api_key_in_the_query_is_left_out_and_nothing_else(
    oci_emulator: Emulator, library: Any
) -> None:
    sdk = client(oci_emulator, library, WithKey())
    chunks = list(sdk.models.generate_content_stream(model=MODEL, contents=QUESTION))

    assert QUESTION in "".join(chunk.text or "" for chunk in chunks)
    assert oci_emulator.ledger.last.target.endswith(":streamGenerateContent?alt=sse")


@pytest.mark.anyio
@pytest.mark.parametrize("library", [httpx, httpx2])
async def test_the_asynchronous_client_is_answered(oci_emulator: Emulator, library: Any) -> None:
    sdk = client(oci_emulator, library).aio

    reply = await sdk.models.generate_content(model=MODEL, contents=QUESTION)
    stream = await sdk.models.generate_content_stream(model=MODEL, contents=QUESTION)

    assert QUESTION in (reply.text or "")
    assert QUESTION in "".join([chunk.text or "" async for chunk in stream])
    assert all(entry.verified for entry in oci_emulator.ledger)


def test_a_function_is_called_and_its_result_returned(oci_emulator: Emulator) -> None:
    oci_emulator.when("Oslo").call_tool("get_weather", {"city": "Oslo"}).times(1)
    config = types.GenerateContentConfig(tools=[get_weather], system_instruction="Be brief.")
    chat = client(oci_emulator).chats.create(model=MODEL, config=config)

    reply = chat.send_message("The weather in Oslo?")

    assert "Sunny in Oslo." in (reply.text or "")
    asked, answered = oci_emulator.ledger.chats
    assert asked.request is not None
    assert answered.request is not None
    assert asked.request["messages"][0]["role"] == "system"
    assert [each["role"] for each in answered.request["messages"]][-2:] == ["assistant", "tool"]


def test_parallel_calls_of_a_stream_come_whole(oci_emulator: Emulator) -> None:
    rule = oci_emulator.when("Oslo").call_tool("get_weather", {"city": "Oslo"})
    rule.call_tool("get_weather", {"city": "Rome"})
    off = types.AutomaticFunctionCallingConfig(disable=True)
    config = types.GenerateContentConfig(tools=[get_weather], automatic_function_calling=off)

    chunks = client(oci_emulator).models.generate_content_stream(
        model=MODEL, contents="Oslo and Rome?", config=config
    )

    calls = [call for chunk in chunks for call in chunk.function_calls or ()]
    assert [call.args for call in calls] == [{"city": "Oslo"}, {"city": "Rome"}]


def test_json_follows_its_schema(oci_emulator: Emulator) -> None:
    config = types.GenerateContentConfig(
        response_mime_type="application/json", response_schema=City
    )
    reply = client(oci_emulator).models.generate_content(
        model=MODEL, contents="A city, please.", config=config
    )

    assert isinstance(reply.parsed, City)


def test_thoughts_are_told_on_request(oci_emulator: Emulator) -> None:
    config = types.GenerateContentConfig(
        thinking_config=types.ThinkingConfig(include_thoughts=True), temperature=0.5
    )
    reply = client(oci_emulator).models.generate_content(
        model=MODEL, contents=QUESTION, config=config
    )

    assert reply.candidates is not None
    assert reply.candidates[0].content is not None
    thought, said = reply.candidates[0].content.parts or ()
    assert thought.thought
    assert "temperature=0.5" in (said.text or "")
    assert reply.usage_metadata is not None
    assert (reply.usage_metadata.thoughts_token_count or 0) > 0


@pytest.mark.parametrize(
    ("mime_type", "seen"),
    [
        ("image/png", "1 image"),
        ("audio/wav", "1 audio recording"),
        ("video/mp4", "1 video"),
        ("application/pdf", "1 document"),
    ],
)
def test_media_arrive(oci_emulator: Emulator, mime_type: str, seen: str) -> None:
    part = types.Part.from_bytes(data=PNG, mime_type=mime_type)
    reply = client(oci_emulator).models.generate_content(model=MODEL, contents=[part, "This?"])

    assert f"I was shown {seen}" in (reply.text or "")
    assert f"{len(PNG)} bytes" in (reply.text or "")


def test_an_api_key_of_oci_needs_no_signature(oci_emulator: Emulator) -> None:
    options = types.HttpOptions(base_url=f"{oci_emulator.url}/google", api_version="v1beta")
    sdk = genai.Client(api_key=oci_emulator.identity.add_api_key(), http_options=options)

    assert QUESTION in (sdk.models.generate_content(model=MODEL, contents=QUESTION).text or "")


def test_googles_own_key_opens_nothing(oci_emulator: Emulator) -> None:
    options = types.HttpOptions(base_url=f"{oci_emulator.url}/google", api_version="v1beta")
    sdk = genai.Client(api_key="a-key-of-google", http_options=options)

    with pytest.raises(errors.ClientError) as raised:
        sdk.models.generate_content(model=MODEL, contents=QUESTION)
    assert raised.value.code == 401


@pytest.mark.parametrize(
    ("ask", "code"),
    [
        (lambda sdk: sdk.models.generate_content(model="google.gemini-9", contents="Hi"), 404),
        (lambda sdk: sdk.models.generate_content(model="xai.grok-4.3", contents="Hi"), 400),
        (
            lambda sdk: sdk.models.generate_content(
                model=MODEL, contents="Hi", config=types.GenerateContentConfig(temperature=3)
            ),
            400,
        ),
    ],
)
def test_what_cannot_be_served_is_refused(
    oci_emulator: Emulator, ask: Callable[[genai.Client], Any], code: int
) -> None:
    with pytest.raises(errors.ClientError) as raised:
        ask(client(oci_emulator))
    assert raised.value.code == code
    assert raised.value.status in ("NOT_FOUND", "INVALID_ARGUMENT")
