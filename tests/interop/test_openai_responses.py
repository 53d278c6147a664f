"""The ``openai`` SDK's Responses, files, vector stores, conversations and containers.

Once straight at the emulator, signed by Oracle's ``oci-genai-auth``, and once by way of ocicat's
client, where every model answers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import httpx
import openai
import pytest
from oci_genai_auth import OciUserPrincipalAuth
from pydantic import BaseModel

import ocicat
from ocicat.emulator import Emulator

LLAMA = "meta.llama-3.3-70b-instruct"
COHERE = "cohere.command-a-03-2025"
GROK = "xai.grok-4.3"
#: Models that are asked as chats, and one that OCI itself answers through Responses.
MODELS = [LLAMA, COHERE, GROK]
TRANSLATED = [LLAMA, COHERE]
WEATHER: Any = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
    "strict": False,
}


class Place(BaseModel):
    city: str
    country: str


@contextmanager
def straight(emulator: Emulator, path: str = "/openai/v1") -> Iterator[openai.OpenAI]:
    """The SDK's own client, whose requests are only signed."""
    auth = OciUserPrincipalAuth(config_file=str(emulator.home.config_file))
    headers = {"opc-compartment-id": emulator.compartment_id}
    with (
        httpx.Client(auth=auth, headers=headers, trust_env=False) as transport,
        openai.OpenAI(
            api_key="not used",
            project=emulator.project_id,
            base_url=emulator.url + path,
            http_client=transport,  # type: ignore[arg-type]
            max_retries=0,
        ) as made,
    ):
        yield made


@pytest.fixture
def client(oci_emulator: Emulator) -> Iterator[Any]:
    with ocicat.OciOpenAI(max_retries=0) as made:
        yield made


# --- by way of ocicat ---------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS)
def test_every_model_responds(oci_emulator: Emulator, client: Any, model: str) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    response = client.responses.create(model=model, input="What is OCI?", instructions="Be brief.")
    assert (response.output_text, response.status) == ("A cloud.", "completed")
    assert response.instructions == "Be brief."
    assert response.usage.output_tokens == 3


@pytest.mark.parametrize("model", MODELS)
def test_every_model_streams(oci_emulator: Emulator, client: Any, model: str) -> None:
    oci_emulator.when("OCI").answer("A cloud of clouds.")
    with client.responses.stream(model=model, input="What is OCI?") as stream:
        kinds = [event.type for event in stream]
        response = stream.get_final_response()
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds[-1] == "response.completed"
    assert response.output_text == "A cloud of clouds."


@pytest.mark.parametrize("model", MODELS)
def test_every_models_answer_is_parsed(oci_emulator: Emulator, client: Any, model: str) -> None:
    oci_emulator.when("Oslo").answer('{"city": "Oslo", "country": "Norway"}')
    parsed = client.responses.parse(model=model, input="Where is Oslo?", text_format=Place)
    assert parsed.output_parsed == Place(city="Oslo", country="Norway")


@pytest.mark.parametrize("model", MODELS)
def test_every_model_goes_on_and_uses_tools(
    oci_emulator: Emulator, client: Any, model: str
) -> None:
    oci_emulator.when("the weather").call_tool("weather", {"city": "Oslo"}).times(1)
    first = client.responses.create(model=model, input="the weather?", tools=[WEATHER])
    call = first.output[-1]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "Oslo"})
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "snow"}
    with client.responses.stream(
        model=model, input=[result], tools=[WEATHER], previous_response_id=first.id
    ) as stream:
        second = stream.until_done().get_final_response()
    assert "snow" in second.output_text
    assert second.previous_response_id == first.id


@pytest.mark.parametrize("model", MODELS)
def test_responses_are_looked_up_listed_and_deleted(
    oci_emulator: Emulator, client: Any, model: str
) -> None:
    response = client.responses.create(model=model, input="hi")
    assert client.responses.retrieve(response.id).output_text == response.output_text
    (item,) = client.responses.input_items.list(response.id)
    assert item.content[0].text == "hi"
    with pytest.raises(openai.BadRequestError, match="background"):
        client.responses.cancel(response.id)
    client.responses.delete(response.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(response.id)
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=model, input="b", previous_response_id=response.id)
    assert caught.value.code == "previous_response_not_found"


@pytest.mark.parametrize("model", MODELS)
def test_a_caller_may_keep_the_conversation_itself(
    oci_emulator: Emulator, client: Any, model: str
) -> None:
    oci_emulator.when("OCI").think("Hm.").answer("A cloud.")
    turns: list[Any] = [{"role": "user", "content": "What is OCI?"}]
    asked = {"model": model, "store": False, "include": ["reasoning.encrypted_content"]}
    first = client.responses.create(input=turns, **asked)
    turns += [item.model_dump(exclude_none=True) for item in first.output]
    turns.append({"role": "user", "content": "so?"})
    assert client.responses.create(input=turns, **asked).output_text
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(first.id)


def test_what_only_oci_does_works_through_one_client(oci_emulator: Emulator, client: Any) -> None:
    conversation = client.conversations.create(items=[{"role": "user", "content": "a"}])
    client.responses.create(model=GROK, input="b", conversation=conversation.id)
    assert len(list(client.conversations.items.list(conversation.id))) == 3
    queued = client.responses.create(model=GROK, input="a", background=True)
    assert queued.status == "queued"
    while queued.status in ("queued", "in_progress"):
        queued = client.responses.retrieve(queued.id)
    assert queued.output_text
    with pytest.raises(openai.BadRequestError) as caught:
        client.responses.create(model=COHERE, input="b", conversation=conversation.id)
    assert (caught.value.param, caught.value.code) == ("conversation", "unsupported_feature")


