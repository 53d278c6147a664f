"""The schema of Responses, compared with the openai SDK field by field, and put to the test."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import Any

import msgspec
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shapes
from openai.types import responses as sdk
from openai.types.responses import (
    easy_input_message_param,
    response_code_interpreter_tool_call_param,
    response_create_params,
    response_file_search_tool_call_param,
    response_function_web_search_param,
    response_input_param,
    response_output_text_param,
    response_reasoning_item_param,
    tool_param,
    web_search_tool_param,
)
from openai.types.shared_params import reasoning as sdk_reasoning
from openai.types.shared_params import response_format_json_object, response_format_text

from ocicat.emulator.schema import openai_responses as ours
from ocicat.emulator.schema.openai_responses import ResponseRequest, check_response_request
from ocicat.emulator.schema.reading import SchemaRefused

# Our shapes, the SDK's types for the same, and the fields of theirs that are left out on purpose:
# OCI documents neither tools that run at the caller's side nor programs that call tools.

ELSEWHERE = {"caller", "allowed_callers", "async", "defer_loading", "namespace"}
SAME: list[tuple[type, Any, set[str]]] = [
    (ours.InputText, sdk.ResponseInputTextParam, set()),
    (ours.InputImage, sdk.ResponseInputImageParam, set()),
    (ours.InputFile, sdk.ResponseInputFileParam, set()),
    (ours.InputAudio, sdk.ResponseInputAudioParam, set()),
    (ours.OutputText, sdk.ResponseOutputTextParam, set()),
    (ours.Logprob, response_output_text_param.Logprob, set()),
    (ours.FileCitation, response_output_text_param.AnnotationFileCitation, set()),
    (ours.UrlCitation, response_output_text_param.AnnotationURLCitation, set()),
    (ours.FilePath, response_output_text_param.AnnotationFilePath, set()),
    (
        ours.ContainerFileCitation,
        response_output_text_param.AnnotationContainerFileCitation,
        set(),
    ),
    (ours.Refusal, sdk.ResponseOutputRefusalParam, set()),
    (ours.Message, sdk.ResponseOutputMessageParam, set()),
    (ours.Message, easy_input_message_param.EasyInputMessageParam, set()),
    (ours.Message, response_input_param.Message, set()),
    (ours.Reasoning, sdk.ResponseReasoningItemParam, set()),
    (ours.SummaryText, response_reasoning_item_param.Summary, set()),
    (ours.ReasoningText, response_reasoning_item_param.Content, set()),
    (ours.ItemReference, response_input_param.ItemReference, set()),
    (ours.Compaction, sdk.ResponseCompactionItemParamParam, set()),
    (ours.FunctionCall, sdk.ResponseFunctionToolCallParam, ELSEWHERE),
    (ours.FunctionCallOutput, response_input_param.FunctionCallOutput, ELSEWHERE | {"name"}),
    (ours.FileSearchCall, sdk.ResponseFileSearchToolCallParam, set()),
    (ours.FileSearchResult, response_file_search_tool_call_param.Result, set()),
    (ours.WebSearchCall, sdk.ResponseFunctionWebSearchParam, set()),
    (ours.Search, response_function_web_search_param.ActionSearch, set()),
    (ours.OpenPage, response_function_web_search_param.ActionOpenPage, set()),
    (ours.FindInPage, response_function_web_search_param.ActionFind, set()),
    (ours.CodeInterpreterCall, sdk.ResponseCodeInterpreterToolCallParam, set()),
    (ours.Logs, response_code_interpreter_tool_call_param.OutputLogs, set()),
    (ours.Picture, response_code_interpreter_tool_call_param.OutputImage, set()),
    (ours.McpListTools, response_input_param.McpListTools, set()),
    (ours.McpTool, response_input_param.McpListToolsTool, set()),
    (ours.McpApprovalRequest, response_input_param.McpApprovalRequest, set()),
    (ours.McpApprovalResponse, response_input_param.McpApprovalResponse, set()),
    (ours.McpCall, response_input_param.McpCall, set()),
    (ours.FunctionTool, sdk.FunctionToolParam, ELSEWHERE | {"output_schema"}),
    (ours.FileSearchTool, sdk.FileSearchToolParam, set()),
    (ours.WebSearchTool, sdk.WebSearchToolParam, set()),
    (ours.DatedWebSearchTool, sdk.WebSearchToolParam, set()),
    (ours.UserLocation, web_search_tool_param.UserLocation, set()),
    (ours.WebSearchPreviewTool, sdk.WebSearchPreviewToolParam, set()),
    (ours.DatedWebSearchPreviewTool, sdk.WebSearchPreviewToolParam, set()),
    (ours.CodeInterpreterTool, tool_param.CodeInterpreter, ELSEWHERE),
    (ours.AutoContainer, tool_param.CodeInterpreterContainerCodeInterpreterToolAuto, set()),
    (ours.McpServerTool, tool_param.Mcp, ELSEWHERE | {"tunnel_id"}),
    (ours.McpToolFilter, tool_param.McpAllowedToolsMcpToolFilter, set()),
    (ours.McpApproval, tool_param.McpRequireApprovalMcpToolApprovalFilter, set()),
    (ours.AllowedToolsChoice, sdk.ToolChoiceAllowedParam, set()),
    (ours.FunctionChoice, sdk.ToolChoiceFunctionParam, set()),
    (ours.McpChoice, sdk.ToolChoiceMcpParam, set()),
    (ours.TextFormat, response_format_text.ResponseFormatText, set()),
    (ours.JsonObjectFormat, response_format_json_object.ResponseFormatJSONObject, set()),
    (ours.JsonSchemaFormat, sdk.ResponseFormatTextJSONSchemaConfigParam, set()),
    (ours.TextConfig, sdk.ResponseTextConfigParam, set()),
    (ours.ReasoningConfig, sdk_reasoning.Reasoning, set()),
    (ours.ContextManagement, response_create_params.ContextManagement, set()),
    (ours.Conversation, sdk.ResponseConversationParamParam, set()),
    (ours.Prompt, sdk.ResponsePromptParam, set()),
    (ours.PromptCacheOptions, response_create_params.PromptCacheOptions, set()),
    (ours.StreamOptions, response_create_params.StreamOptions, set()),
    (
        ResponseRequest,
        response_create_params.ResponseCreateParamsStreaming,
        {"access_programs", "background_options", "image", "moderation"},
    ),
]
# What the API itself does not ask for, whatever the SDK's types say: the first are filled in by it,
# the call's id is needed, and ``model`` and ``input`` are not where a stored prompt brings them.
LOOSER = {
    *("InputImage.detail", "Message.id", "Message.status"),
    *("FunctionTool.parameters", "FunctionTool.strict", "ResponseRequest.stream"),
}
STRICTER = {"FunctionCallOutput.call_id", "ResponseRequest.input", "ResponseRequest.model"}


def sdk_values(hint: Any) -> set[Any]:
    """The words of an enumeration; empty for everything else."""
    origin, arguments = typing_extensions.get_origin(hint), typing_extensions.get_args(hint)
    if origin is typing_extensions.Literal:
        return set(arguments)
    if origin in (typing.Union, types.UnionType):
        if str in arguments:
            return set()
        return set().union(*map(sdk_values, arguments))
    return sdk_values(arguments[0]) if origin in (list, typing_extensions.Required) else set()


def our_values(kind: Any) -> set[Any]:
    match kind:
        case shapes.LiteralType():
            return set(kind.values)
        case shapes.UnionType():
            return set().union(*map(our_values, kind.types))
        case shapes.ListType():
            return our_values(kind.item_type)
    return set()


@pytest.mark.parametrize(
    ("shape", "theirs", "left_out"), SAME, ids=[f"{s.__name__} {t.__name__}" for s, t, _ in SAME]
)
def test_a_shape_has_the_sdks_fields(shape: type, theirs: Any, left_out: set[str]) -> None:
    kind: Any = shapes.type_info(shape)
    fields = {field.encode_name: field for field in kind.fields}
    hints = typing_extensions.get_type_hints(theirs, include_extras=True)
    if kind.tag_field:
        assert kind.tag in sdk_values(hints.pop(kind.tag_field))
    known = set(fields)
    if shape is ours.Message:  # three of the SDK's types in one
        known &= set(hints)
    assert known == set(hints) - left_out
    for name in known:
        here = f"{shape.__name__}.{name}"
        required = typing_extensions.get_origin(hints[name]) is typing_extensions.Required
        if here not in LOOSER | STRICTER:
            assert fields[name].required == required, here
        mine, yours = our_values(fields[name].type), sdk_values(hints[name])
        if yours <= {True, False} or here in ("Message.role", "ResponseRequest.tool_choice"):
            continue
        if here != "McpServerTool.connector_id":  # any: the list of them grows
            assert mine == yours, here


def test_every_kind_of_item_and_tool_is_one_that_the_sdk_has() -> None:
    theirs = {
        name
        for kind in typing.get_args(response_input_param.ResponseInputItemParam)
        for name in sdk_values(typing_extensions.get_type_hints(kind, include_extras=True)["type"])
    }
    mine = {kind.__struct_config__.tag for kind in typing.get_args(ours.Item)}
    assert mine < theirs
    theirs = {
        name
        for kind in typing.get_args(tool_param.ToolParam)
        for name in sdk_values(typing_extensions.get_type_hints(kind, include_extras=True)["type"])
    }
    mine = {kind.__struct_config__.tag for kind in typing.get_args(ours.Tool)}
    assert mine < theirs


# What is accepted


def request(**changes: Any) -> dict[str, Any]:
    return {"model": "xai.grok-4.3", "input": "Hi", **changes}


def check(body: Any) -> dict[str, Any]:
    return check_response_request(json.dumps(body).encode())


def item(**changes: Any) -> dict[str, Any]:
    return request(input=[changes])


def message(*parts: Any, role: str = "user", **changes: Any) -> dict[str, Any]:
    return item(type="message", role=role, content=list(parts), **changes)


def tool(**changes: Any) -> dict[str, Any]:
    return request(tools=[changes])


TEXT = {"type": "output_text", "text": "Hi", "annotations": []}


@pytest.mark.parametrize(
    "body",
    [
        request(input=[]),
        request(temperature=2, top_p=0, max_output_tokens=1, top_logprobs=20),
        request(include=["reasoning.encrypted_content", "message.output_text.logprobs"]),
        request(stream=True, stream_options={"include_obfuscation": False}),
        request(background=True, store=True),
        request(metadata={"k" * 64: "v" * 512}),
        request(conversation="conv_1"),
        request(conversation={"id": "conv_1"}),
        request(reasoning={"effort": "max", "summary": "detailed"}),
        request(text={"format": {"type": "json_schema", "name": "a", "schema": {"x": None}}}),
        request(tools=[{"type": "function", "name": "f" * 128}] * 128),
        message({"type": "input_text", "text": ""}, {"type": "input_image", "image_url": "data:,"}),
        message({"type": "input_file", "file_id": "file-1"}, role="developer"),
        message({"type": "input_audio", "input_audio": {"data": "", "format": "mp3"}}),
        message(TEXT, {"type": "refusal", "refusal": "No."}, role="assistant"),
        message(TEXT, role="assistant", id="msg_1", status="completed", phase="final_answer"),
        item(type="reasoning", id="rs_1", summary=[], encrypted_content="x"),
        item(type="function_call", call_id="c", name="f", arguments=""),
        item(type="function_call_output", call_id="c", output=""),
        item(
            type="function_call_output",
            call_id="c",
            output=[{"type": "input_image", "file_id": "file-1"}],
        ),
        item(
            type="code_interpreter_call",
            id="ci_1",
            code=None,
            container_id="c",
            outputs=None,
            status="completed",
        ),
        tool(type="web_search_2025_08_26", filters={"allowed_domains": ["a.b"]}),
        tool(type="file_search", vector_store_ids=["vs_1"], filters={"type": "and", "filters": []}),
        tool(type="code_interpreter", container="cntr_1"),
        tool(type="mcp", server_label="l", connector_id="connector_gmail"),
        tool(type="mcp", server_label="l", server_url="u", require_approval={"never": {}}),
        request(tool_choice={"type": "allowed_tools", "mode": "auto", "tools": [{"type": "mcp"}]}),
        request(tool_choice={"type": "web_search_preview"}),
    ],
)
def test_what_openai_documents_is_accepted(body: dict[str, Any]) -> None:
    assert check(body) == body


def test_nulls_of_optional_parameters_count_as_absent() -> None:
    names = set(ResponseRequest.__struct_fields__) - {"input", "model"}
    assert check(request(**dict.fromkeys(names))) == request()


def test_items_without_a_type_are_messages_or_references() -> None:
    body = request(input=[{"role": "user", "content": "Hi"}, {"id": "rs_1", "type": None}])
    assert check(body)["input"] == [
        {"type": "message", "role": "user", "content": "Hi"},
        {"type": "item_reference", "id": "rs_1"},
    ]


# What is refused


def refusal(raw: bytes) -> tuple[SchemaRefused, dict[str, Any]]:
    with pytest.raises(SchemaRefused) as caught:
        check_response_request(raw)
    assert caught.value.status == 400
    assert caught.value.body.keys() == {"error"}
    error = caught.value.body["error"]
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    return caught.value, error


UNKNOWN = "unknown_parameter"
MISSING = "missing_required_parameter"
TYPE = "invalid_type"
VALUE = "invalid_value"

VIOLATIONS: list[tuple[Any, str, str | None]] = [
    ([], TYPE, None),
    (None, TYPE, None),
    # what is Chat Completions', or nobody's
    (request(messages=[]), UNKNOWN, "messages"),
    (request(max_tokens=5), UNKNOWN, "max_tokens"),
    (request(stop="x"), UNKNOWN, "stop"),
    (request(n=1), UNKNOWN, "n"),
    (request(seed=1), UNKNOWN, "seed"),
    (request(logprobs=True), UNKNOWN, "logprobs"),
    (request(response_format={"type": "text"}), UNKNOWN, "response_format"),
    (
        request(stream=True, stream_options={"include_usage": True}),
        UNKNOWN,
        "stream_options.include_usage",
    ),
    (item(role="user", content="Hi", name="ann"), UNKNOWN, "input[0].name"),
    (tool(type="function", function={"name": "f"}), UNKNOWN, "tools[0].function"),
    (tool(type="function"), MISSING, "tools[0].name"),
    (message({"type": "text", "text": ""}), VALUE, "input[0].content[0].type"),
    (message({"type": "image_url", "image_url": {}}), VALUE, "input[0].content[0].type"),
    (item(role="tool", content=""), VALUE, "input[0].role"),
    # what OCI does not offer
    (tool(type="computer_use_preview"), VALUE, "tools[0].type"),
    (tool(type="custom", name="x"), VALUE, "tools[0].type"),
    (tool(type="local_shell"), VALUE, "tools[0].type"),
    (tool(type="image_generation"), VALUE, "tools[0].type"),
    (item(type="custom_tool_call", call_id="c", name="x", input=""), VALUE, "input[0].type"),
    # missing
    ({"model": "m"}, MISSING, "input"),
    ({"input": "Hi"}, MISSING, "model"),
    (item(content="Hi"), MISSING, "input[0].type"),
    (item(role="user"), MISSING, "input[0].content"),
    (item(type="function_call", name="f", arguments=""), MISSING, "input[0].call_id"),
    (item(type="function_call_output", output=""), MISSING, "input[0].call_id"),
    (item(type="function_call_output", call_id="c"), MISSING, "input[0].output"),
    (item(type="reasoning", summary=[]), MISSING, "input[0].id"),
    (
        message({"type": "output_text", "text": ""}, role="assistant"),
        MISSING,
        "input[0].content[0].annotations",
    ),
    (message({"type": "input_image"}), VALUE, "input[0].content[0].image_url"),
    (message({"type": "input_file"}), VALUE, "input[0].content[0].file_data"),
    (message({"type": "input_file", "file_data": "data:,"}), VALUE, "input[0].content[0].filename"),
    (tool(type="file_search"), MISSING, "tools[0].vector_store_ids"),
    (tool(type="code_interpreter"), MISSING, "tools[0].container"),
    (tool(type="mcp", server_label="l"), VALUE, "tools[0].server_url"),
    (request(text={"format": {"type": "json_schema", "name": "a"}}), MISSING, "text.format.schema"),
    # wrong types
    (request(input=5), TYPE, "input"),
    (request(input=["Hi"]), TYPE, "input[0]"),
    (request(instructions=["Hi"]), TYPE, "instructions"),
    (request(temperature="0.5"), TYPE, "temperature"),
    (request(stream="true"), TYPE, "stream"),
    (request(metadata={"a": 1}), TYPE, "metadata[...]"),
    (item(type="function_call", call_id="c", name="f", arguments={}), TYPE, "input[0].arguments"),
    (item(type="function_call_output", call_id="c", output={}), TYPE, "input[0].output"),
    (tool(type="function", name="f", parameters="{}"), TYPE, "tools[0].parameters"),
    # outside a range or an enumeration
    (request(temperature=2.1), VALUE, "temperature"),
    (request(top_p=1.1), VALUE, "top_p"),
    (request(max_output_tokens=0), VALUE, "max_output_tokens"),
    (request(top_logprobs=21), VALUE, "top_logprobs"),
    (request(truncation="on"), VALUE, "truncation"),
    (request(include=["everything"]), VALUE, "include[0]"),
    (request(reasoning={"effort": "HIGH"}), VALUE, "reasoning.effort"),
    (request(tool_choice="any"), VALUE, "tool_choice"),
    (request(tool_choice={"type": "tool"}), VALUE, "tool_choice.type"),
    (request(safety_identifier="x" * 129), VALUE, "safety_identifier"),
    (tool(type="function", name="a b"), VALUE, "tools[0].name"),
    (tool(type="function", name="a" * 129), VALUE, "tools[0].name"),
    (
        tool(type="file_search", vector_store_ids=[], max_num_results=51),
        VALUE,
        "tools[0].max_num_results",
    ),
    # what needs or excludes something else
    (request(stream_options={}), VALUE, "stream_options"),
    (request(conversation="c", previous_response_id="r"), VALUE, "conversation"),
    (request(background=True, store=False), VALUE, "background"),
    (message(TEXT), VALUE, "input[0].content"),
    (message({"type": "input_text", "text": ""}, role="assistant"), VALUE, "input[0].content"),
    (message(id="msg_1"), VALUE, "input[0].id"),
    (message(phase="commentary"), VALUE, "input[0].phase"),
    (
        message({"type": "input_image", "image_url": "u", "file_id": "f"}),
        VALUE,
        "input[0].content[0].image_url",
    ),
    (
        message({"type": "input_file", "file_url": "u", "file_id": "f"}),
        VALUE,
        "input[0].content[0].file_data",
    ),
]


@pytest.mark.parametrize(("body", "code", "param"), VIOLATIONS)
def test_a_violation_is_refused_in_openais_form(body: Any, code: str, param: str | None) -> None:
    refused, error = refusal(json.dumps(body).encode())
    assert (error["code"], error["param"]) == (code, param)
    assert (param or "request body") in error["message"]
    assert refused.reason.startswith(param or "expected")


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"nonsense", b'{"model": NaN}', b'{"model":"\xff"}', b'{"model":"\\ud800"}'],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    refused, error = refusal(raw)
    assert error["message"] == "We could not parse the JSON body of your request."
    assert (error["code"], error["param"]) == (None, None)
    assert "the body is not JSON" in refused.reason


def test_a_body_nested_too_deeply_is_refused() -> None:
    body = tool(type="function", name="f", parameters={"a": "DEEP"})
    raw = json.dumps(body).encode().replace(b'"DEEP"', b"[" * 100_000)
    assert "nested too deeply" in refusal(raw)[0].reason


@given(raw=st.binary())
def test_no_bytes_make_it_crash(raw: bytes) -> None:
    refusal(raw)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "id", "name"]) | st.text(),
            inner | st.sampled_from(["user", "assistant", "message", "function"]),
        )
    ),
    max_leaves=8,
)


@given(name=st.sampled_from(sorted(ResponseRequest.__struct_fields__)), value=JUNK)
def test_any_value_of_a_parameter_gets_a_verdict(name: str, value: Any) -> None:
    try:
        accepted = check(request(**{name: value}))
    except SchemaRefused as refused:
        accepted = refused.body
    assert accepted


def test_what_is_accepted_is_left_as_it_was() -> None:
    body = request(tools=[{"type": "function", "name": "f", "parameters": {"a": [None, 1.0]}}])
    assert msgspec.json.encode(check(body)["tools"]) == msgspec.json.encode(body["tools"])


def test_the_schema_does_not_know_the_dialects() -> None:
    """What the client encodes and what the emulator demands must be able to disagree."""
    assert "ocicat.dialects" not in inspect.getsource(ours)
