"""Deployments of Data Science behind every door, beside chats: vectors, completions, the rest."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import openai
import pytest

from ocicat import AsyncOciOpenAI, OciOpenAI, OciTransport, aembedding, embedding, rerank
from ocicat.emulator import Emulator
from ocicat.emulator.streams import StreamStyle
from ocicat.errors import UnsupportedFeature

ASK: Any = [{"role": "user", "content": "Once"}]


@pytest.fixture
def ocid(oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The OCID of a deployment, for callers who have no compartment."""
    monkeypatch.delenv("OCI_COMPARTMENT_ID")
    return oci_emulator.deployments[0]


@pytest.fixture
def base(ocid: str) -> str:
    return f"https://modeldeployment.us-ashburn-1.oci.customer-oci.com/{ocid}/predict/v1"


# --- the SDK, with the base URL of a deployment -------------------------------------------------


def test_texts_are_embedded_as_the_sdk_asks_for_it(
    oci_emulator: Emulator, ocid: str, base: str
) -> None:
    with OciOpenAI(base_url=base) as client:
        packed = client.embeddings.create(model="mine", input=["a", "b"], dimensions=8)
        listed = client.embeddings.create(
            model="mine", input=["a", "b"], dimensions=8, encoding_format="float"
        )
        of_tokens = client.embeddings.create(model="mine", input=[[1, 2], [3]])
    assert packed.data[1].embedding == pytest.approx(listed.data[1].embedding)
    assert (packed.model, len(of_tokens.data)) == ("mine", 2)
    assert all(received.verified for received in oci_emulator.ledger)
    assert oci_emulator.ledger.last.path == f"/{ocid}/predict/v1/embeddings"


def test_a_text_is_completed_whole_and_streamed(
    oci_emulator: Emulator, ocid: str, base: str
) -> None:
    oci_emulator.when("Once").answer("upon a time")
    with OciOpenAI(base_url=base) as client:
        whole = client.completions.create(model="mine", prompt="Once")
        pieces = client.completions.create(model="mine", prompt="Once", stream=True)
        assert "".join(piece.choices[0].text for piece in pieces) == "upon a time"
    assert whole.choices[0].text == "upon a time"
    assert whole._request_id == oci_emulator.ledger[0].opc_request_id
    assert [(received.path, received.verified) for received in oci_emulator.ledger] == [
        (f"/{ocid}/predict/v1/completions", True)
    ] * 2


def test_the_pieces_of_a_stream_come_as_the_deployment_sends_them(
    oci_emulator: Emulator, base: str
) -> None:
    oci_emulator.streams = StreamStyle(done=False, keep_open=True)
    with OciOpenAI(base_url=base, timeout=10, max_retries=0) as client:
        with client.completions.create(model="mine", prompt="a", stream=True) as pieces:
            assert next(pieces).choices[0].text


def test_the_models_are_the_deployments_own(oci_emulator: Emulator, ocid: str, base: str) -> None:
    oci_emulator.add_deployment(ocid, "intfloat/e5")
    with OciOpenAI(base_url=base, _strict_response_validation=True) as client:
        assert [model.id for model in client.models.list()] == ["intfloat/e5"]
    assert oci_emulator.ledger.last.verified


@pytest.mark.anyio
async def test_the_asynchronous_client_does_the_same(oci_emulator: Emulator, base: str) -> None:
    oci_emulator.when("Once").answer("upon a time")
    async with AsyncOciOpenAI(base_url=base) as client:
        vectors = await client.embeddings.create(model="mine", input="a", dimensions=4)
        whole = await client.completions.create(model="mine", prompt="Once")
        pieces = await client.completions.create(model="mine", prompt="Once", stream=True)
        texts = [piece.choices[0].text async for piece in pieces]
        models = [model.id async for model in client.models.list()]
    assert len(vectors.data[0].embedding) == 4
    assert whole.choices[0].text == "".join(texts) == "upon a time"
    assert models == ["odsc-llm"]
    assert all(received.verified for received in oci_emulator.ledger)


def test_chats_and_responses_are_ocicats_own_there_too(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, ocid: str, base: str
) -> None:
    monkeypatch.setenv("OCICAT_RESPONSE_STORE", ":memory:")
    with OciOpenAI(base_url=base) as client:
        with pytest.raises(openai.BadRequestError, match="Did you mean `top_k`"):
            client.chat.completions.create(model="mine", messages=ASK, extra_body={"topk": 1})
        client.responses.create(model="mine", input="Once")
    assert oci_emulator.ledger.last.path == f"/{ocid}/predict/v1/chat/completions"
    assert len(oci_emulator.ledger) == 1


def test_what_the_deployment_refuses_is_the_sdks_own_error(base: str) -> None:
    with OciOpenAI(base_url=base) as client:
        with pytest.raises(openai.BadRequestError) as caught:
            client.embeddings.create(model="mine", input="a", extra_body={"colour": "red"})
        assert (caught.value.param, caught.value.code) == ("colour", "unknown_parameter")
        with pytest.raises(openai.NotFoundError):
            client.images.generate(prompt="a cat")


