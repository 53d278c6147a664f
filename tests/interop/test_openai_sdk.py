"""The stock ``openai`` SDK against the emulator: with Oracle's ``oci-genai-auth``, and with ocicat.

The first half judges the emulator by what strangers send, the second ocicat's transport by what a
stranger makes of its answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import httpx2
import openai
import pydantic
import pytest
from oci_genai_auth import OciUserPrincipalAuth

from ocicat import AsyncOciTransport, OciTransport
from ocicat.emulator import Emulator
from ocicat.emulator.home import new_key
from support.emulator_client import COHERE, LLAMA

QUESTION = "Grüße ✓, what is OCI?"
MESSAGES: Any = [{"role": "user", "content": QUESTION}]
PATHS = ["/openai/v1", "/20231130/actions/v1"]


class Tampering(OciUserPrincipalAuth):
    """Signs, and then changes the request."""

    def __init__(self, config_file: str, change: Any) -> None:
        super().__init__(config_file=config_file)
        self.change = change

    def _sign_request(self, request: httpx.Request, content: bytes, signer: Any) -> None:
        super()._sign_request(request, content, signer)
        self.change(request)


def headers(emulator: Emulator) -> dict[str, str]:
    return {
        "CompartmentId": emulator.compartment_id,
        "opc-compartment-id": emulator.compartment_id,
    }


@contextmanager
def client(
    emulator: Emulator, auth: httpx.Auth | None = None, path: str = PATHS[0]
) -> Iterator[openai.OpenAI]:
    used = auth or OciUserPrincipalAuth(config_file=str(emulator.home.config_file))
    with (
        httpx.Client(auth=used, headers=headers(emulator), trust_env=False) as transport,
        openai.OpenAI(
            api_key="not used",
            base_url=emulator.url + path,
            http_client=transport,  # type: ignore[arg-type]
            max_retries=0,
        ) as made,
    ):
        yield made


@pytest.mark.parametrize("path", PATHS)
def test_a_chat_is_answered(oci_emulator: Emulator, path: str) -> None:
    with client(oci_emulator, path=path) as sdk:
        reply = sdk.chat.completions.create(model=LLAMA, messages=MESSAGES, temperature=0.5)

    assert reply.model == LLAMA
    assert QUESTION in (reply.choices[0].message.content or "")
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == 7
    assert oci_emulator.ledger.last.verified


@pytest.mark.parametrize("path", PATHS)
def test_a_stream_with_usage_is_answered(oci_emulator: Emulator, path: str) -> None:
    oci_emulator.when("OCI").answer("A cloud, ✓.")
    with client(oci_emulator, path=path) as sdk:
        chunks = list(
            sdk.chat.completions.create(
                model=LLAMA,
                messages=MESSAGES,
                stream=True,
                stream_options={"include_usage": True},
            )
        )

    *deltas, usage = chunks
    assert "".join(chunk.choices[0].delta.content or "" for chunk in deltas) == "A cloud, ✓."
    assert deltas[0].choices[0].delta.role == "assistant"
    assert deltas[-1].choices[0].finish_reason == "stop"
    assert usage.usage is not None
    assert usage.usage.completion_tokens == 5


@pytest.mark.anyio
async def test_the_asynchronous_client_is_answered(oci_emulator: Emulator) -> None:
    auth = OciUserPrincipalAuth(config_file=str(oci_emulator.home.config_file))
    async with (
        httpx.AsyncClient(auth=auth, headers=headers(oci_emulator), trust_env=False) as transport,
        openai.AsyncOpenAI(
            api_key="not used",
            base_url=oci_emulator.url + PATHS[0],
            http_client=transport,  # type: ignore[arg-type]
            max_retries=0,
        ) as sdk,
    ):
        stream: AsyncIterator[Any] = await sdk.chat.completions.create(
            model=LLAMA, messages=MESSAGES, stream=True
        )
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert QUESTION in text


def test_an_invalid_parameter_is_reported(oci_emulator: Emulator) -> None:
    with client(oci_emulator) as sdk, pytest.raises(openai.BadRequestError) as raised:
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES, temperature=3)

    assert raised.value.param == "temperature"
    assert "temperature" in raised.value.response.headers["x-ocicat-emulator-reason"]


def test_cohere_is_refused(oci_emulator: Emulator) -> None:
    with client(oci_emulator) as sdk, pytest.raises(openai.BadRequestError):
        sdk.chat.completions.create(model=COHERE, messages=MESSAGES)


def test_an_unknown_model_is_not_found(oci_emulator: Emulator) -> None:
    with client(oci_emulator) as sdk, pytest.raises(openai.NotFoundError):
        sdk.chat.completions.create(model="nobody.knows", messages=MESSAGES)


def test_without_a_compartment_it_is_refused(oci_emulator: Emulator) -> None:
    auth = OciUserPrincipalAuth(config_file=str(oci_emulator.home.config_file))
    with (
        httpx.Client(auth=auth, trust_env=False) as transport,
        openai.OpenAI(
            api_key="not used",
            base_url=oci_emulator.url + PATHS[0],
            http_client=transport,  # type: ignore[arg-type]
            max_retries=0,
        ) as sdk,
        pytest.raises(openai.NotFoundError),
    ):
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES)


def test_an_api_key_alone_is_refused(oci_emulator: Emulator) -> None:
    with (
        httpx.Client(headers=headers(oci_emulator), trust_env=False) as transport,
        openai.OpenAI(
            api_key="sk-secret",
            base_url=oci_emulator.url + PATHS[0],
            http_client=transport,  # type: ignore[arg-type]
            max_retries=0,
        ) as sdk,
        pytest.raises(openai.AuthenticationError),
    ):
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES)


@pytest.mark.parametrize("stream", [False, True])
def test_another_key_is_refused(oci_emulator: Emulator, stream: bool) -> None:
    oci_emulator.home.key_file.write_bytes(new_key())
    with client(oci_emulator) as sdk, pytest.raises(openai.AuthenticationError) as raised:
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES, stream=stream)

    assert "Failed to verify" in str(raised.value)


@pytest.mark.parametrize("stream", [False, True])
def test_a_changed_body_is_refused(oci_emulator: Emulator, stream: bool) -> None:
    def change(request: httpx.Request) -> None:
        content = request.content.replace(b"OCI", b"AWS")
        request.stream = httpx.ByteStream(content)

    auth = Tampering(str(oci_emulator.home.config_file), change)
    with client(oci_emulator, auth) as sdk, pytest.raises(openai.AuthenticationError):
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES, stream=stream)

    assert oci_emulator.ledger.last.json["messages"][0]["content"].endswith("AWS?")
    assert "SHA-256" in (oci_emulator.ledger.last.refusal or "")


@pytest.mark.parametrize("stream", [False, True])
def test_an_old_date_is_refused(oci_emulator: Emulator, stream: bool) -> None:
    oci_emulator.clock_offset = 301
    with client(oci_emulator) as sdk, pytest.raises(openai.AuthenticationError) as raised:
        sdk.chat.completions.create(model=LLAMA, messages=MESSAGES, stream=stream)

    assert "not within allowed clock skew" in str(raised.value)


# --- the stock SDK over ocicat's transport ------------------------------------------------------

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
DIALECTS = [
    pytest.param("xai.grok-4.3", {}, id="OpenAI's chat"),
    pytest.param(LLAMA, {"transport": "native"}, id="GENERIC"),
    pytest.param(COHERE, {}, id="COHERE"),
    pytest.param("cohere.command-a-reasoning-08-2025", {}, id="COHEREV2"),
    pytest.param("xai.grok-4.20-multi-agent", {}, id="Responses"),
]


@contextmanager
def over_transport(library: Any = httpx2, **arguments: Any) -> Iterator[openai.OpenAI]:
    http = library.Client(transport=OciTransport(**arguments))
    with openai.OpenAI(api_key="OCI", http_client=http, max_retries=0) as made:
        yield made


@LIBRARIES
@pytest.mark.parametrize(("model", "arguments"), DIALECTS)
def test_the_transport_answers_for_every_dialect(
    oci_emulator: Emulator, library: Any, model: str, arguments: dict[str, Any]
) -> None:
    oci_emulator.add_model("cohere.command-a-reasoning-08-2025")
    oci_emulator.when("OCI").answer("A cloud, ✓.")
    with over_transport(library, **arguments) as sdk:
        reply = sdk.chat.completions.create(model=model, messages=MESSAGES)
        with sdk.chat.completions.stream(model=model, messages=MESSAGES) as stream:
            streamed = stream.get_final_completion()

    assert reply.choices[0].message.content == "A cloud, ✓."
    assert streamed.choices[0].message.content == "A cloud, ✓."
    assert all(received.verified for received in oci_emulator.ledger)


@LIBRARIES
def test_the_transport_answers_asynchronously(oci_emulator: Emulator, library: Any) -> None:
    async def ask() -> tuple[str | None, str]:
        http = library.AsyncClient(transport=AsyncOciTransport())
        async with openai.AsyncOpenAI(api_key="OCI", http_client=http) as sdk:
            reply = await sdk.chat.completions.create(model=COHERE, messages=MESSAGES)
            stream: Any = await sdk.chat.completions.create(
                model=COHERE, messages=MESSAGES, stream=True
            )
            pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
            return reply.choices[0].message.content, "".join(pieces)

    whole, streamed = asyncio.run(ask())
    assert QUESTION in (whole or "")
    assert QUESTION in streamed


@LIBRARIES
def test_the_transport_repeats_nothing_and_the_sdk_does(
    oci_emulator: Emulator, library: Any
) -> None:
    oci_emulator.when("OCI").fail(429, retry_after=0.01).times(2)
    with over_transport(library) as sdk:
        with pytest.raises(openai.RateLimitError):
            sdk.chat.completions.create(model=LLAMA, messages=MESSAGES)
        assert len(oci_emulator.ledger) == 1
        again = sdk.with_options(max_retries=1)
        assert again.chat.completions.create(model=LLAMA, messages=MESSAGES).choices
    assert len(oci_emulator.ledger) == 3


def test_the_sdks_variables_do_not_reach_oci(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API_KEY", "ADMIN_KEY", "ORG_ID", "PROJECT_ID"):
        monkeypatch.setenv(f"OPENAI_{name}", "not-for-oci")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/not-for-oci/v1")
    with openai.OpenAI(http_client=httpx2.Client(transport=OciTransport())) as sdk:
        assert sdk.chat.completions.create(model=LLAMA, messages=MESSAGES).choices
        assert sdk.files.list() is not None
    for received in oci_emulator.ledger:
        assert received.verified
        assert "not-for-oci" not in str(dict(received.headers)) + received.target


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Responses are kept in no file."""
    monkeypatch.setenv("OCICAT_RESPONSE_STORE", ":memory:")


