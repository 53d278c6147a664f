"""Responses beyond its golden cases: the server's half, held against the ``openai`` SDK."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from openai._models import construct_type
from openai._types import omit
from openai.lib.streaming.responses._responses import ResponseStreamState
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from ocicat.dialects import openai_responses, sse
from ocicat.dialects.dialect import Notes, Origin
from ocicat.errors import InternalServerError, MalformedReply, OcicatError, UnsupportedFeature
from ocicat.routing.resolve import Place, resolve
from support.assembly import assembled

CASES = json.loads(
    (Path(__file__).parent.parent / "cases" / "dialects" / "openai_responses.json").read_text()
)
EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
MODEL = "xai.grok-4.20-multi-agent"
ORIGIN = Origin(MODEL, "A/B/C", 1795262401)
USAGE = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}


def of_kind(kind: str) -> Any:
    cases = [case for case in CASES if case["kind"] == kind]
    return pytest.mark.parametrize("case", cases, ids=[case["name"] for case in cases])


def chunk(delta: dict[str, Any], finish: str | None = None, **changes: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None, **changes}
    return {**HEAD, "choices": [choice]}


HEAD = {
    "id": "chatcmpl-C",
    "object": "chat.completion.chunk",
    "created": 1795262401,
    "model": MODEL,
}
COUNTS = {**HEAD, "choices": [], "usage": USAGE}


def call(index: int, arguments: str, **opening: str) -> dict[str, Any]:
    function = {"arguments": arguments}
    if opening:
        function["name"] = opening["name"]
        head = {"id": opening["id"], "type": "function"}
        return chunk({"tool_calls": [{"index": index, **head, "function": function}]})
    return chunk({"tool_calls": [{"index": index, "function": function}]})


def encoded(*chunks: Any) -> list[dict[str, Any]]:
    """The events of a whole stream, copied as they leave."""
    encoder = openai_responses.stream_encoder()
    events = [json.dumps(event) for each in chunks for event in encoder.feed(each)]
    events += [json.dumps(event) for event in encoder.end()]
    return [json.loads(event) for event in events]


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def accepted(events: list[dict[str, Any]]) -> Any:
    """The response that the SDK makes of these events; each must be one that it knows."""
    state: Any = ResponseStreamState(input_tools=omit, text_format=omit)
    last: Any = None
    for number, event in enumerate(events):
        EVENT.validate_python(event)
        assert event["sequence_number"] == number
        # As the SDK does with what comes over the wire.
        for fired in state.handle_event(construct_type(type_=ResponseStreamEvent, value=event)):
            last = fired
    return last.response


# --- streams that are written -------------------------------------------------------------------


@of_kind("stream")
def test_the_sdk_reads_every_stream_that_is_written(case: dict[str, Any]) -> None:
    decoder = openai_responses.stream_decoder(ORIGIN, with_usage=True)
    chunks = [
        made for event in json.loads(json.dumps(case["events"])) for made in decoder.feed(event)
    ]
    (choice,) = assembled(json.loads(json.dumps(chunks)))["choices"]
    response = accepted(encoded(*chunks))
    message = choice["message"]
    assert response.output_text == message["content"]
    calls = [item for item in response.output if item.type == "function_call"]
    assert [(made.call_id, made.name, made.arguments) for made in calls] == [
        (made["id"], made["function"]["name"], made["function"]["arguments"])
        for made in message.get("tool_calls", [])
    ]
    thoughts = [
        part.text
        for item in response.output
        if item.type == "reasoning"
        for part in item.content or item.summary
    ]
    assert "".join(thoughts) == message.get("reasoning_content", "")
    cut = choice["finish_reason"] in ("length", "content_filter")
    assert response.status == ("incomplete" if cut else "completed")


def test_a_text_is_told_in_openais_order() -> None:
    events = encoded(
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "hel"}),
        chunk({"content": "lo"}),
        chunk({}, "stop"),
        COUNTS,
    )
    assert types(events) == [
        *("created", "in_progress", "output_item.added", "content_part.added"),
        *("output_text.delta", "output_text.delta", "output_text.done", "content_part.done"),
        *("output_item.done", "completed"),
    ]
    places = [(e.get("item_id"), e.get("output_index"), e.get("content_index")) for e in events]
    assert set(places[3:8]) == {("msg_C_0", 0, 0)}
    assert events[0]["response"]["output"] == []
    assert events[2]["item"]["content"] == []
    assert events[6]["text"] == "hello"
    assert events[8]["item"] == events[9]["response"]["output"][0]
    assert events[9]["response"]["usage"] == {
        "input_tokens": 3,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 8,
    }
    assert accepted(events).id == "resp_C"


def test_thoughts_a_text_and_calls_are_items_one_after_the_other() -> None:
    events = encoded(
        chunk({"role": "assistant", "reasoning_content": "hm"}),
        chunk({"content": "let me see"}),
        call(0, "", id="call_1", name="f"),
        call(0, "{}"),
        call(1, "{}", id="call_2", name="g"),
        chunk({}, "tool_calls"),
        COUNTS,
    )
    assert types(events) == [
        *("created", "in_progress"),
        *("output_item.added", "content_part.added", "reasoning_text.delta"),
        *("reasoning_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "content_part.added", "output_text.delta"),
        *("output_text.done", "content_part.done", "output_item.done"),
        *("output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done"),
        *("output_item.added", "function_call_arguments.delta"),
        *("function_call_arguments.done", "output_item.done"),
        "completed",
    ]
    ids = [item["id"] for item in events[-1]["response"]["output"]]
    assert ids == ["rs_C_0", "msg_C_1", "fc_C_2", "fc_C_3"]
    added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
    assert [(i["call_id"], i["name"], i["arguments"]) for i in added[2:]] == [
        ("call_1", "f", ""),
        ("call_2", "g", ""),
    ]
    accepted(events)


def test_calls_whose_pieces_come_by_turns_stay_open_until_they_are_whole() -> None:
    events = encoded(
        call(0, '{"a"', id="call_1", name="f"),
        call(1, '{"b"', id="call_2", name="f"),
        call(0, ":1}"),
        call(1, ":2}"),
        chunk({}, "tool_calls"),
        COUNTS,
    )
    first, second = accepted(events).output
    assert (first.arguments, second.arguments) == ('{"a":1}', '{"b":2}')


def test_white_space_after_a_call_that_is_whole_is_left_out() -> None:
    events = encoded(
        call(0, "{}", id="call_1", name="f"),
        call(1, "{}", id="call_2", name="f"),
        call(0, " "),
        chunk({}, "tool_calls"),
        COUNTS,
    )
    assert [item.arguments for item in accepted(events).output] == ["{}", "{}"]
    assert types(events).count("function_call_arguments.delta") == 2


def test_words_after_a_call_are_an_item_of_their_own() -> None:
    response = accepted(
        encoded(
            chunk({"content": "a"}),
            call(0, "{}", id="call_1", name="f"),
            chunk({"content": "b"}),
            chunk({}, "tool_calls"),
            COUNTS,
        )
    )
    assert [item.type for item in response.output] == ["message", "function_call", "message"]


def test_what_hosted_tools_did_is_told_step_by_step() -> None:
    items = [
        {
            "type": "web_search_call",
            "id": "ws_1",
            "status": "completed",
            "action": {"type": "search", "query": "q"},
        },
        {
            "type": "file_search_call",
            "id": "fs_1",
            "status": "completed",
            "queries": ["q"],
            "results": None,
        },
        {
            "type": "code_interpreter_call",
            "id": "ci_1",
            "status": "completed",
            "code": "1 + 1",
            "container_id": "cntr_1",
            "outputs": [{"type": "logs", "logs": "2"}],
        },
        {"type": "mcp_list_tools", "id": "mcpl_1", "server_label": "s", "tools": []},
        {
            "type": "mcp_call",
            "id": "mcp_1",
            "status": "failed",
            "name": "f",
            "arguments": "{}",
            "server_label": "s",
        },
    ]
    events = encoded(
        chunk({"role": "assistant", "content": "let me see"}),
        chunk({"response_items": items}),
        chunk({"content": "so"}),
        chunk({}, "stop"),
        COUNTS,
    )
    steps = [kind for kind in types(events) if "_call" in kind or "mcp" in kind]
    assert steps == [
        *("web_search_call.in_progress", "web_search_call.searching", "web_search_call.completed"),
        *("file_search_call.in_progress", "file_search_call.searching"),
        "file_search_call.completed",
        *("code_interpreter_call.in_progress", "code_interpreter_call_code.delta"),
        *("code_interpreter_call_code.done", "code_interpreter_call.interpreting"),
        "code_interpreter_call.completed",
        *("mcp_list_tools.in_progress", "mcp_list_tools.completed"),
        *("mcp_call.in_progress", "mcp_call_arguments.delta", "mcp_call_arguments.done"),
        "mcp_call.failed",
    ]
    output = events[-1]["response"]["output"]
    assert output[1:6] == items
    assert [item["type"] for item in (output[0], output[6])] == ["message", "message"]
    assert accepted(events).output_text == "let me seeso"


def test_encrypted_thoughts_are_those_that_have_just_been_told() -> None:
    encrypted = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}
    events = encoded(
        chunk({"role": "assistant", "reasoning_content": "hm"}),
        chunk({"response_items": [encrypted]}),
        chunk({"content": "a"}),
        chunk({}, "stop"),
    )
    thoughts, _ = accepted(events).output
    assert (thoughts.content[0].text, thoughts.encrypted_content) == ("hm", "x")
    (done,) = (
        event
        for event in events
        if event["type"] == "response.output_item.done" and event["output_index"] == 0
    )
    assert done["item"]["encrypted_content"] == "x"


def test_an_answer_that_was_cut_off_is_incomplete_and_so_is_its_last_item() -> None:
    events = encoded(
        chunk({"reasoning_content": "hm"}), chunk({"content": "hel"}), chunk({}, "length"), COUNTS
    )
    assert events[-1]["type"] == "response.incomplete"
    response = accepted(events)
    assert response.incomplete_details.reason == "max_output_tokens"
    assert [item.status for item in response.output] == ["completed", "incomplete"]


def test_token_counts_that_come_before_the_end_wait_for_it() -> None:
    events = encoded({**chunk({"content": "a"}), "usage": USAGE}, chunk({}, "stop"))
    assert types(events).count("completed") == 1
    assert accepted(events).usage.total_tokens == 8


def test_an_end_without_token_counts_is_told_by_the_end_of_the_stream() -> None:
    encoder = openai_responses.stream_encoder()
    events = encoder.feed(chunk({"content": "a"})) + encoder.feed(chunk({}, "stop"))
    assert "response.completed" not in [event["type"] for event in events]
    (last,) = encoder.end()
    assert last["type"] == "response.completed"
    assert last["response"]["usage"] is None
    assert encoder.end() == []


def test_an_answer_that_breaks_off_has_failed() -> None:
    events = encoded(chunk({"content": "hel"}))
    assert events[-1]["type"] == "response.failed"
    response = accepted(events)
    assert response.error.code == "server_error"
    assert response.output[0].status == "incomplete"
    assert response.output_text == "hel"


def test_a_stream_of_nothing_ends_with_nothing() -> None:
    assert openai_responses.stream_encoder().end() == []


def test_only_the_first_answer_is_told() -> None:
    events = encoded(
        chunk({"content": "a"}),
        chunk({"content": "b"}, index=1),
        chunk({}, "stop"),
        chunk({}, "stop", index=1),
        COUNTS,
    )
    assert accepted(events).output_text == "a"


def test_probabilities_are_told_in_the_form_of_responses() -> None:
    token = {"token": "é", "logprob": -1.0, "top_logprobs": [{"token": "e", "logprob": -2.0}]}
    events = encoded(
        chunk({"content": "é"}, logprobs={"content": [token]}), chunk({}, "stop"), COUNTS
    )
    (part,) = accepted(events).output[0].content
    assert part.logprobs[0].bytes == [195, 169]
    assert part.logprobs[0].top_logprobs[0].bytes == [101]
    assert events[4]["logprobs"][0]["token"] == "é"


def test_an_annotation_without_fields_of_its_own_is_left_out() -> None:
    events = encoded(chunk({"content": "a", "annotations": [{"type": "x"}]}), chunk({}, "stop"))
    assert accepted(events).output[0].content[0].annotations == []


def test_the_sdks_own_client_reads_events_without_names() -> None:
    events = encoded(
        chunk({"content": "hello"}),
        call(0, "{}", id="c", name="f"),
        chunk({}, "tool_calls"),
        COUNTS,
    )
    stream = b"".join(sse.encode(json.dumps(event).encode()) for event in events)
    transport = httpx.MockTransport(
        lambda request: httpx.Response(
            200,
            headers={"content-type": "text/event-stream"},
            content=stream + sse.encode(sse.DONE),
        )
    )
    client = openai.OpenAI(
        api_key="k", base_url="http://test", http_client=httpx.Client(transport=transport)
    )
    with client.responses.stream(model=MODEL, input="hi") as reading:
        fired = [event.type for event in reading]
        response = reading.get_final_response()
    assert fired[-1] == "response.completed"
    assert response.output_text == "hello"
    assert [item.type for item in response.output] == ["message", "function_call"]


# --- whole responses ----------------------------------------------------------------------------


@of_kind("reply")
def test_the_sdk_knows_every_field_of_a_response_that_is_written(case: dict[str, Any]) -> None:
    response = Response.model_validate(openai_responses.encode_reply(case["neutral"]))
    message = case["neutral"]["choices"][0]["message"]
    assert response.output_text == (message["content"] or "")
    assert response.id.startswith("resp_")


def test_the_same_reply_gives_the_same_ids() -> None:
    reply: Any = {
        "id": "chatcmpl-7",
        "created": 1,
        "model": "m",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": "a"}, "finish_reason": "stop"}
        ],
    }
    first, second = openai_responses.encode_reply(reply), openai_responses.encode_reply(reply)
    assert first == second
    assert (first["id"], first["output"][0]["id"]) == ("resp_7", "msg_7_0")


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (
            {"output": [], "status": "failed", "error": {"code": "x", "message": "Oh."}},
            InternalServerError,
            "Oh.",
        ),
        ({"output": [], "status": "failed"}, InternalServerError, "failed"),
        ({"output": [], "status": "queued", "error": None}, InternalServerError, "queued"),
        ({"output": [], "status": "cancelled"}, InternalServerError, "cancelled"),
        ({"error": {"message": "No."}}, InternalServerError, "No."),
        ({"error": None, "output": None}, MalformedReply, "`output` is missing"),
        ({"choices": []}, MalformedReply, "`output` is missing"),
    ],
)
def test_what_is_no_answer_is_an_error(
    body: dict[str, Any], kind: type[OcicatError], words: str
) -> None:
    with pytest.raises(kind, match=words):
        openai_responses.decode_reply(body, ORIGIN)


# --- streams that are read ----------------------------------------------------------------------


def test_a_stream_that_only_ends_is_not_finished() -> None:
    decoder = openai_responses.stream_decoder(ORIGIN, with_usage=False)
    decoder.feed({"type": "response.created", "response": {"id": "resp_1"}})
    decoder.feed({"type": "response.output_text.delta", "output_index": 0, "delta": "a"})
    assert not decoder.finished
    decoder.feed({"type": "response.completed", "response": {"status": "completed"}})
    assert decoder.finished


def test_nothing_is_expected_after_the_end_of_a_response_without_token_counts() -> None:
    decoder = openai_responses.stream_decoder(ORIGIN, with_usage=True)
    decoder.feed({"type": "response.completed", "response": {"status": "completed"}})
    assert decoder.complete


def test_chunks_say_whose_response_they_are() -> None:
    decoder = openai_responses.stream_decoder(ORIGIN, with_usage=True)
    response = {"id": "resp_1", "created_at": 7.0, "model": "m", "service_tier": "flex"}
    decoder.feed({"type": "response.created", "response": response})
    *_, last = decoder.feed(
        {"type": "response.completed", "response": {**response, "usage": {"input_tokens": 1}}}
    )
    assert (last["id"], last["created"], last["model"]) == ("resp_1", 7, "m")
    assert last["service_tier"] == "flex"
    assert last["opc_request_id"] == "A/B/C"


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_text.delta", "output_index": 0, "delta": 5},
        {"type": "response.output_text.delta"},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{}"},
        {"type": "response.completed"},
    ],
)
def test_an_event_of_a_wrong_shape_is_not_taken_for_an_answer(event: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        openai_responses.stream_decoder(ORIGIN, with_usage=False).feed(event)


# --- requests that are read ---------------------------------------------------------------------


def read(input: Any = "hi", **changes: Any) -> dict[str, Any]:
    request: Any = openai_responses.decode_request({"model": "m", "input": input, **changes})
    return dict(request)


HI = {"role": "user", "content": "hi"}


def test_a_text_is_the_users_and_instructions_are_the_systems() -> None:
    assert read(instructions="be brief") == {
        "model": "m",
        "messages": [{"role": "system", "content": "be brief"}, HI],
    }


def test_thoughts_words_and_calls_that_follow_each_other_are_one_message() -> None:
    request = read(
        [
            {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "a"}]},
            {
                "type": "message",
                "role": "assistant",
                "id": "msg_1",
                "status": "completed",
                "content": [{"type": "output_text", "text": "let me see", "annotations": []}],
            },
            {
                "type": "function_call",
                "id": "fc_1",
                "call_id": "c1",
                "name": "f",
                "arguments": "{}",
            },
            {
                "type": "reasoning",
                "id": "rs_2",
                "summary": [],
                "content": [{"type": "reasoning_text", "text": "b"}],
            },
            {"type": "custom_tool_call", "call_id": "c2", "name": "patch", "input": 'a "b"'},
            {"type": "function_call_output", "call_id": "c1", "output": "one"},
            {
                "type": "custom_tool_call_output",
                "call_id": "c2",
                "output": [{"type": "input_text", "text": "two"}],
            },
            {"type": "web_search_call", "id": "ws_1", "status": "completed"},
            {"role": "assistant", "content": "so"},
            HI,
        ]
    )
    assert request["messages"] == [
        HI,
        {
            "role": "assistant",
            "content": "let me see",
            "reasoning_content": "a\n\nb",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {
                    "id": "c2",
                    "type": "function",
                    "function": {"name": "patch", "arguments": '{"input":"a \\"b\\""}'},
                },
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {
            "role": "assistant",
            "content": "so",
            "response_items": [{"type": "web_search_call", "id": "ws_1", "status": "completed"}],
        },
        HI,
    ]


def test_thoughts_that_nothing_followed_are_no_message() -> None:
    assert read([{"type": "reasoning", "id": "r", "summary": []}, HI])["messages"] == [HI]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "item_reference", "id": "rs_1"},
        {"id": "rs_1"},
        {"type": "compaction", "encrypted_content": "x"},
        {"type": "computer_call_output", "call_id": "c", "output": {}},
        {"type": "mcp_approval_response", "approval_request_id": "a", "approve": True},
    ],
)
def test_an_item_that_needs_what_only_oci_has_is_refused_by_its_place(item: Any) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        read([HI, item])
    assert caught.value.parameter == "input[1]"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("previous_response_id", "resp_1"),
        ("conversation", "conv_1"),
        ("prompt", {"id": "p"}),
        ("background", True),
        ("max_tool_calls", 3),
    ],
)
def test_what_a_chat_cannot_do_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(UnsupportedFeature) as caught:
        read(**{name: value})
    assert caught.value.parameter == name


def test_what_clients_say_of_habit_says_nothing() -> None:
    assert read(
        background=False,
        truncation="disabled",
        service_tier="auto",
        parallel_tool_calls=True,
        metadata={},
        store=False,
        text={"format": {"type": "text"}},
        reasoning={"summary": "auto"},
        include=["reasoning.encrypted_content"],
        tools=[],
        previous_response_id=None,
    ) == {"model": "m", "messages": [HI]}


def test_a_stream_is_asked_for_its_token_counts() -> None:
    request = read(stream=True, stream_options={"include_obfuscation": False})
    assert request["stream_options"] == {"include_usage": True}


def test_tools_that_are_no_functions_are_left_to_the_model() -> None:
    tools = [{"type": "web_search"}, {"type": "custom", "name": "patch"}]
    request = read(tools=tools, tool_choice={"type": "web_search"})
    assert request["tools"] == tools
    assert request["tool_choice"] == {"type": "web_search"}


def test_a_function_that_does_not_say_whether_it_is_strict_stays_so() -> None:
    (tool,) = read(tools=[{"type": "function", "name": "f", "parameters": None}])["tools"]
    assert tool == {"type": "function", "function": {"name": "f"}}


# --- requests to a model of which something is known --------------------------------------------


def asked(model: str, notes: Notes, **request: Any) -> dict[str, Any]:
    target = resolve(model, Place(region="us-chicago-1", transport="responses"))
    whole: Any = {"model": model, "messages": [HI], **request}
    return openai_responses.encode_request(whole, target, "", notes)


def test_what_oci_has_refused_before_is_left_out() -> None:
    notes = Notes(
        learned={"verbosity": "no", "reasoning_effort": "no", "parallel_tool_calls": "no"}
    )
    body = asked(MODEL, notes, verbosity="low", reasoning_effort="low", parallel_tool_calls=True)
    assert body.keys() == {"model", "input", "store", "include", "max_output_tokens"}
    assert [note["parameter"] for note in notes.items] == [
        "verbosity",
        "reasoning_effort",
        "parallel_tool_calls",
    ]


def test_tools_that_oci_has_refused_before_are_refused_here() -> None:
    tools = [{"type": "function", "function": {"name": "f"}}]
    with pytest.raises(UnsupportedFeature) as caught:
        asked(MODEL, Notes(learned={"tools": "no tools"}), tools=tools)
    assert caught.value.parameter == "tools"
    notes = Notes(drop=True, learned={"tools": "no tools"})
    body = asked(MODEL, notes, tools=tools, tool_choice="auto")
    assert not body.keys() & {"tools", "tool_choice"}
    assert [note["parameter"] for note in notes.items] == ["tools"]


def test_media_without_a_place_are_left_out_where_the_caller_wants_that() -> None:
    notes = Notes(drop=True)
    sound = {"type": "audio_url", "audio_url": {"url": "https://a.b/c.mp3"}}
    words = {"type": "text", "text": "hi"}
    body = asked(
        "google.gemini-2.5-flash", notes, messages=[{"role": "user", "content": [sound, words]}]
    )
    assert body["input"][0]["content"] == [{"type": "input_text", "text": "hi"}]
    assert [note["parameter"] for note in notes.items] == ["messages[0].content"]
