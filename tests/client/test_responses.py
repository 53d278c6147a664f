"""Responses of every chat model, with both drivers, against the emulator."""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import openai
import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from ocicat import AsyncOciOpenAI, OciOpenAI
from ocicat.client import responses
from ocicat.client.response_store import KeptResponse, SqliteStore
from ocicat.emulator import Emulator
from ocicat.errors import (
    BadRequestError,
    InvalidParameter,
    InvalidSetting,
    MalformedReply,
    NotFoundError,
    OcicatError,
    ResponseStateLost,
    StreamBroken,
    UnknownParameter,
    UnsupportedFeature,
)
from ocicat.transport import aio, sync

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
LLAMA = "meta.llama-3.3-70b-instruct"
GROK = "xai.grok-4.3"
COHERE = "cohere.command-a-03-2025"
VISION = "cohere.command-a-vision"
GPT_OSS = "openai.gpt-oss-120b"
#: Models, and the transport over which they are translated chats.
TRANSLATED = [
    pytest.param(LLAMA, None, id="Llama"),
    pytest.param(COHERE, None, id="Cohere"),
    pytest.param(GROK, "openai", id="Grok"),
    pytest.param(GPT_OSS, "openai", id="gpt-oss"),
    pytest.param("google.gemini-2.5-flash", "native", id="Gemini"),
]
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
}


def respond(body: dict[str, Any], **options: Any) -> dict[str, Any]:
    return sync.run(responses.respond(body, options))


def stream(body: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    run = sync.open_stream(responses.respond_stream(body, options))
    events = []
    try:
        while True:
            events.append(json.loads(run.next_chunk(json.dumps)))
    except StopIteration:
        return events


async def astream(body: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    run = await aio.open_stream(responses.respond_stream(body, options))
    events = []
    try:
        while True:
            events.append(json.loads(await run.next_chunk(json.dumps)))
    except StopAsyncIteration:
        return events


def text(response: dict[str, Any]) -> str:
    return Response.model_validate(response).output_text


def asked(emulator: Emulator) -> Any:
    """The messages of the last chat."""
    request = emulator.ledger.chats[-1].request
    assert request is not None
    return request["messages"]


# --- one turn -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "transport"), TRANSLATED)
def test_every_model_answers(oci_emulator: Emulator, model: str, transport: str | None) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    body = {"model": f"oci/{model}", "input": "What is OCI?", "temperature": 0.5}
    response = respond(body, transport=transport)
    assert text(response) == "A cloud."
    assert response["model"] == model
    assert response["usage"]["output_tokens"] == 3
    assert response["opc_request_id"] == oci_emulator.ledger.last.opc_request_id
    assert "responses" not in oci_emulator.ledger.last.target


@pytest.mark.parametrize(("model", "transport"), TRANSLATED)
def test_every_model_streams_in_openais_order(
    oci_emulator: Emulator, model: str, transport: str | None
) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    body = {"model": model, "input": "What is OCI?"}
    events = stream(body, transport=transport)
    for number, event in enumerate(events):
        EVENT.validate_python(event)
        assert event["sequence_number"] == number
    kinds = [event["type"].removeprefix("response.") for event in events]
    deltas = kinds.count("output_text.delta")
    assert kinds == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *["output_text.delta"] * deltas,
        *("output_text.done", "content_part.done", "output_item.done", "completed"),
    ]
    assert text(events[-1]["response"]) == "A cloud."
    assert asyncio.run(astream(body, transport=transport))[-1]["type"] == "response.completed"


def test_a_response_repeats_what_its_request_said(oci_emulator: Emulator) -> None:
    said = {
        "instructions": "Be brief.",
        "max_output_tokens": 50,
        "metadata": {"a": "b"},
        "temperature": 0.25,
        "top_p": 0.5,
        "tools": [{**WEATHER, "strict": True}],
        "tool_choice": "auto",
        "user": "me",
        "prompt_cache_key": "k",
        "safety_identifier": "s",
        "text": {"format": {"type": "json_object"}},
        "max_tool_calls": 3,
    }
    body = {"model": LLAMA, "input": "What is OCI?", **said}
    whole, *_, last = respond(body), *stream(body)
    for response in (whole, last["response"]):
        Response.model_validate(response)
        assert {name: response[name] for name in said} == said
        assert (response["store"], response["background"]) == (True, False)
        assert (response["truncation"], response["previous_response_id"]) == ("disabled", None)


def test_what_was_not_done_as_asked_is_in_the_notes(oci_emulator: Emulator) -> None:
    body = {"model": COHERE, "input": "What is OCI?", "user": "me"}
    assert [note["parameter"] for note in respond(body)["oci_notes"]] == ["user"]
    assert [note["parameter"] for note in stream(body)[-1]["response"]["oci_notes"]] == ["user"]
    body |= {"tools": [WEATHER], "tool_choice": "required"}
    oci_emulator.when().answer("I would rather not.")
    assert "without the call" in str(respond(body)["oci_notes"])
    assert "without the call" in str(stream(body)[-1]["response"]["oci_notes"])


def test_two_responses_have_two_ids(oci_emulator: Emulator) -> None:
    body = {"model": LLAMA, "input": "What is OCI?"}
    first, second = respond(body), respond(body)
    assert first["id"] != second["id"]
    assert first["id"].startswith("resp_")


@pytest.mark.parametrize("model", [LLAMA, COHERE])
def test_a_tool_loop_goes_round(oci_emulator: Emulator, model: str) -> None:
    oci_emulator.when("the weather").call_tool("weather", {"city": "Oslo"}).times(1)
    turns: list[Any] = [{"role": "user", "content": "How is the weather in Oslo?"}]
    first = respond({"model": model, "input": turns, "tools": [WEATHER], "store": False})
    call = first["output"][-1]
    assert (call["type"], json.loads(call["arguments"])) == ("function_call", {"city": "Oslo"})
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "snow"}
    again = [*turns, *first["output"], result]
    second = respond({"model": model, "input": again, "tools": [WEATHER], "store": False})
    assert "snow" in text(second)
    if model == LLAMA:
        assert asked(oci_emulator)[-1]["tool_call_id"] == call["call_id"]