class Pair(pydantic.BaseModel):
    left: int
    right: int


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("model", ["xai.grok-4.3", COHERE])
def test_responses_are_created_streamed_parsed_and_kept(oci_emulator: Emulator, model: str) -> None:
    oci_emulator.when("Pair").answer('{"left": 1, "right": 2}')
    oci_emulator.when("OCI").answer("A cloud, ✓.")
    with over_transport() as sdk:
        made = sdk.responses.create(model=model, input=QUESTION)
        events = list(sdk.responses.create(model=model, input=QUESTION, stream=True))
        with sdk.responses.stream(model=model, input=QUESTION) as stream:
            final = stream.get_final_response()
        parsed = sdk.responses.parse(model=model, input="A Pair.", text_format=Pair)
        kept = sdk.responses.retrieve(made.id)
        items = sdk.responses.input_items.list(made.id)
        sdk.responses.create(model=model, input="And now?", previous_response_id=made.id)
        sdk.responses.delete(made.id)
        with pytest.raises(openai.NotFoundError):
            sdk.responses.retrieve(made.id)

    assert made.output_text == final.output_text == kept.output_text == "A cloud, ✓."
    assert made._request_id
    assert [events[0].type, events[-1].type] == ["response.created", "response.completed"]
    assert parsed.output_parsed == Pair(left=1, right=2)
    assert items.data[0].type == "message"
    assert all(received.verified for received in oci_emulator.ledger)