def test_files_are_uploaded_and_searched_through_one_client(
    oci_emulator: Emulator, client: Any
) -> None:
    content = b"Cats sleep all day.\r\n--x\r\n"
    file = client.files.create(file=("cats.txt", content), purpose="user_data")
    assert client.files.content(file.id).read() == content
    store = client.vector_stores.create(name="pets", file_ids=[file.id])
    assert client.vector_stores.retrieve(store.id).status == "completed"
    (found,) = client.vector_stores.search(store.id, query="what do cats do?")
    assert (found.filename, found.file_id) == ("cats.txt", file.id)
    response = client.responses.create(
        model=GROK,
        input="Do cats sleep?",
        tools=[{"type": "file_search", "vector_store_ids": [store.id]}],
        include=["file_search_call.results"],
    )
    assert response.output[0].results[0].filename == "cats.txt"
    assert client.vector_stores.delete(store.id).deleted


# --- straight at the emulator -------------------------------------------------------------------


def test_the_sdk_itself_accepts_every_response(oci_emulator: Emulator) -> None:
    with straight(oci_emulator) as sdk:
        first = sdk.responses.create(model=GROK, input="a")
        with sdk.responses.stream(
            model=GROK, input="b", previous_response_id=first.id, tools=[{"type": "web_search"}]
        ) as stream:
            kinds = [event.type for event in stream]
            last = stream.get_final_response()
        items = sdk.responses.input_items.list(last.id, limit=1, order="asc")
        assert [item.type for item in items] == ["message"] * 3
    assert "response.web_search_call.completed" in kinds
    assert [item.type for item in last.output] == ["web_search_call", "message"]


def test_the_sdk_itself_takes_a_broken_stream_up_again(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud.").cut_after(5, clean=True)
    with straight(oci_emulator) as sdk:
        stream = sdk.responses.create(model=GROK, input="OCI?", background=True, stream=True)
        events: list[Any] = list(stream)
        id, last = events[0].response.id, events[-1].sequence_number
        events += sdk.responses.retrieve(id, stream=True, starting_after=last)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[-1].response.output_text == "A cloud."


def test_the_sdk_itself_uploads_and_lists_files(oci_emulator: Emulator) -> None:
    content = bytes(range(256)) * 4000
    with straight(oci_emulator) as sdk:
        files = [
            sdk.files.create(file=(f"{n}.bin", BytesIO(content)), purpose="user_data")
            for n in range(3)
        ]
        assert sdk.files.content(files[0].id).read() == content
        assert [file.id for file in sdk.files.list(limit=2, order="asc")] == [f.id for f in files]
        assert sdk.files.delete(files[0].id).deleted
        with pytest.raises(openai.NotFoundError):
            sdk.files.retrieve(files[0].id)
        assert sdk.files.wait_for_processing(files[1].id).status == "processed"


def test_the_sdk_itself_fills_vector_stores(oci_emulator: Emulator) -> None:
    with straight(oci_emulator) as sdk, straight(oci_emulator, "/20231130/openai/v1") as managing:
        store = managing.vector_stores.create(name="s")
        file = sdk.vector_stores.files.upload_and_poll(
            vector_store_id=store.id, file=("a.txt", b"Cats sleep."), poll_interval_ms=1
        )
        assert file.status == "completed"
        other = sdk.files.create(file=("b.txt", b"Dogs bark."), purpose="assistants")
        batch = sdk.vector_stores.file_batches.create_and_poll(
            store.id, file_ids=[other.id], poll_interval_ms=1
        )
        assert batch.file_counts.completed == 1
        assert len(list(sdk.vector_stores.files.list(store.id, limit=1))) == 2
        (page,) = sdk.vector_stores.files.content(other.id, vector_store_id=store.id)
        assert page.text == "Dogs bark."
        assert [found.filename for found in sdk.vector_stores.search(store.id, query="cats")] == [
            "a.txt"
        ]
        assert [each.id for each in managing.vector_stores.list()] == [store.id]


def test_the_sdk_itself_uses_containers_and_conversations(oci_emulator: Emulator) -> None:
    with straight(oci_emulator) as sdk:
        container = sdk.containers.create(name="c")
        put = sdk.containers.files.create(container.id, file=("a.txt", b"one"))
        assert sdk.containers.files.content.retrieve(put.id, container_id=container.id).read() == (
            b"one"
        )
        assert [each.path for each in sdk.containers.files.list(container.id)] == [
            "/mnt/data/a.txt"
        ]
        sdk.containers.files.delete(put.id, container_id=container.id)
        sdk.containers.delete(container.id)
        conversation = sdk.conversations.create(metadata={"memory_access_policy": "none"})
        added = sdk.conversations.items.create(
            conversation.id, items=[{"role": "user", "content": "hi"}]
        )
        (item,) = added.data
        assert sdk.conversations.items.retrieve(item.id, conversation_id=conversation.id)  # type: ignore[arg-type]
        assert sdk.conversations.delete(conversation.id).deleted