def test_a_refused_option_is_refused_before_anything_is_sent(oci_emulator: Emulator) -> None:
    with pytest.raises(UnknownParameter, match="oci_regoin"):
        respond({"model": LLAMA, "input": "Hi"}, oci_regoin="x")
    for body, parameter in [
        ({"model": LLAMA}, "input"),
        ({"model": LLAMA, "input": [1]}, "input"),
        ({"input": "Hi"}, "model"),
        ({"model": LLAMA, "input": [{"role": "user"}]}, "input"),
        ({"model": LLAMA, "input": "Hi", "tools": [{"type": "function"}]}, "input"),
        ({"model": LLAMA, "input": "Hi", "temperature": "hot"}, "temperature"),
    ]:
        with pytest.raises(InvalidParameter) as caught:
            respond(body)
        assert caught.value.parameter == parameter
    assert oci_emulator.ledger.chats == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("background", True), ("conversation", "conv_1"), ("prompt", {"id": "p"})],
)
def test_what_only_oci_can_do_is_refused_by_name_elsewhere(
    oci_emulator: Emulator, name: str, value: Any
) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        respond({"model": COHERE, "input": "Hi", name: value})
    assert caught.value.parameter == name


def test_hosted_tools_are_left_out_with_a_note_elsewhere(oci_emulator: Emulator) -> None:
    body = {"model": COHERE, "input": "Hi", "tools": [{"type": "web_search"}, WEATHER]}
    assert [note["parameter"] for note in respond(body)["oci_notes"]] == ["tools[0]"]


def test_a_stream_that_breaks_ends_with_a_failed_response_and_an_error(
    oci_emulator: Emulator,
) -> None:
    oci_emulator.when("OCI").answer("A cloud of clouds.").cut_after(2)
    run = sync.open_stream(responses.respond_stream({"model": LLAMA, "input": "OCI?"}, {}))
    events: list[dict[str, Any]] = []
    with pytest.raises(StreamBroken) as caught:
        while True:
            events.append(run.next_chunk(dict))
    error, failed = events[-2:]
    assert (error["type"], failed["type"]) == ("error", "response.failed")
    assert error["code"] == error["error"]["code"] == "stream_broken"
    for told in (error, error["error"], failed["response"]["error"]):
        assert told["message"] == caught.value.message
    assert failed["response"]["completed_at"] is None
    assert not responses.is_kept(events[0]["response"]["id"])


