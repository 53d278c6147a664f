"""The stock ``openai`` SDK with Oracle's ``oci-genai-auth`` against the emulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import openai
import pytest
from oci_genai_auth import OciUserPrincipalAuth

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