@pytest.mark.usefixtures("memory")
def test_responses_fail_as_the_sdk_knows_it(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").fail(429)
    with over_transport() as sdk:
        for stream in (False, True):
            with pytest.raises(openai.RateLimitError):
                sdk.responses.create(model=COHERE, input=QUESTION, stream=stream)


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize(("model", "after"), [("xai.grok-4.3", 5), (COHERE, 2)])
def test_a_response_that_breaks_off_raises_as_it_does_at_openai(
    oci_emulator: Emulator, model: str, after: int
) -> None:
    oci_emulator.when("OCI").answer("one two three four five six").cut_after(after)
    seen = []
    with over_transport() as sdk, pytest.raises(openai.APIError) as broken:
        for event in sdk.responses.create(model=model, input=QUESTION, stream=True):
            seen.append(event.type)

    assert broken.value.code in ("server_error", "stream_broken")
    assert seen[0] == "response.created"
    assert "response.completed" not in seen


def test_files_stores_containers_and_conversations_are_ocis(oci_emulator: Emulator) -> None:
    content = bytes(range(256)) * 10
    with over_transport() as sdk:
        file = sdk.files.create(file=("a.bin", content), purpose="user_data")
        assert sdk.files.retrieve(file.id).filename == "a.bin"
        assert sdk.files.content(file.id).read() == content
        assert [each.id for each in sdk.files.list()] == [file.id]

        store = sdk.vector_stores.create(name="mine")
        sdk.vector_stores.files.create(store.id, file_id=file.id)
        assert sdk.vector_stores.retrieve(store.id).name == "mine"
        assert sdk.vector_stores.files.list(store.id).data[0].id == file.id
        assert sdk.vector_stores.search(store.id, query="a") is not None
        sdk.vector_stores.delete(store.id)

        container = sdk.containers.create(name="mine")
        assert sdk.containers.retrieve(container.id).name == "mine"
        sdk.containers.delete(container.id)

        talk = sdk.conversations.create(metadata={"a": "b"})
        assert sdk.conversations.retrieve(talk.id).metadata == {"a": "b"}
        sdk.conversations.delete(talk.id)
        sdk.files.delete(file.id)

    assert all(received.verified for received in oci_emulator.ledger)
    targets = {received.path.rpartition("/vector_stores")[0] for received in oci_emulator.ledger}
    assert "/20231130/openai/v1" in targets