def test_what_a_stream_reports_is_what_its_failed_response_says(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud of clouds.").error_event(
        {"code": "429", "message": "Slow down"}, after_events=2
    )
    run = sync.open_stream(responses.respond_stream({"model": COHERE, "input": "OCI?"}, {}))
    events: list[dict[str, Any]] = []
    with pytest.raises(StreamBroken):
        while True:
            events.append(run.next_chunk(dict))
    error, failed = events[-2:]
    assert (error["error"]["type"], error["code"]) == ("rate_limit_error", "429")
    assert error["message"].startswith("Slow down. ")
    assert failed["response"]["error"] == {"code": "server_error", "message": error["message"]}


def test_a_response_says_when_it_was_completed_once_it_is(oci_emulator: Emulator) -> None:
    body = {"model": COHERE, "input": "OCI?"}
    *begun, last = [event["response"] for event in stream(body) if "response" in event]
    assert [response["completed_at"] for response in begun] == [None, None]
    for response in (last, respond(body), responses.retrieve(last["id"])):
        assert isinstance(response["completed_at"], int)
    oci_emulator.when("OCI").answer("A", finish_reason="length")
    assert respond(body)["completed_at"] is None


def test_a_stream_that_is_refused_raises_before_its_first_event(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").fail(400)
    with pytest.raises(BadRequestError):
        stream({"model": LLAMA, "input": "OCI?"})


@pytest.mark.parametrize("ask", [respond, stream])
@pytest.mark.parametrize(
    ("said", "parameter"),
    [
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"truncation": "odd"}, "truncation"),
        ({"text": {"format": {"type": "odd"}}}, "text.format"),
        ({"text": {"format": "json"}}, "text"),
        ({"tool_choice": {}}, "tool_choice"),
        ({"input": []}, "input"),
        ({"input": [{"role": "alien", "content": "Hi"}]}, "input"),
    ],
)
def test_a_refusal_names_the_parameters_of_responses(
    oci_emulator: Emulator, ask: Any, said: dict[str, Any], parameter: str
) -> None:
    with pytest.raises(InvalidParameter) as caught:
        ask({"model": COHERE, "input": "Hi", **said})
    assert caught.value.parameter == parameter
    assert parameter in str(caught.value)
    assert "messages" not in str(caught.value)


def test_a_note_names_the_parameters_of_responses(oci_emulator: Emulator) -> None:
    asked = {"model": COHERE, "input": "Hi", "text": {"verbosity": "low"}}
    (note,) = respond(asked)["oci_notes"]
    assert note["parameter"] == "text.verbosity"


# --- several turns ------------------------------------------------------------------------------


@pytest.mark.parametrize(("model", "transport"), TRANSLATED)
def test_a_conversation_goes_on(oci_emulator: Emulator, model: str, transport: str | None) -> None:
    oci_emulator.when("name").answer("I am Bob.")
    body: dict[str, Any] = {"model": model, "store": True}
    first = respond({**body, "input": "a name?", "instructions": "Be brief."}, transport=transport)
    second = stream(
        {**body, "input": "and yours?", "previous_response_id": first["id"]}, transport=transport
    )[-1]["response"]
    third = respond(
        {**body, "input": "so?", "previous_response_id": second["id"]}, transport=transport
    )
    assert [message["content"] for message in asked(oci_emulator)] == [
        *("a name?", text(first), "and yours?", text(second)),
        "so?",
    ]
    assert third["previous_response_id"] == second["id"]
    assert third["instructions"] is None


def test_instructions_are_those_of_this_turn(oci_emulator: Emulator) -> None:
    first = respond({"model": LLAMA, "input": "a", "instructions": "One."})
    body = {"model": LLAMA, "input": "b", "previous_response_id": first["id"]}
    respond({**body, "instructions": "Two."})
    said = [m["content"] for m in asked(oci_emulator) if m["role"] == "system"]
    assert said == ["Two."]


