"""What LangChain's users meet beside answers: failures, retries, many texts, OCI's parameters."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import openai
import pytest
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

import ocicat
from ocicat.emulator import Emulator

COHERE = "cohere.command-a-03-2025"


def chat(model: str = COHERE, **more: Any) -> ChatOpenAI:
    return ChatOpenAI(model=model, api_key="unused", **clients(), **more)


def embeddings(**more: Any) -> OpenAIEmbeddings:
    return OpenAIEmbeddings(
        model="cohere.embed-v4.0",
        api_key="unused",
        check_embedding_ctx_length=False,
        **clients(),
        **more,
    )


def clients() -> dict[str, Any]:
    return {
        "http_client": httpx.Client(transport=ocicat.OciTransport()),
        "http_async_client": httpx.AsyncClient(transport=ocicat.AsyncOciTransport()),
    }


def test_an_unknown_model_is_not_found(oci_emulator: Emulator) -> None:
    with pytest.raises(openai.NotFoundError) as raised:
        chat("cohere.nobody-knows").invoke("Hello")
    assert raised.value.request_id == oci_emulator.ledger.last.opc_request_id


def test_what_cannot_be_said_is_refused_by_name_and_nothing_is_sent(oci_emulator: Emulator) -> None:
    with pytest.raises(openai.BadRequestError) as raised:
        chat(logit_bias={"50256": -100}).invoke("Hello")
    assert raised.value.param == "logit_bias"
    assert len(oci_emulator.ledger) == 0


@pytest.mark.parametrize("status", [429, 503])
def test_langchain_itself_tries_again(oci_emulator: Emulator, status: int) -> None:
    oci_emulator.when("Hello").fail(status, retry_after=0).times(2)

    assert chat(max_retries=2).invoke("Hello").text
    assert [entry.status for entry in oci_emulator.ledger] == [status, status, 200]


def test_without_retries_a_failure_is_the_sdks(oci_emulator: Emulator) -> None:
    oci_emulator.when("Hello").fail(429, retry_after=0)

    with pytest.raises(openai.RateLimitError):
        chat(max_retries=0).invoke("Hello")
    assert len(oci_emulator.ledger) == 1


def test_a_stream_that_breaks_does_not_end_well(oci_emulator: Emulator) -> None:
    oci_emulator.when("Hello").cut_after(events=4)

    pieces: list[str] = []
    with pytest.raises((openai.APIError, httpx.HTTPError)):
        pieces.extend(piece.text for piece in chat().stream("Hello"))
    assert "".join(pieces).startswith("You asked")


def test_another_identity_is_that_of_the_transport(oci_emulator: Emulator) -> None:
    session = oci_emulator.identity.session("WORK")
    auth = ocicat.OciSessionAuth(profile_name=session.profile)
    transport = ocicat.OciTransport(auth=auth, compartment_id=oci_emulator.compartment_id)
    model = ChatOpenAI(
        model=COHERE, api_key="unused", http_client=httpx.Client(transport=transport)
    )

    assert model.invoke("Hello").text
    assert oci_emulator.ledger.last.key_id == "ST$…"


def test_many_threads_share_one_transport(oci_emulator: Emulator) -> None:
    model = chat()
    questions = [f"Question {number}?" for number in range(40)]
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda question: model.invoke(question).text, questions))

    assert all(question in answer for question, answer in zip(questions, answers, strict=True))


def test_more_texts_than_oci_takes_at_once_are_embedded(oci_emulator: Emulator) -> None:
    texts = [f"text {number}" for number in range(250)]
    model = embeddings(dimensions=256)
    vectors = model.embed_documents(texts)

    assert len(vectors) == len(texts)
    assert {len(vector) for vector in vectors} == {256}
    assert vectors[123] == pytest.approx(model.embed_query("text 123"))


def test_parameters_of_ocis_own_travel_in_the_extra_body(oci_emulator: Emulator) -> None:
    documents = [{"id": "1", "text": "Snow is white."}]
    told = chat(extra_body={"documents": documents, "safety_mode": "strict"}).invoke("Snow?")

    assert "Snow is white." in told.text
    assert oci_emulator.ledger.last.json["chatRequest"]["safetyMode"] == "STRICT"
