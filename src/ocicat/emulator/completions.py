"""OpenAI's older Completions, a text that follows another, as deployments of Data Science have it.

Source: OpenAI's API reference. A prompt is answered as if it were the only message of a chat.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

from ocicat.dialects.dialect import Dialect
from ocicat.emulator.call import Call
from ocicat.emulator.chats import Chat
from ocicat.emulator.deployments import find_deployed
from ocicat.emulator.objects import invalid, read_json
from ocicat.emulator.schema.openai_texts import check_completion
from ocicat.emulator.tenancy import Served, Tenancy
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest

__all__ = ["read_completion"]

#: Parameters of the same name and meaning in a chat.
_OF_CHATS: Final = frozenset(
    {
        *("model", "frequency_penalty", "logit_bias", "n", "presence_penalty", "seed", "stop"),
        *("stream", "stream_options", "temperature", "top_p", "user"),
    }
)
#: The limit of length where none is given.
_USUAL_LENGTH: Final = 16


def read_completion(call: Call, tenancy: Tenancy) -> Chat:
    """The chat that stands for ``POST /{deployment}/predict/v1/completions``. Raises ``Refused``.

    One prompt in words is all that the emulator can make an answer of.
    """
    facts = find_deployed(call, tenancy)
    body = read_json(call, check_completion)
    prompt = body["prompt"]
    if isinstance(prompt, list) and len(prompt) == 1:
        prompt = prompt[0]
    if not isinstance(prompt, str):
        raise invalid("prompt", "The ocicat emulator completes one text at a time, and no tokens.")
    echoed = prompt if body.get("echo") else ""
    return Chat(
        _neutral(body, prompt),
        Served(body["model"], facts),
        cast("Dialect", _Completions(echoed)),
    )


def _neutral(body: Mapping[str, Any], prompt: str) -> ChatRequest:
    request: Any = {
        **{name: value for name, value in body.items() if name in _OF_CHATS},
        "messages": [{"role": "user", "content": prompt}],
        "max_tokens": body.get("max_tokens", _USUAL_LENGTH),
    }
    if "logprobs" in body:
        request |= {"logprobs": True, "top_logprobs": body["logprobs"]}
    return cast("ChatRequest", request)


@dataclass(frozen=True, slots=True)
class _Completions:
    """The answering half of a dialect. ``echoed`` is what each answer begins with."""

    echoed: str
    PARAMETERS: ClassVar[dict[str, Any]] = {}

    def encode_reply(self, reply: ChatReply) -> dict[str, Any]:
        """The body of a whole answer."""
        writer = _Stream(self.echoed)
        choices = [
            writer.choice({**choice, "delta": choice["message"]}) for choice in reply["choices"]
        ]
        return {**_head(reply), "choices": choices, "usage": reply["usage"]}

    def stream_encoder(self) -> _Stream:
        """An encoder for one stream."""
        return _Stream(self.echoed)


class _Stream:
    """Chunks of a chat as those of a completion."""

    def __init__(self, echoed: str) -> None:
        self._echoed = echoed
        #: The length of each answer so far.
        self._lengths: dict[int, int] = {}

    def feed(self, chunk: ChatChunk) -> list[dict[str, Any]]:
        """The event of a chunk, if it says anything that a completion can."""
        choices = [
            said
            for choice in chunk["choices"]
            if (said := self.choice(choice))["text"] or said["finish_reason"]
        ]
        usage = chunk.get("usage")
        if not choices and usage is None:
            return []
        return [{**_head(chunk), "choices": choices, **({"usage": usage} if usage else {})}]

    def end(self) -> list[dict[str, Any]]:
        """Nothing more is to be said."""
        return []

    def choice(self, choice: Mapping[str, Any]) -> dict[str, Any]:
        """What a choice of a chunk adds to its answer."""
        index, text = choice["index"], choice["delta"].get("content") or ""
        if index not in self._lengths:
            self._lengths[index] = len(self._echoed)
            said = self._echoed + text
        else:
            said = text
        start = self._lengths[index]
        self._lengths[index] += len(text)
        reason = choice.get("finish_reason")
        return {
            "index": index,
            "text": said,
            "logprobs": _logprobs(choice.get("logprobs"), start),
            "finish_reason": "stop" if reason == "tool_calls" else reason,
        }


def _head(said: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": "cmpl-" + said["id"].removeprefix("chatcmpl-"),
        "object": "text_completion",
        "created": said["created"],
        "model": said["model"],
    }


def _logprobs(said: Mapping[str, Any] | None, start: int) -> dict[str, Any] | None:
    """How sure the model was, where ``start`` is the place of the first token in the text."""
    if not said:
        return None
    offsets = []
    for token in said["content"]:
        offsets.append(start)
        start += len(token["token"])
    return {
        "tokens": [token["token"] for token in said["content"]],
        "token_logprobs": [token["logprob"] for token in said["content"]],
        "top_logprobs": [
            {top["token"]: top["logprob"] for top in token["top_logprobs"]}
            for token in said["content"]
        ],
        "text_offset": offsets,
    }
