"""Responses that are remembered."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from ocicat.emulator import Emulator
from support.emulator_client import Answer, event_payloads
from support.objects import get, post, send, uploaded

EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
GROK = "xai.grok-4.3"
GPT_OSS = "openai.gpt-oss-120b"


def asked(emulator: Emulator, input: Any = "hi", **more: Any) -> Answer:
    return send(emulator, "POST", "/responses", {"model": GROK, "input": input, **more})


def responded(emulator: Emulator, input: Any = "hi", **more: Any) -> Any:
    answer = asked(emulator, input, **more)
    assert answer.status == 200, answer.body
    Response.model_validate(answer.json)
    return answer.json


def text(response: Any) -> str:
    return Response.model_validate(response).output_text


def heard(emulator: Emulator) -> list[Any]:
    request = emulator.ledger.chats[-1].request
    assert request is not None
    return [message["content"] for message in request["messages"]]


def test_a_response_is_continued_and_its_instructions_are_not(emulator: Emulator) -> None:
    first = responded(emulator, "a", instructions="Be brief.")
    second = responded(emulator, "b", previous_response_id=first["id"])
    responded(emulator, "c", previous_response_id=second["id"])
    assert heard(emulator) == ["a", text(first), "b", text(second), "c"]
    assert second["previous_response_id"] == first["id"]


def test_a_stream_is_remembered_too(emulator: Emulator) -> None:
    events = event_payloads(asked(emulator, "a", stream=True).body)
    first = events[-1]["response"]
    assert get(emulator, f"/responses/{first['id']}") == first
    responded(emulator, "b", previous_response_id=first["id"])
    assert heard(emulator) == ["a", text(first), "b"]


@pytest.mark.parametrize("stored", [True, False])
def test_only_what_is_stored_can_be_looked_up(emulator: Emulator, stored: bool) -> None:
    response = responded(emulator, store=stored)
    path = f"/responses/{response['id']}"
    found = [
        send(emulator, "GET", path).status,
        send(emulator, "GET", f"{path}/input_items").status,
    ]
    assert found == ([200, 200] if stored else [404, 404])
    again = asked(emulator, previous_response_id=response["id"])
    assert again.status == (200 if stored else 400)
    if not stored:
        assert again.json["error"]["code"] == "previous_response_not_found"


def test_a_response_repeats_its_request(emulator: Emulator) -> None:
    said: dict[str, Any] = {
        "instructions": "Be brief.",
        "metadata": {"a": "b"},
        "temperature": 0.5,
        "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": False}],
        "tool_choice": "none",
        "max_output_tokens": 100,
    }
    response = responded(emulator, **said)
    assert {name: response[name] for name in said} == said
    assert (response["store"], response["background"]) == (True, False)


def test_a_deleted_response_is_gone(emulator: Emulator) -> None:
    id = responded(emulator)["id"]
    deleted = {"id": id, "object": "response", "deleted": True}
    assert send(emulator, "DELETE", f"/responses/{id}").json == deleted
    for method, path in [("GET", ""), ("DELETE", ""), ("POST", "/cancel"), ("GET", "/input_items")]:
        assert send(emulator, method, f"/responses/{id}{path}").status == 404


def test_input_items_are_all_that_came_before_the_answer(emulator: Emulator) -> None:
    first = responded(emulator, "a")
    second = responded(emulator, "b", previous_response_id=first["id"])
    page = get(emulator, f"/responses/{second['id']}/input_items?order=asc")
    assert [item["content"][0]["text"] for item in page["data"]] == ["a", text(first), "b"]
    assert get(emulator, f"/responses/{second['id']}/input_items?limit=1")["has_more"] is True


def test_an_item_may_be_referred_to(emulator: Emulator) -> None:
    first = responded(emulator, "a")
    reference = {"type": "item_reference", "id": first["output"][0]["id"]}
    responded(emulator, [reference, {"role": "user", "content": "b"}])
    assert heard(emulator) == [text(first), "b"]
    conversation = post(emulator, "/conversations", {"items": [{"role": "user", "content": "c"}]})
    (item,) = get(emulator, f"/conversations/{conversation['id']}/items")["data"]
    responded(emulator, [{"id": item["id"]}])
    assert heard(emulator) == ["c"]
    assert asked(emulator, [{"id": "msg_x"}]).status == 400


# --- conversations ------------------------------------------------------------------------------


def test_a_conversation_grows(emulator: Emulator) -> None:
    said = [{"role": "user", "content": "a"}]
    id = post(emulator, "/conversations", {"items": said})["id"]
    first = responded(emulator, "b", conversation=id)
    responded(emulator, "c", conversation={"id": id}, store=False)
    assert heard(emulator) == ["a", "b", text(first), "c"]
    assert first["conversation"] == {"id": id}
    assert len(get(emulator, f"/conversations/{id}/items")["data"]) == 5
    assert asked(emulator, conversation="conv_x").status == 404
    both = asked(emulator, conversation=id, previous_response_id=first["id"])
    assert both.json["error"]["param"] == "conversation"


# --- in the background --------------------------------------------------------------------------


def test_a_response_in_the_background_is_polled(emulator: Emulator) -> None:
    response = responded(emulator, background=True)
    path = f"/responses/{response['id']}"
    assert (response["status"], response["output"]) == ("queued", [])
    early = asked(emulator, previous_response_id=response["id"])
    assert early.json["error"]["param"] == "previous_response_id"
    assert [get(emulator, path)["status"] for _ in range(3)] == [
        *("in_progress", "completed", "completed")
    ]
    assert text(get(emulator, path))


def test_a_response_in_the_background_may_be_cancelled_until_it_has_ended(
    emulator: Emulator,
) -> None:
    path = f"/responses/{responded(emulator, background=True)['id']}"
    assert post(emulator, f"{path}/cancel", {})["status"] == "cancelled"
    assert get(emulator, path)["output"] == []
    assert post(emulator, f"{path}/cancel", {})["status"] == "cancelled"
    path = f"/responses/{responded(emulator, background=True)['id']}"
    for _ in range(2):
        get(emulator, path)
    ended = send(emulator, "POST", f"{path}/cancel", {})
    assert (ended.status, "completed" in ended.json["error"]["message"]) == (400, True)
    path = f"/responses/{responded(emulator)['id']}"
    usual = send(emulator, "POST", f"{path}/cancel", {})
    assert (usual.status, "background" in usual.json["error"]["message"]) == (400, True)


def test_what_is_in_the_background_is_stored(emulator: Emulator) -> None:
    answer = asked(emulator, background=True, store=False)
    assert answer.json["error"]["param"] == "background"


def test_a_stream_that_broke_is_taken_up_again(emulator: Emulator) -> None:
    emulator.when("OCI").answer("A cloud of clouds.").cut_after(5, clean=True)
    events = event_payloads(asked(emulator, "OCI?", background=True, stream=True).body)
    assert len(events) == 5
    id, last = events[0]["response"]["id"], events[-1]["sequence_number"]
    rest = send(emulator, "GET", f"/responses/{id}?stream=true&starting_after={last}")
    assert rest.headers["content-type"] == "text/event-stream"
    events += event_payloads(rest.body)
    for number, event in enumerate(events):
        EVENT.validate_python(event)
        assert event["sequence_number"] == number
    assert text(events[-1]["response"]) == "A cloud of clouds."
    assert "".join(event.get("delta", "") for event in events) == "A cloud of clouds."
    usual = responded(emulator)["id"]
    assert send(emulator, "GET", f"/responses/{usual}?stream=true").status == 400
    assert send(emulator, "GET", f"/responses/{id}?stream=true&starting_after=x").status == 400


# --- thoughts -----------------------------------------------------------------------------------


def test_thoughts_are_encrypted_where_that_is_asked_for(emulator: Emulator) -> None:
    emulator.when("OCI").think("Hm.").answer("A cloud.")
    asked_for = {"model": GPT_OSS, "include": ["reasoning.encrypted_content"], "store": False}
    said = {"role": "user", "content": "OCI?"}
    thoughts, answer = responded(emulator, [said], **asked_for)["output"]
    assert thoughts["encrypted_content"]
    events = event_payloads(asked(emulator, [said], stream=True, **asked_for).body)
    done = [e["item"] for e in events if e["type"] == "response.output_item.done"]
    assert done[0]["encrypted_content"] == thoughts["encrypted_content"]
    assert events[-1]["response"]["output"][0] == done[0]
    responded(emulator, [said, thoughts, answer, said], **asked_for)
    forged = {**thoughts, "encrypted_content": "gAAAA"}
    refused = asked(emulator, [said, forged, answer, said], **asked_for)
    assert refused.json["error"]["code"] == "invalid_encrypted_content"


# --- hosted tools -------------------------------------------------------------------------------


def kinds(response: Any) -> list[str]:
    return [item["type"] for item in response["output"]]


def test_the_web_is_searched(emulator: Emulator) -> None:
    for kind in ("web_search", "web_search_2025_08_26", "web_search_preview"):
        response = responded(
            emulator,
            "What is OCI?",
            tools=[{"type": kind}],
            include=["web_search_call.action.sources"],
        )
        assert kinds(response) == ["web_search_call", "message"]
        assert response["output"][0]["action"]["query"] == "What is OCI?"
        assert response["output"][0]["action"]["sources"]
    silent = responded(emulator, tools=[{"type": "web_search"}], tool_choice="none")
    assert kinds(silent) == ["message"]


def test_files_are_searched(emulator: Emulator) -> None:
    file = uploaded(emulator, "cats.txt", b"Cats sleep all day.")
    store = post(emulator, "/vector_stores", {"file_ids": [file]})["id"]
    tool = {"type": "file_search", "vector_store_ids": [store]}
    search = responded(
        emulator, "Do cats sleep?", tools=[tool], include=["file_search_call.results"]
    )["output"][0]
    assert [result["filename"] for result in search["results"]] == ["cats.txt"]
    assert responded(emulator, tools=[tool])["output"][0]["results"] is None
    unknown = {"type": "file_search", "vector_store_ids": ["vs_x"]}
    for stream in (False, True):
        assert asked(emulator, tools=[unknown], stream=stream).status == 404


def test_programs_run_in_a_container(emulator: Emulator) -> None:
    tool = {"type": "code_interpreter", "container": {"type": "auto", "memory_limit": "4g"}}
    include = ["code_interpreter_call.outputs"]
    ran = responded(emulator, tools=[tool], include=include)["output"][0]
    assert ran["outputs"][0]["type"] == "logs"
    assert get(emulator, f"/containers/{ran['container_id']}")["memory_limit"] == "4g"
    again = {"type": "code_interpreter", "container": ran["container_id"]}
    assert responded(emulator, tools=[again])["output"][0]["container_id"] == ran["container_id"]
    unknown = {"type": "code_interpreter", "container": "cntr_x"}
    assert asked(emulator, tools=[unknown]).status == 404


def test_a_server_of_tools_is_asked_once_that_is_approved(emulator: Emulator) -> None:
    tool = {"type": "mcp", "server_label": "s", "server_url": "https://s.example"}
    never = {**tool, "require_approval": "never"}
    assert kinds(responded(emulator, tools=[never])) == ["mcp_list_tools", "mcp_call", "message"]
    first = responded(emulator, tools=[tool])
    assert kinds(first)[:2] == ["mcp_list_tools", "mcp_approval_request"]
    approval = {
        "type": "mcp_approval_response",
        "approval_request_id": first["output"][1]["id"],
        "approve": True,
    }
    more = {"tools": [tool], "previous_response_id": first["id"]}
    assert kinds(responded(emulator, [approval], **more)) == ["mcp_call", "message"]
    refused = {**approval, "approve": False}
    assert kinds(responded(emulator, [refused], **more)) == ["message"]


def test_hosted_tools_do_not_work_twice_in_a_loop(emulator: Emulator) -> None:
    tools = [
        {"type": "web_search"},
        {"type": "function", "name": "f", "parameters": {}, "strict": False},
    ]
    emulator.when("call f").call_tool("f", {}).times(1)
    first = responded(emulator, "call f", tools=tools)
    assert kinds(first) == ["web_search_call", "function_call"]
    result = {
        "type": "function_call_output",
        "call_id": first["output"][1]["call_id"],
        "output": "x",
    }
    second = responded(emulator, [result], tools=tools, previous_response_id=first["id"])
    assert kinds(second) == ["message"]


def test_every_event_of_hosted_tools_is_known_to_the_sdk(emulator: Emulator) -> None:
    store = post(emulator, "/vector_stores", {})["id"]
    tools = [
        {"type": "web_search"},
        {"type": "file_search", "vector_store_ids": [store]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {
            "type": "mcp",
            "server_label": "s",
            "server_url": "https://s.example",
            "require_approval": "never",
        },
    ]
    events = event_payloads(asked(emulator, tools=tools, stream=True).body)
    for number, event in enumerate(events):
        EVENT.validate_python(event)
        assert event["sequence_number"] == number
    assert kinds(events[-1]["response"]) == [
        *("web_search_call", "file_search_call", "code_interpreter_call"),
        *("mcp_list_tools", "mcp_call", "message"),
    ]
