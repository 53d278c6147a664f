"""A floor: ``httpx2`` as it comes, with one signature and the standard library's JSON."""

from __future__ import annotations

import json
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient
from bench.contestants.signature import Signature

__all__ = ["CONTESTANTS"]

_TARGET = "/openai/v1/chat/completions"


class _Call:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signature = Signature(settings, _TARGET)
        self.url = f"{settings.base_url}{_TARGET}"

    def parts(self, **more: Any) -> dict[str, Any]:
        body = json.dumps(
            {"model": self._settings.model, "messages": self._settings.messages, **more}
        ).encode()
        headers = self._signature.headers(body)
        headers["opc-compartment-id"] = self._settings.compartment
        return {"content": body, "headers": headers}


def _text(body: bytes) -> str:
    text: str = json.loads(body)["choices"][0]["message"]["content"]
    return text


def _size(line: str) -> int:
    if not line.startswith("data: ") or line == "data: [DONE]":
        return 0
    choices = json.loads(line[6:])["choices"]
    return sum(len(choice["delta"].get("content") or "") for choice in choices)


class _Sync(_Call):
    def __init__(self, settings: Settings) -> None:
        import httpx2

        super().__init__(settings)
        self._client = httpx2.Client(limits=httpx2.Limits(max_connections=None))

    def call(self) -> str:
        return _text(self._client.post(self.url, **self.parts()).content)

    def stream(self) -> int:
        with self._client.stream("POST", self.url, **self.parts(stream=True)) as response:
            return sum(map(_size, response.iter_lines()))


class _Async(_Call):
    def __init__(self, settings: Settings) -> None:
        import httpx2

        super().__init__(settings)
        self._client = httpx2.AsyncClient(limits=httpx2.Limits(max_connections=None))

    async def call(self) -> str:
        response = await self._client.post(self.url, **self.parts())
        return _text(response.content)

    async def stream(self) -> int:
        size = 0
        async with self._client.stream("POST", self.url, **self.parts(stream=True)) as response:
            async for line in response.aiter_lines():
                size += _size(line)
        return size


def _open_sync(settings: Settings) -> SyncClient:
    return _Sync(settings)


async def _open_async(settings: Settings) -> AsyncClient:
    return _Async(settings)


CONTESTANTS = [
    Contestant(
        key="httpx2",
        label="floor: httpx2 + signature",
        kind="floor",
        requires=("httpx2", "cryptography"),
        open_sync=_open_sync,
        open_async=_open_async,
    )
]