def test_an_api_key_and_a_project_are_not_for_a_deployment(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, base: str
) -> None:
    monkeypatch.setenv("OCI_GENAI_API_KEY", oci_emulator.identity.add_api_key())
    with OciOpenAI(base_url=base, project=oci_emulator.project_id) as client:
        client.embeddings.create(model="mine", input="a")
    received = oci_emulator.ledger.last
    assert received.verified
    assert received.key_id == oci_emulator.home.key_id
    assert not received.headers.keys() & {"openai-project", "opc-compartment-id"}


# --- the transport ------------------------------------------------------------------------------


@pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
@pytest.mark.parametrize("tail", ["", "/predict/v1"])
def test_bodies_reach_the_deployment_byte_for_byte(
    oci_emulator: Emulator, ocid: str, base: str, library: Any, tail: str
) -> None:
    written = b'{ "model": "mine",\n"input": "a" }'
    url = base.removesuffix("/predict/v1") + tail
    with library.Client(transport=OciTransport(), base_url=url) as http:
        answer = http.post(
            "/embeddings",
            content=written,
            headers={"content-type": "application/json; charset=utf-8"},
        )
    assert answer.status_code == 200
    assert oci_emulator.ledger.last.headers["content-type"] == "application/json; charset=utf-8"
    assert oci_emulator.ledger.last.body == written
    assert oci_emulator.ledger.last.path == f"/{ocid}/predict/v1/embeddings"


@pytest.mark.parametrize("path", ["/predict/v1/rerank", "/predict/v1/audio/speech", "/predict/x"])
def test_any_path_at_the_deployment_is_handed_over(
    oci_emulator: Emulator, ocid: str, base: str, path: str
) -> None:
    with httpx2.Client(transport=OciTransport()) as http:
        answer = http.post(base.removesuffix("/predict/v1") + path + "?a=%20b", json={})
    assert answer.status_code == 404
    assert oci_emulator.ledger.last.target == f"/{ocid}{path}?a=%20b"


def test_the_url_of_a_deployment_may_come_from_the_settings(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, ocid: str
) -> None:
    url = f"{oci_emulator.url}/{ocid}"
    monkeypatch.setenv("OCICAT_API_BASE", f"{url}/predict/v1")
    for client in (OciOpenAI(), OciOpenAI(api_base=url)):
        with client:
            assert client.completions.create(model="mine", prompt="a").choices[0].text
            assert client.embeddings.create(model="mine", input=[1, 2]).data
    with httpx2.Client(transport=OciTransport()) as http:
        assert http.post("https://api.openai.com/rerank", json={}).status_code == 404
    assert len(oci_emulator.ledger) == 4


# --- ocicat's own functions ---------------------------------------------------------------------


@pytest.mark.parametrize("tail", ["/predict/v1", "/predict/v1/embeddings", "/predict"])
def test_embedding_takes_the_url_of_a_deployment(
    oci_emulator: Emulator, ocid: str, tail: str
) -> None:
    texts = [f"text {number}" for number in range(40)]
    reply = embedding("mine", texts, dimensions=4, api_base=f"{oci_emulator.url}/{ocid}{tail}")
    assert [item.index for item in reply.data] == list(range(40))
    assert len(reply.opc_request_ids or ()) == 2
    assert reply.usage is not None
    assert reply.usage.prompt_tokens == 80
    again = embedding("mine", texts[39], dimensions=4, api_base=f"{oci_emulator.url}/{ocid}{tail}")
    assert again.data[0].embedding == reply.data[39].embedding
    assert all(received.verified for received in oci_emulator.ledger)
    assert oci_emulator.ledger.last.json["model"] == "mine"


def test_embedding_takes_the_ocid_of_a_deployment(oci_emulator: Emulator) -> None:
    id = oci_emulator.deployments[0]
    reply = asyncio.run(aembedding(id, ["a"], dimensions=4, encoding_format="base64", user="me"))
    assert isinstance(reply.data[0].embedding, str)
    assert reply.model == id
    assert oci_emulator.ledger.last.json["user"] == "me"
    with OciOpenAI() as client:
        vectors = client.embeddings.create(model=id, input="a", dimensions=4)
    assert len(vectors.data[0].embedding) == 4


def test_what_a_deployment_refuses_is_learned(oci_emulator: Emulator) -> None:
    id = oci_emulator.deployments[0]
    oci_emulator.at(f"/{id}/predict/v1/embeddings").refuse_parameter("dimensions", shape="openai")
    reply = embedding(id, "a", dimensions=4, drop_params=True)
    assert len(reply.data[0].embedding) == 1024
    assert reply.oci_notes is not None
    assert reply.oci_notes[0]["parameter"] == "dimensions"


def test_rerankings_of_a_deployment_are_refused_by_name(oci_emulator: Emulator) -> None:
    with pytest.raises(UnsupportedFeature, match="takes chats and texts to embed"):
        rerank(oci_emulator.deployments[0], "a", ["b"])
    assert not oci_emulator.ledger
