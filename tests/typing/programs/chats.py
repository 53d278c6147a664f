"""What editors and type checkers know of chats. Checked, never run."""

from typing import Any, assert_type

from ocicat import (
    AsyncChatStream,
    ChatCompletion,
    ChatCompletionChunk,
    ChatStream,
    Timeout,
    acompletion,
    completion,
)

QUESTION = [{"role": "user", "content": "hi"}]
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}]


def whole() -> None:
    reply = completion("oci/xai.grok-4.3", QUESTION, temperature=0.5, max_tokens=9)
    assert_type(reply, ChatCompletion)
    assert_type(reply.id, str)
    assert_type(reply.choices[0].message.content, str | None)
    assert_type(reply.choices[0].finish_reason, str)
    assert_type(reply.opc_request_id, str)
    for call in reply.choices[0].message.tool_calls or []:
        assert_type(call.function.arguments, str)
    if reply.usage:
        assert_type(reply.usage.total_tokens, int)
    for note in reply.oci_notes or []:
        assert_type(note, dict[str, str])
    assert_type(reply.choices[0].message.parsed, Any)


def streamed() -> None:
    stream = completion("oci/xai.grok-4.3", QUESTION, stream=True)
    assert_type(stream, ChatStream)
    with stream as chunks:
        for chunk in chunks:
            assert_type(chunk, ChatCompletionChunk)
            assert_type(chunk.choices[0].delta.content, str | None)
        assert_type(chunks.get_final_completion(), ChatCompletion)
        assert_type(chunks.get_final_completion().choices[0].message.parsed, Any)


def either(stream: bool) -> None:
    assert_type(
        completion("oci/xai.grok-4.3", QUESTION, stream=stream), ChatCompletion | ChatStream
    )


async def asynchronous() -> None:
    assert_type(await acompletion("oci/xai.grok-4.3", QUESTION), ChatCompletion)
    stream = await acompletion("oci/xai.grok-4.3", QUESTION, stream=True)
    assert_type(stream, AsyncChatStream)
    async with stream as chunks:
        async for chunk in chunks:
            assert_type(chunk, ChatCompletionChunk)
        assert_type(await chunks.get_final_completion(), ChatCompletion)


def everything() -> None:
    completion(
        model="cohere.command-a-03-2025",
        messages=QUESTION,
        tools=TOOLS,
        tool_choice="required",
        response_format={"type": "json_object"},
        documents=[{"title": "a", "text": "b"}],
        safety_mode="strict",
        thinking={"type": "enabled", "budget_tokens": 100},
        drop_params=True,
        oci_region="us-chicago-1",
        timeout=Timeout(connect=1, read=2),
        max_retries=0,
    )


def mistakes() -> None:
    # Each of these is an error; a checker that misses one says that the comment is not needed.
    completion("m", QUESTION, temperature="hot")  # type: ignore[call-overload]
    completion("m", QUESTION, temprature=1)  # type: ignore[call-overload]
    completion("m")  # type: ignore[call-overload]
