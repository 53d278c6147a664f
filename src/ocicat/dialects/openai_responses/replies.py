"""A whole response, read; and the pieces of it that streams have too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.dialects import faults, finish
from ocicat.dialects.dialect import Origin
from ocicat.vocabulary.chat import ChatReply, Usage

__all__ = [
    "annotated",
    "counted",
    "decode_reply",
    "is_beside",
    "said",
    "set_reason",
    "thoughts",
]

#: What OCI did by itself.
_HOSTED = frozenset(
    {
        *("web_search_call", "file_search_call", "code_interpreter_call"),
        *("mcp_list_tools", "mcp_call", "mcp_approval_request", "image_generation_call"),
    }
)

_ENDED = ("completed", "incomplete")
_REASONS = {"max_output_tokens": "length"}


def decode_reply(body: dict[str, Any], origin: Origin) -> ChatReply:
    """The neutral reply that a body says.

    Several messages are one, as Chat Completions has it. Encrypted thoughts and what hosted tools
    did are in the message's ``response_items``. Raises the error that the response reports, or
    :class:`~ocicat.errors.MalformedReply`.
    """
    failure = body.get("error")
    if not isinstance(body.get("output"), list) or failure is not None:
        raise _unusable(body, origin)
    if (body.get("status") or "completed") not in _ENDED:
        raise _unusable(
            {**body, "error": {"message": f"The response is {body['status']}."}}, origin
        )
    message, logprobs = said(body["output"], origin)
    choice: dict[str, Any] = {
        "index": 0,
        "message": {"role": "assistant", **message},
        "logprobs": {"content": logprobs} if logprobs else None,
    }
    set_reason(choice, body, called="tool_calls" in message)
    reply: dict[str, Any] = {
        "id": body.get("id") or origin.reply_id,
        "object": "chat.completion",
        "created": int(body.get("created_at") or origin.received),
        "model": body.get("model") or origin.model,
        "choices": [choice],
        "usage": counted(body.get("usage")),
        "opc_request_id": origin.opc_request_id,
    }
    if body.get("service_tier"):
        reply["service_tier"] = body["service_tier"]
    return reply  # type: ignore[return-value]  # built key by key


def _unusable(body: dict[str, Any], origin: Origin) -> Exception:
    known = {key: value for key, value in body.items() if value is not None}
    return faults.unusable_reply(known, origin, expected="output")


def set_reason(choice: dict[str, Any], response: Mapping[str, Any], *, called: bool) -> None:
    """Set why the answer ended, from a response that has."""
    if response.get("status") == "incomplete":
        reason = (response.get("incomplete_details") or {}).get("reason") or "incomplete"
        finish.put(choice, _REASONS.get(reason, reason))
    else:
        finish.put(choice, "stop", called=called)


def said(
    output: Iterable[dict[str, Any]], origin: Origin
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What the items of a response say, as (keys of a neutral message, tokens' logprobs)."""
    texts: list[str] = []
    refusals: list[str] = []
    reasoning: list[str] = []
    annotations: list[dict[str, Any]] = []
    logprobs: list[dict[str, Any]] = []
    calls: list[dict[str, Any]] = []
    beside: list[dict[str, Any]] = []
    for item in output:
        if is_beside(item):
            beside.append(item)
        match item.get("type"):
            case "message":
                for part in item["content"]:
                    if part["type"] == "output_text":
                        offset = sum(map(len, texts))
                        texts.append(part["text"])
                        annotations += annotated(part.get("annotations"), offset)
                        logprobs += part.get("logprobs") or ()
                    elif part["type"] == "refusal":
                        refusals.append(part["refusal"])
            case "reasoning":
                reasoning += thoughts(item)
            case "function_call":
                call_id = item.get("call_id") or item.get("id") or origin.call_id(len(calls))
                function = {"name": item["name"], "arguments": item.get("arguments") or "{}"}
                calls.append({"id": call_id, "type": "function", "function": function})
    text = "".join(texts)
    message: dict[str, Any] = {"content": text or (None if calls or refusals else "")}
    if refusals:
        message["refusal"] = "".join(refusals)
    if reasoning:
        message["reasoning_content"] = "\n\n".join(reasoning)
    if annotations:
        message["annotations"] = annotations
    if calls:
        message["tool_calls"] = calls
    if beside:
        message["response_items"] = beside
    return message, logprobs


def is_beside(item: Mapping[str, Any]) -> bool:
    """Whether an item is kept as it is, because a message of a chat has no words for it."""
    if item.get("type") == "reasoning":
        return bool(item.get("encrypted_content"))
    return item.get("type") in _HOSTED


def thoughts(item: Mapping[str, Any]) -> list[str]:
    """What a reasoning item says: the thoughts themselves, or else their summary."""
    parts = item.get("content") or item.get("summary") or ()
    return [part["text"] for part in parts if part["text"]]


def annotated(annotations: Any, offset: int) -> list[dict[str, Any]]:
    """Annotations in Chat Completions' form, of a part before which there were so many characters.

    Kinds that Chat Completions has not are in the same form: their fields stand under their name.
    """
    made = []
    for annotation in annotations or ():
        kind = annotation["type"]
        if not isinstance(kind, str):
            raise TypeError(f"an annotation is of type {kind!r}")
        places = ("start_index", "end_index") + (("index",) if kind == "file_citation" else ())
        fields = {
            key: value + offset if key in places and value is not None else value
            for key, value in annotation.items()
            if key != "type"
        }
        made.append({"type": kind, kind: fields})
    return made


def counted(usage: Any) -> Usage | None:
    """The neutral token counts of a response."""
    if not isinstance(usage, dict):
        return None
    prompt, completion = usage.get("input_tokens") or 0, usage.get("output_tokens") or 0
    counts: dict[str, Any] = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": usage.get("total_tokens") or prompt + completion,
    }
    read = (usage.get("input_tokens_details") or {}).get("cached_tokens")
    if read is not None:
        counts["prompt_tokens_details"] = {"cached_tokens": read}
    thought = (usage.get("output_tokens_details") or {}).get("reasoning_tokens")
    if thought is not None:
        counts["completion_tokens_details"] = {"reasoning_tokens": thought}
    return counts  # type: ignore[return-value]  # built key by key
