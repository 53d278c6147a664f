"""Real answers from a local model: chats forwarded to an OpenAI-compatible server.

Such a server (Ollama, llama.cpp, vLLM, LM Studio…) has models of its own. The one with the asked
name is used if it is there, otherwise the first that the server lists. What goes wrong behind the
emulator is a 500 of the emulator.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from ocicat.dialects import openai_chat, sse
from ocicat.dialects.dialect import Origin, StreamDecoder
from ocicat.dialects.parameters import Parameter
from ocicat.emulator.refusals import Refused, refusal
from ocicat.errors import InvalidSetting, OcicatError
from ocicat.vocabulary.chat import ChatChunk, ChatReply, ChatRequest

__all__ = ["Backend", "BackendModel"]

_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=600)
_MAX_SHOWN = 300
# What is passed on beside OpenAI's parameters; local servers know top_k.
_PASSED = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens", "top_k"})


class Backend:
    """An OpenAI-compatible server. It belongs to the event loop on which it is first used.

    ``url`` is the base address, such as ``http://127.0.0.1:11434/v1``. Raises
    :class:`~ocicat.errors.InvalidSetting` for anything else than an http or https URL.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise InvalidSetting(
                f"The backend {url!r} is not an http address.",
                setting="backend",
                hint="Give it as http://127.0.0.1:11434/v1.",
            )
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None
        self._models: list[str] | None = None

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def model_for(self, model_id: str) -> str:
        """The name of the server's model that answers for ``model_id``."""
        if self._models is None:
            async with self._asked("GET", "/models") as response:
                listed = _decoded(await response.read(), self.url)
            entries = listed.get("data")
            self._models = [
                str(entry["id"])
                for entry in (entries if isinstance(entries, list) else [])
                if isinstance(entry, dict) and entry.get("id")
            ]
        if model_id in self._models or not self._models:
            return model_id
        return self._models[0]

    @asynccontextmanager
    async def ask(self, request: ChatRequest) -> AsyncIterator[aiohttp.ClientResponse]:
        """The open answer to a chat. Raises a refusal with status 500 where there is none."""
        body = {**_in_openais_words(request), "model": await self.model_for(request["model"])}
        async with self._asked("POST", "/chat/completions", body) as response:
            yield response

    @asynccontextmanager
    async def _asked(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_TIMEOUT)
        try:
            async with self._session.request(
                method,
                self.url + path,
                data=None if body is None else msgspec.json.encode(body),
                headers={"content-type": "application/json"},
            ) as response:
                if response.status != 200:
                    text = (await response.read()).decode("utf-8", "replace")
                    raise _failed(f"{self.url}{path} answered {response.status}: {text}")
                yield response
        except (aiohttp.ClientError, TimeoutError) as problem:
            raise _failed(
                f"{self.url}{path} cannot be reached: {problem or type(problem).__name__}"
            ) from problem


@dataclass(frozen=True, slots=True)
class BackendModel:
    """Answers one chat through a backend."""

    backend: Backend
    request: ChatRequest
    origin: Origin
    is_instant: ClassVar[bool] = False

    async def reply(self) -> ChatReply:
        """The whole answer, under the name of the model that was asked for."""
        async with self.backend.ask(self.request) as response:
            body = _decoded(await response.read(), self.backend.url)
        try:
            reply = openai_chat.decode_reply(body, self.origin)
        except OcicatError as problem:
            raise _failed(f"{self.backend.url} gave no usable reply: {problem}") from problem
        reply["model"] = self.origin.model
        return reply

    async def chunks(self) -> AsyncIterator[ChatChunk]:
        """The answer as a stream. Raises a refusal where it fails or stops before its end."""
        options = self.request.get("stream_options") or {}
        decoder = openai_chat.stream_decoder(
            self.origin, with_usage=bool(options.get("include_usage"))
        )
        events = sse.Decoder()
        async with self.backend.ask(self.request) as response:
            async for data in response.content.iter_any():
                for payload in events.feed(data):
                    for chunk in self._chunks_of(payload, decoder):
                        yield chunk
            for payload in events.end():
                for chunk in self._chunks_of(payload, decoder):
                    yield chunk
        if not decoder.finished:
            raise _failed(f"{self.backend.url} ended its stream without a finish reason")

    def _chunks_of(self, payload: bytes, decoder: StreamDecoder) -> list[ChatChunk]:
        if payload == sse.DONE:
            return []
        try:
            chunks = decoder.feed(_decoded(payload, self.backend.url))
        except OcicatError as problem:
            raise _failed(f"{self.backend.url} failed in its stream: {problem}") from problem
        for chunk in chunks:
            chunk["model"] = self.origin.model
        return chunks


def _in_openais_words(request: ChatRequest) -> dict[str, Any]:
    """The request without what only OCI's own formats can say."""
    return {
        name: value
        for name, value in request.items()
        if name in _PASSED or isinstance(openai_chat.PARAMETERS.get(name), Parameter)
    }


def _decoded(data: bytes, url: str) -> dict[str, Any]:
    try:
        value = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _failed(f"{url} sent something that is not a JSON object")
    return value


def _failed(reason: str) -> Refused:
    shown = reason if len(reason) <= _MAX_SHOWN else reason[: _MAX_SHOWN - 1] + "…"
    return refusal(500, "Internal Server Error", f"the backend failed: {shown}")
