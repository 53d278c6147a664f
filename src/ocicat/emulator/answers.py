"""What the emulator says by itself: answers made without a model, in neutral form.

The default answer repeats what was asked, so that a person sees the round trip. Everything is
deterministic. The rule for tokens: a word is a token, and so is every other character that is not
white space (``"What is OCI?"`` has four); white space belongs to the token before it. A prompt
has the tokens of its messages' texts, nothing for roles.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, ClassVar, Final

from ocicat.emulator.script import Behaviour, last_user_text
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Choice, Usage

__all__ = ["ScriptedModel", "count_tokens", "split_tokens"]

_TOKEN: Final = re.compile(r"\s*(?:\w+|[^\w\s])\s*")
_MAX_QUOTED: Final = 200

# The sampling parameters that the default answer mentions.
_MENTIONED: Final = (
    *("temperature", "top_p", "top_k", "n", "max_tokens", "max_completion_tokens", "stop", "seed"),
    *("presence_penalty", "frequency_penalty", "reasoning_effort", "verbosity"),
)


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """Answers one chat: with the behaviour's text, or with the default answer."""

    request: ChatRequest
    behaviour: Behaviour
    reply_id: str
    created: int
    is_instant: ClassVar[bool] = True

    async def reply(self) -> ChatReply:
        """The whole answer."""
        answers = self._answers()
        choices: list[Choice] = [
            {
                "index": index,
                "message": {"role": "assistant", "content": "".join(tokens)},
                "finish_reason": reason,
                "logprobs": None,
            }
            for index, (tokens, reason) in enumerate(answers)
        ]
        return {
            "id": self.reply_id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.request["model"],
            "choices": choices,
            "usage": self._usage(answers),
        }

    async def chunks(self) -> AsyncIterator[ChatChunk]:
        """The answer as a stream: token by token, and several answers by turns."""
        answers = self._answers()
        for index in range(len(answers)):
            yield self._chunk(index, {"role": "assistant", "content": ""})
        for row in zip_longest(*(tokens for tokens, _ in answers)):
            for index, token in enumerate(row):
                if token is not None:
                    yield self._chunk(index, {"content": token})
        for index, (_, reason) in enumerate(answers):
            yield self._chunk(index, {}, reason)
        if (self.request.get("stream_options") or {}).get("include_usage"):
            yield {**self._head(), "choices": [], "usage": self._usage(answers)}

    def _head(self) -> ChatChunk:
        return {
            "id": self.reply_id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.request["model"],
        }

    def _chunk(self, index: int, delta: dict[str, Any], reason: str | None = None) -> ChatChunk:
        choice: Any = {"index": index, "delta": delta, "finish_reason": reason, "logprobs": None}
        return {**self._head(), "choices": [choice]}

    def _answers(self) -> list[tuple[list[str], str]]:
        """The tokens of each answer, and why it ended."""
        count = self.request.get("n") or 1
        return [self._limited(self._text(index, count)) for index in range(count)]

    def _text(self, index: int, count: int) -> str:
        if self.behaviour.text is not None:
            return self.behaviour.text
        text = _default_text(self.request)
        return f"Answer {index + 1} of {count}. {text}" if count > 1 else text

    def _limited(self, text: str) -> tuple[list[str], str]:
        """What the stop sequences and the length limit leave of ``text``."""
        stop = self.request.get("stop") or []
        for sequence in [stop] if isinstance(stop, str) else stop:
            if sequence:
                text = text.partition(sequence)[0]
        tokens = split_tokens(text)
        limit = self.request.get("max_completion_tokens") or self.request.get("max_tokens")
        if limit is not None and len(tokens) > limit:
            return tokens[:limit], "length"
        return tokens, self.behaviour.finish_reason or "stop"

    def _usage(self, answers: list[tuple[list[str], str]]) -> Usage:
        prompt = sum(count_tokens(text) for _, text in _texts(self.request))
        completion = sum(len(tokens) for tokens, _ in answers)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }


def split_tokens(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text again."""
    tokens = _TOKEN.findall(text)
    return tokens or ([text] if text else [])


def count_tokens(text: str) -> int:
    """How many tokens a text has. White space alone is one."""
    return len(split_tokens(text))


def _texts(request: ChatRequest) -> Iterator[tuple[str, str]]:
    """Every text of a request, with the role that says it."""
    for message in request.get("messages") or []:
        content = message.get("content") or ""
        parts = [content] if isinstance(content, str) else [part.get("text") for part in content]
        for part in parts:
            yield message.get("role", ""), part or ""


def _default_text(request: ChatRequest) -> str:
    question = last_user_text(request)
    if len(question) > _MAX_QUOTED:
        question = question[: _MAX_QUOTED - 1] + "…"
    sentences = [
        f'You asked {request["model"]}: "{question}"',
        "This is the ocicat emulator, not a model.",
    ]
    roles = [message.get("role") for message in request.get("messages") or []]
    instructions = [text for role, text in _texts(request) if role in ("system", "developer")]
    if instructions:
        said = " ".join(" ".join(instructions).split())
        said = said if len(said) <= _MAX_QUOTED else said[: _MAX_QUOTED - 1] + "…"
        sentences.append(f'Your instructions were: "{said}"')
    earlier = sum(role in ("user", "assistant") for role in roles) - 1
    if earlier > 0:
        sentences.append(f"Before that there were {earlier} turns of the conversation.")
    given = [f"{name}={request[name]!r}" for name in _MENTIONED if request.get(name) is not None]
    if given:
        sentences.append(f"You set {', '.join(given)}.")
    return " ".join(sentences)