@pytest.mark.parametrize("model", [LLAMA, COHERE])
def test_a_tool_loop_goes_round_with_only_what_is_new(oci_emulator: Emulator, model: str) -> None:
    oci_emulator.when("the weather").call_tool("weather", {"city": "Oslo"}).times(1)
    first = respond({"model": model, "input": "the weather?", "tools": [WEATHER]})
    call = first["output"][-1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "snow"}
    body = {"model": model, "tools": [WEATHER], "previous_response_id": first["id"]}
    assert "snow" in text(respond({**body, "input": [result]}))


def test_a_branch_does_not_know_of_the_other(oci_emulator: Emulator) -> None:
    first = respond({"model": LLAMA, "input": "a"})
    for branch in ("b", "c"):
        respond({"model": LLAMA, "input": branch, "previous_response_id": first["id"]})
        assert [m["content"] for m in asked(oci_emulator)] == ["a", text(first), branch]


def test_a_conversation_may_change_its_model(oci_emulator: Emulator) -> None:
    first = respond({"model": COHERE, "input": "a"})
    second = respond({"model": GROK, "input": "b", "previous_response_id": first["id"]})
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"
    assert [m["content"] for m in asked(oci_emulator)] == ["a", text(first), "b"]
    assert text(second)


def test_nothing_is_kept_that_is_not_to_be_kept(oci_emulator: Emulator) -> None:
    first = respond({"model": LLAMA, "input": "a", "store": False})
    assert not responses.is_kept(first["id"])
    with pytest.raises(ResponseStateLost) as caught:
        respond({"model": LLAMA, "input": "b", "previous_response_id": first["id"]})
    lost = caught.value
    assert (lost.status, lost.code, lost.parameter) == (
        400,
        "previous_response_not_found",
        "previous_response_id",
    )
    assert lost.response_id == first["id"]
    assert "whole conversation" in lost.hint
    assert len(oci_emulator.ledger.chats) == 1


def test_a_conversation_whose_beginning_is_deleted_is_lost(oci_emulator: Emulator) -> None:
    first = respond({"model": LLAMA, "input": "a"})
    second = respond({"model": LLAMA, "input": "b", "previous_response_id": first["id"]})
    responses.delete(first["id"])
    with pytest.raises(ResponseStateLost, match=first["id"]):
        respond({"model": LLAMA, "input": "c", "previous_response_id": second["id"]})


def test_an_answer_that_cannot_be_kept_is_given_all_the_same(
    oci_emulator: Emulator, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path)  # a directory
    flow = responses.respond({"model": LLAMA, "input": "a"}, {}, store=store)
    response = sync.run(flow)
    assert response["store"] is False
    assert response["oci_notes"][0]["parameter"] == "store"
    assert text(response)


# --- what is kept -------------------------------------------------------------------------------


def test_a_kept_response_can_be_looked_up_and_deleted(oci_emulator: Emulator) -> None:
    first = respond({"model": COHERE, "input": "a"})
    last = stream({"model": COHERE, "input": "b"})[-1]["response"]
    assert responses.retrieve(first["id"]) == first
    assert responses.retrieve(last["id"]) == last
    with pytest.raises(BadRequestError, match="background"):
        responses.cancel(first["id"])
    assert responses.delete(first["id"]) == {
        "id": first["id"],
        "object": "response",
        "deleted": True,
    }
    for gone in (responses.retrieve, responses.delete, responses.cancel, responses.input_items):
        with pytest.raises(NotFoundError) as caught:
            gone(first["id"])
        assert caught.value.status == 404


