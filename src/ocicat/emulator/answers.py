"""Answers made without a model, in neutral form: what a rule says, or what the emulator says.

Everything is deterministic. The rule for tokens: a word is a token, and so is every other character
that is not white space (``"What is OCI?"`` has four); white space belongs to the token before it. A
prompt has the tokens of its messages' texts, nothing for roles and media; an answer those of its
reasoning, its text, and the names and arguments of its calls.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any, ClassVar, Final

from ocicat.dialects import content
from ocicat.emulator.defaults import default_answer, texts_of
from ocicat.emulator.markups import markup_of, written
from ocicat.emulator.script import Answer, ScriptedCall
from ocicat.emulator.sources import sources
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest, Choice, Usage
from ocicat.vocabulary.model import ApiFormat, ModelFacts

__all__ = ["ScriptedModel", "count_tokens", "split_tokens"]

_TOKEN: Final = re.compile(r"\s*(?:\w+|[^\w\s])\s*")
_SURE: Final = -0.125


@dataclass(frozen=True, slots=True)
class ScriptedModel:
    """Answers one chat, with what a rule says or with the default.

    ``api_format`` is that of the request, or ``None`` where it came over no native API.
    """

    request: ChatRequest
    answer: Answer | None
    facts: ModelFacts
    api_format: ApiFormat | None
    reply_id: str
    created: int
    is_instant: ClassVar[bool] = True

    async def reply(self) -> ChatReply:
        """The whole answer."""
        spoken = self._spoken()
        choices: list[Choice] = [
            {
                "index": index,
                "message": {"role": "assistant", "content": one.content, **one.message},
                "finish_reason": one.reason,
                "logprobs": self._logprobs(one.tokens),
                **one.beside,  # type: ignore[typeddict-item]
            }
            for index, one in enumerate(spoken)
        ]
        reply: ChatReply = {
            "id": self.reply_id,
            "object": "chat.completion",
            "created": self.created,
            "model": self.request["model"],
            "choices": choices,
            "usage": self._usage(spoken),
            **self._tier(),  # type: ignore[typeddict-item]
        }
        if self.request.get("echo"):
            reply["oci_prompt"] = "\n".join(text for _, text in texts_of(self.request))
        return reply

    async def chunks(self) -> AsyncIterator[ChatChunk]:
        """The answer as a stream: token by token, and several answers by turns."""
        spoken = self._spoken()
        for row in zip_longest(*(self._deltas(one) for one in spoken)):
            for index, piece in enumerate(row):
                if piece is not None:
                    yield self._chunk(index, *piece)
        for index, one in enumerate(spoken):
            yield self._chunk(index, {}, None, one.reason, one.beside)
        if (self.request.get("stream_options") or {}).get("include_usage"):
            yield {**self._head(), "choices": [], "usage": self._usage(spoken)}

    def _deltas(self, one: _Spoken) -> list[tuple[dict[str, Any], dict[str, Any] | None]]:
        """What the stream of one answer says before its end, and how sure it is of that."""
        message = dict(one.message)
        calls = message.pop("tool_calls", [])
        reasoning = message.pop("reasoning_content", "")
        pieces: list[tuple[dict[str, Any], dict[str, Any] | None]] = [
            ({"role": "assistant", "content": one.content and ""}, None),
            *(({"reasoning_content": token}, None) for token in split_tokens(reasoning)),
            *(({"content": token}, self._logprobs([token])) for token in one.tokens),
        ]
        if message:
            pieces.append((message, None))
        for index, call in enumerate(calls):
            pieces.append(({"tool_calls": [{"index": index, **call}]}, None))
        return pieces

    def _head(self) -> ChatChunk:
        return {
            "id": self.reply_id,
            "object": "chat.completion.chunk",
            "created": self.created,
            "model": self.request["model"],
            **self._tier(),  # type: ignore[typeddict-item]
        }

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        logprobs: dict[str, Any] | None,
        reason: str | None = None,
        beside: dict[str, Any] | None = None,
    ) -> ChatChunk:
        choice: Any = {
            "index": index,
            "delta": delta,
            "finish_reason": reason,
            "logprobs": logprobs,
            **(beside or {}),
        }
        return {**self._head(), "choices": [choice]}

    def _tier(self) -> dict[str, str]:
        tier = self.request.get("service_tier")
        return {"service_tier": "default" if tier == "auto" else tier} if tier else {}

    # --- what is said ----------------------------------------------------------------------------

    def _spoken(self) -> list[_Spoken]:
        """Each of the answers that were asked for."""
        answer = self.answer or Answer()
        if not answer.texts and not answer.calls:
            usual = default_answer(self.request, self.facts)
            answer = replace(
                answer,
                texts=usual.texts,
                calls=usual.calls,
                reasoning=answer.reasoning or usual.reasoning,
                citations=answer.citations or usual.citations,
                search_queries=answer.search_queries or usual.search_queries,
            )
        count = 1 if self.api_format in ("COHERE", "COHEREV2") else self.request.get("n") or 1
        return [self._speak(answer, index) for index in range(count)]

    def _speak(self, answer: Answer, index: int) -> _Spoken:
        text = answer.texts[min(index, len(answer.texts) - 1)] if answer.texts else ""
        calls = answer.calls
        if calls and (answer.markup or self.facts.inline_tool_calls):
            text, calls = text + written(calls, answer.markup or markup_of(self.facts.family)), ()
        thoughts, tokens, reason = self._limited(answer.reasoning, text)
        one = _Spoken(tokens, answer.finish_reason or reason, len(thoughts))
        if thoughts:
            one.message["reasoning_content"] = "".join(thoughts)
        one.message.update(sources(answer, self.request, "".join(tokens), self.api_format))
        if calls and reason != "length":
            self._add_calls(one, calls, index, finished=answer.finish_reason is not None)
        if answer.grounding is not None:
            one.beside["grounding_metadata"] = dict(answer.grounding)
        return one

    def _limited(self, reasoning: str, text: str) -> tuple[list[str], list[str], str]:
        """What stop sequences and the limit of length leave of thoughts and text."""
        stop = self.request.get("stop") or []
        for sequence in [stop] if isinstance(stop, str) else stop:
            if sequence:
                text = text.partition(sequence)[0]
        thoughts, tokens = split_tokens(reasoning), split_tokens(text)
        limit = self.request.get("max_completion_tokens") or self.request.get("max_tokens")
        if limit is not None and len(thoughts) + len(tokens) > limit:
            return thoughts[:limit], tokens[: max(0, limit - len(thoughts))], "length"
        return thoughts, tokens, "stop"

    def _add_calls(
        self, one: _Spoken, calls: tuple[ScriptedCall, ...], index: int, *, finished: bool
    ) -> None:
        seed = self.reply_id.rpartition("-")[2][:20].lower()
        one.message["tool_calls"] = [
            {
                "id": call.id or f"call_{seed}_{index * len(calls) + number}",
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for number, call in enumerate(calls)
        ]
        if self.api_format == "COHEREV2":
            one.message["tool_plan"] = f"I will use {' and '.join(call.name for call in calls)}."
        one.counted += sum(count_tokens(call.name) + count_tokens(call.arguments) for call in calls)
        if not finished:
            one.reason = "tool_calls"

    # --- numbers ---------------------------------------------------------------------------------

    def _logprobs(self, tokens: list[str]) -> dict[str, Any] | None:
        if not self.request.get("logprobs"):
            return None
        others = self.request.get("top_logprobs") or 0
        return {"content": [_logprob(token, others) for token in tokens], "refusal": None}

    def _usage(self, spoken: list[_Spoken]) -> Usage:
        prompt = sum(count_tokens(text) for _, text in texts_of(self.request))
        completion = sum(len(one.tokens) + one.thoughts + one.counted for one in spoken)
        details = {"reasoning_tokens": sum(one.thoughts for one in spoken)}
        if self.request.get("prediction"):
            accepted, rejected = self._predicted(spoken[0].tokens)
            details["accepted_prediction_tokens"] = accepted
            details["rejected_prediction_tokens"] = rejected
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": details,
        }

    def _predicted(self, tokens: list[str]) -> tuple[int, int]:
        """How many of the predicted tokens the answer begins with, and how many came to nothing."""
        prediction = (self.request.get("prediction") or {}).get("content")
        predicted = split_tokens("".join(content.texts_of(content.read(prediction, "prediction"))))
        accepted = 0
        for token, guess in zip(tokens, predicted, strict=False):
            if token != guess:
                break
            accepted += 1
        return accepted, len(predicted) - accepted


@dataclass(slots=True)
class _Spoken:
    """One finished answer.

    ``thoughts`` and ``counted`` are tokens beside those of the text: of reasoning, and of calls;
    ``message`` and ``beside`` are the other keys of the message and of the choice.
    """

    tokens: list[str]
    reason: str
    thoughts: int = 0
    counted: int = 0
    message: dict[str, Any] = field(default_factory=dict)
    beside: dict[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> str | None:
        """The text; nothing, where there are only calls."""
        return "".join(self.tokens) or (None if "tool_calls" in self.message else "")


def split_tokens(text: str) -> list[str]:
    """The tokens of a text; joined, they are the text again."""
    tokens = _TOKEN.findall(text)
    return tokens or ([text] if text else [])


def count_tokens(text: str) -> int:
    """How many tokens a text has. White space alone is one."""
    return len(split_tokens(text))


def _logprob(token: str, others: int) -> dict[str, Any]:
    """How sure the emulator is of a token: always the same, and of made-up others less and less."""
    top = [
        {"token": spelled, "logprob": _SURE - rank, "bytes": list(spelled.encode())}
        for rank, spelled in enumerate([token, *(f"other{n}" for n in range(1, others))])
    ]
    return {**top[0], "top_logprobs": top[:others]}