def test_input_items_are_listed_page_by_page(oci_emulator: Emulator) -> None:
    first = respond({"model": LLAMA, "input": "a", "instructions": "Be brief."})
    turns = [{"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}]
    body = {"model": LLAMA, "input": turns, "previous_response_id": first["id"]}
    second = respond(body)
    whole = responses.input_items(second["id"], {"order": "asc"})
    assert [item["content"][0]["text"] for item in whole["data"]] == ["a", text(first), "b", "c"]
    assert len({item["id"] for item in whole["data"]}) == 4
    assert whole["has_more"] is False
    newest = responses.input_items(second["id"], {"limit": "3"})
    assert [item["content"][0]["text"] for item in newest["data"]] == ["c", "b", text(first)]
    assert newest["has_more"] is True
    rest = responses.input_items(second["id"], {"after": newest["last_id"]})
    assert [item["content"][0]["text"] for item in rest["data"]] == ["a"]
    for wrong in ({"order": "up"}, {"limit": "0"}, {"after": "x"}):
        with pytest.raises(InvalidParameter) as caught:
            responses.input_items(second["id"], wrong)
        assert caught.value.parameter in wrong


# --- OCI's own Responses ------------------------------------------------------------------------


def test_oci_answers_itself_where_a_project_is_set(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud.")
    body = {"model": f"oci/{GROK}", "input": "What is OCI?"}
    response = respond(body)
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"
    assert oci_emulator.ledger.last.json["model"] == GROK
    assert oci_emulator.ledger.last.headers["openai-project"] == oci_emulator.project_id
    assert text(response) == "A cloud."
    assert not responses.is_kept(response["id"])
    events = stream(body)
    for event in events:
        EVENT.validate_python(event)
    assert text(events[-1]["response"]) == "A cloud."
    assert asyncio.run(astream(body))[-1]["type"] == "response.completed"


def test_oci_keeps_what_it_answers(oci_emulator: Emulator) -> None:
    first = respond({"model": GROK, "input": "a"})
    second = respond({"model": GROK, "input": "b", "previous_response_id": first["id"]})
    assert [m["content"] for m in asked(oci_emulator)] == ["a", text(first), "b"]
    assert second["previous_response_id"] == first["id"]
    with pytest.raises(ResponseStateLost) as caught:
        respond({"model": GROK, "input": "b", "previous_response_id": "resp_unknown"})
    assert caught.value.response_id == "resp_unknown"
    assert caught.value.opc_request_id


def test_without_a_project_a_model_is_asked_as_a_chat(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCI_GENAI_PROJECT_ID")
    assert text(respond({"model": GROK, "input": "a"}))
    assert oci_emulator.ledger.last.target == "/openai/v1/chat/completions"
    with pytest.raises(NotFoundError, match="oci_project_id"):
        respond({"model": GROK, "input": "a", "tools": [{"type": "web_search"}]})
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"


def test_a_transport_that_is_asked_for_is_taken(oci_emulator: Emulator) -> None:
    respond({"model": GROK, "input": "a"}, transport="native")
    assert oci_emulator.ledger.last.target == "/20231130/actions/chat"
    respond({"model": GROK, "input": "a"}, transport="responses")
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"
    with pytest.raises(UnsupportedFeature):
        respond({"model": COHERE, "input": "a"}, transport="responses")


def test_hosted_tools_work_at_oci_and_nothing_of_it_is_lost(oci_emulator: Emulator) -> None:
    body = {"model": GROK, "input": "What is OCI?", "tools": [{"type": "web_search"}]}
    kinds = [item["type"] for item in respond(body)["output"]]
    assert kinds == ["web_search_call", "message"]
    events = stream(body)
    for event in events:
        EVENT.validate_python(event)
    assert "response.web_search_call.searching" in [event["type"] for event in events]


def test_thoughts_come_back_encrypted_where_oci_keeps_nothing(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").think("Hm.").answer("A cloud.")
    turns: list[Any] = [{"role": "user", "content": "What is OCI?"}]
    first = respond({"model": GPT_OSS, "input": turns, "store": False})
    assert oci_emulator.ledger.last.json["include"] == ["reasoning.encrypted_content"]
    assert first["output"][0]["encrypted_content"]
    turns += [*first["output"], {"role": "user", "content": "so?"}]
    assert text(respond({"model": GPT_OSS, "input": turns, "store": False}))
    stored = respond({"model": GPT_OSS, "input": "What is OCI?"})
    assert "include" not in oci_emulator.ledger.last.json
    assert "encrypted_content" not in stored["output"][0]


def test_a_stream_of_ocis_own_that_breaks_is_an_error(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("A cloud of clouds.").cut_after(6)
    run = sync.open_stream(responses.respond_stream({"model": GROK, "input": "OCI?"}, {}))
    events: list[dict[str, Any]] = []
    with pytest.raises(StreamBroken) as caught:
        while True:
            events.append(run.next_chunk(dict))
    assert caught.value.partial == "".join(event.get("delta", "") for event in events) != ""


@pytest.mark.parametrize(
    "event",
    [
        {"type": "error", "code": "server_error", "message": "Oh.", "param": None},
        {"error": {"message": "Oh.", "code": "500"}},
    ],
)
def test_an_error_in_a_stream_of_ocis_own_is_raised(
    oci_emulator: Emulator, event: dict[str, Any]
) -> None:
    oci_emulator.when("OCI").answer("A cloud.").error_event(event, after_events=3)
    with pytest.raises(StreamBroken, match="Oh"):
        stream({"model": GROK, "input": "OCI?"})


def test_an_answer_of_another_kind_is_an_error(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").reply_raw(
        200, {"content-type": "application/json"}, b'{"error": {"message": "Oh."}}'
    )
    with pytest.raises(OcicatError, match="Oh"):
        respond({"model": GROK, "input": "OCI?"})


# --- the store ----------------------------------------------------------------------------------


def kept(number: int) -> KeptResponse:
    return KeptResponse({"id": f"resp_{number}", "output": []}, [])


def test_the_store_keeps_until_it_is_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "down" / "responses.db"
    SqliteStore(path).put("resp_1", kept(1))
    store = SqliteStore(path)
    assert store.get("resp_1") == kept(1)
    assert store.get("resp_2") is None
    assert (store.delete("resp_1"), store.delete("resp_1")) == (True, False)
    assert store.get("resp_1") is None


def test_only_its_owner_may_read_the_store(tmp_path: Path) -> None:
    path = tmp_path / "state" / "responses.db"
    SqliteStore(path).put("resp_1", kept(1))
    modes = [stat.S_IMODE(each.stat().st_mode) for each in (path, *path.parent.iterdir())]
    assert set(modes) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_what_nobody_asks_for_is_forgotten(tmp_path: Path) -> None:
    now = 1000.0
    store = SqliteStore(tmp_path / "s.db", max_age=7200, clock=lambda: now)
    store.put("resp_1", kept(1))
    store.put("resp_2", kept(2))
    now += 5000
    assert store.get("resp_1") is not None
    now += 5000
    store.put("resp_3", kept(3))
    assert (store.get("resp_1"), store.get("resp_2")) == (kept(1), None)
    with closing(sqlite3.connect(tmp_path / "s.db")) as database:
        rows = database.execute("SELECT id FROM responses ORDER BY id").fetchall()
    assert rows == [("resp_1",), ("resp_3",)]


def test_a_store_in_memory_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = SqliteStore(":memory:")
    store.put("resp_1", kept(1))
    assert store.get("resp_1") == kept(1)
    assert list(tmp_path.iterdir()) == []


def test_the_usual_store_is_where_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocicat.client.response_store import usual_store

    monkeypatch.delenv("OCICAT_RESPONSE_STORE", raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    usual_store().put("resp_1", kept(1))
    assert (tmp_path / "ocicat" / "responses.db").exists()
    monkeypatch.setenv("OCICAT_RESPONSE_STORE", str(tmp_path / "other.db"))
    assert usual_store().get("resp_1") is None
    assert usual_store() is usual_store()
    monkeypatch.delenv("OCICAT_RESPONSE_STORE")
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    usual_store().put("resp_1", kept(1))
    assert (tmp_path / ".local" / "state" / "ocicat" / "responses.db").exists()


def test_a_file_that_is_no_store_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    path.write_bytes(b"not a database, and long enough to be seen as none" * 50)
    with pytest.raises(InvalidSetting, match="OCICAT_RESPONSE_STORE"):
        SqliteStore(path).get("resp_1")


def test_many_threads_share_a_store(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")

    def work(number: int) -> bool:
        store.put(f"resp_{number}", kept(number))
        return store.get(f"resp_{number}") == kept(number)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(200)))


PUT_MANY = """
import sys
from ocicat.client.response_store import KeptResponse, SqliteStore

store = SqliteStore(sys.argv[1])
print("ready", flush=True)
sys.stdin.read()
for number in range(int(sys.argv[2]), int(sys.argv[2]) + 50):
    store.put(f"resp_{number}", KeptResponse({"id": f"resp_{number}", "output": []}, []))
"""


def test_many_processes_share_a_file(tmp_path: Path) -> None:
    path = str(tmp_path / "s.db")
    with ExitStack() as stack:
        workers = [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", PUT_MANY, path, str(start)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                )
            )
            for start in range(0, 300, 50)
        ]
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == b"ready\n"
        for worker in workers:  # which all open a file now that is not there yet
            assert worker.stdin is not None
            worker.stdin.close()
        assert [worker.wait() for worker in workers] == [0] * 6
    store = SqliteStore(path)
    assert all(store.get(f"resp_{number}") == kept(number) for number in range(300))


def test_a_fork_has_a_usual_store_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ocicat.client.response_store import usual_store

    monkeypatch.setenv("OCICAT_RESPONSE_STORE", str(tmp_path / "s.db"))
    usual_store().put("resp_1", kept(1))

    def in_child() -> None:
        assert usual_store().get("resp_1") == kept(1)
        usual_store().put("resp_2", kept(2))

    child = multiprocessing.get_context("fork").Process(target=in_child)
    child.start()
    child.join()
    assert child.exitcode == 0
    assert usual_store().get("resp_2") == kept(2)


class Shelf:
    """A store of somebody's own."""

    def __init__(self) -> None:
        self.kept: dict[str, KeptResponse] = {}

    def get(self, response_id: str) -> KeptResponse | None:
        return self.kept.get(response_id)

    def put(self, response_id: str, kept: KeptResponse) -> None:
        self.kept[response_id] = kept

    def delete(self, response_id: str) -> bool:
        return self.kept.pop(response_id, None) is not None


def test_a_store_of_ones_own_is_given_to_the_client(oci_emulator: Emulator) -> None:
    mine, other = Shelf(), Shelf()
    client = OciOpenAI(response_store=mine)
    model = "cohere.command-a-03-2025"
    first = client.responses.create(model=model, input="a")
    assert list(mine.kept) == [first.id]
    again = client.with_options(max_retries=0)
    second = again.responses.create(model=model, input="b", previous_response_id=first.id)
    assert list(mine.kept) == [first.id, second.id]
    with pytest.raises(openai.BadRequestError, match=first.id):
        OciOpenAI(response_store=other).responses.create(
            model=model, input="c", previous_response_id=first.id
        )
    assert client.responses.retrieve(second.id).id == second.id
    client.responses.delete(second.id)
    assert list(mine.kept) == [first.id]


class LoopBound(Shelf):
    """A store that only answers while the event loop goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.loop: asyncio.AbstractEventLoop | None = None
        self.served = 0

    def _wait(self) -> None:
        assert self.loop is not None
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self.loop).result(timeout=5)
        self.served += 1

    def get(self, response_id: str) -> KeptResponse | None:
        self._wait()
        return super().get(response_id)

    def put(self, response_id: str, kept: KeptResponse) -> None:
        self._wait()
        super().put(response_id, kept)

    def delete(self, response_id: str) -> bool:
        self._wait()
        return super().delete(response_id)


def test_an_event_loop_goes_on_while_the_store_works(oci_emulator: Emulator) -> None:
    store = LoopBound()

    async def talk() -> None:
        store.loop = asyncio.get_running_loop()
        client = AsyncOciOpenAI(response_store=store, max_retries=0)
        first = await client.responses.create(model=COHERE, input="a")
        told = await client.responses.create(
            model=COHERE, input="b", previous_response_id=first.id, stream=True
        )
        last = [event async for event in told][-1]
        assert last.type == "response.completed"
        assert last.response.store is True  # type: ignore[attr-defined]  # as it came
        assert (await client.responses.retrieve(last.response.id)).id == last.response.id
        assert [item async for item in client.responses.input_items.list(last.response.id)]
        await client.responses.delete(first.id)

    asyncio.run(talk())
    assert store.served > 6


class Failing(Shelf):
    """A store that is out of order."""

    def put(self, response_id: str, kept: KeptResponse) -> None:
        raise ConnectionError("redis://me:password@host is gone")


def test_an_answer_is_given_whatever_becomes_of_a_store_of_ones_own(
    oci_emulator: Emulator,
) -> None:
    response = sync.run(responses.respond({"model": COHERE, "input": "a"}, {}, store=Failing()))
    assert text(response)
    assert response["store"] is False
    assert response["oci_notes"] == [{"parameter": "store", "message": "Not kept: ConnectionError"}]


def test_what_oci_keeps_needs_no_store_here(oci_emulator: Emulator, tmp_path: Path) -> None:
    client = OciOpenAI(response_store=SqliteStore(tmp_path))  # a directory
    first = client.responses.create(model=GROK, input="a")
    second = client.responses.create(model=GROK, input="b", previous_response_id=first.id)
    assert client.responses.retrieve(second.id).id == second.id


def test_a_kept_response_that_nobody_can_read_is_told_of(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "s.db")
    store.put("resp_1", kept(1))
    with closing(sqlite3.connect(tmp_path / "s.db")) as database:
        database.execute("UPDATE responses SET kept = ?", (b'{"response": 1}',))
        database.commit()
    with pytest.raises(InvalidSetting, match=r"s\.db"):
        store.get("resp_1")


def test_a_reference_to_an_item_of_ocis_needs_no_type(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCI_GENAI_PROJECT_ID")
    with pytest.raises(NotFoundError, match="oci_project_id"):
        respond({"model": GROK, "input": [{"type": None, "id": "msg_1"}]})
    assert oci_emulator.ledger.last.target == "/openai/v1/responses"


def test_an_item_without_a_type_is_kept_with_one(oci_emulator: Emulator) -> None:
    said = [{"type": None, "role": "user", "content": "a"}]
    first = respond({"model": COHERE, "input": said})
    assert responses.input_items(first["id"])["data"][0]["type"] == "message"


def test_a_stored_prompt_needs_no_input(oci_emulator: Emulator) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        respond({"model": COHERE, "prompt": {"id": "p"}})
    assert caught.value.parameter == "prompt"


def test_what_comes_whole_of_a_stream_of_ocis_own_loses_nothing(oci_emulator: Emulator) -> None:
    asked = {"model": GROK, "input": "a", "metadata": {"a": "b"}}
    whole = {**respond(asked), "completed_at": 1_800_000_000}
    oci_emulator.when().reply_raw(
        200, {"content-type": "application/json"}, json.dumps(whole).encode()
    )
    first, *_, last = stream(asked)
    assert (first["type"], first["response"]["output"]) == ("response.created", [])
    assert last["response"] == {**whole, "opc_request_id": last["response"]["opc_request_id"]}
    assert last["response"]["opc_request_id"] == oci_emulator.ledger.last.opc_request_id


@pytest.mark.parametrize("status", ["queued", "failed"])
def test_what_comes_whole_of_a_stream_may_have_no_answer(
    oci_emulator: Emulator, status: str
) -> None:
    body = {"id": "resp_1", "status": status, "output": [], "error": {"message": "No."}}
    oci_emulator.when().reply_raw(
        200, {"content-type": "application/json"}, json.dumps(body).encode()
    )
    events = stream({"model": GROK, "input": "a", "background": True})
    assert [event["type"] for event in events] == ["response.created", f"response.{status}"]
    assert {event["response"]["id"] for event in events} == {"resp_1"}


@pytest.mark.parametrize("item", [1, {"type": "message"}])
def test_what_comes_whole_of_a_stream_and_makes_no_sense_is_an_error(
    oci_emulator: Emulator, item: object
) -> None:
    body = json.dumps({"id": "resp_1", "output": [item]}).encode()
    oci_emulator.when().reply_raw(200, {"content-type": "application/json"}, body)
    with pytest.raises(MalformedReply):
        stream({"model": GROK, "input": "a"})


@pytest.mark.parametrize("model", [COHERE, GROK])
def test_the_sdk_hands_on_what_responses_say_beside_openais_fields(
    oci_emulator: Emulator, model: str
) -> None:
    client = OciOpenAI()
    asked: Any = {"model": model, "input": "a", "user": "me"}
    whole: Any = client.responses.create(**asked)
    last: Any = list(client.responses.create(**asked, stream=True))[-1]
    with client.responses.stream(**asked) as told:
        final: Any = told.get_final_response()
    noted = ["user"] if model == COHERE else []
    for response in (whole, last.response, final):
        Response.model_validate(response.model_dump())
        assert response.opc_request_id
        assert [note["parameter"] for note in getattr(response, "oci_notes", [])] == noted
