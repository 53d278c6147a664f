"""A floor for async calls: ``aiohttp`` with one signature and the standard library's JSON."""

from __future__ import annotations

import json
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings
from bench.contestants.signature import Signature

__all__ = ["CONTESTANTS"]

_TARGET = "/openai/v1/chat/completions"


class _Async:
    def __init__(self, settings: Settings) -> None:
        import aiohttp

        self._settings = settings
        self._signature = Signature(settings, _TARGET)
        self._url = f"{settings.base_url}{_TARGET}"
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def _post(self, **more: Any) -> Any:
        body = json.dumps(
            {"model": self._settings.model, "messages": self._settings.messages, **more}
        ).encode()
        headers = self._signature.headers(body)
        headers["opc-compartment-id"] = self._settings.compartment
        return self._session.post(self._url, data=body, headers=headers, allow_redirects=False)

    async def call(self) -> str:
        async with self._post() as response:
            text: str = json.loads(await response.read())["choices"][0]["message"]["content"]
        return text

    async def stream(self) -> int:
        size = 0
        async with self._post(stream=True) as response:
            async for line in response.content:
                if line.startswith(b"data: ") and not line.startswith(b"data: [DONE]"):
                    for choice in json.loads(line[6:])["choices"]:
                        size += len(choice["delta"].get("content") or "")
        return size


async def _open_async(settings: Settings) -> AsyncClient:
    return _Async(settings)


CONTESTANTS = [
    Contestant(
        key="aiohttp",
        label="floor: aiohttp + signature",
        kind="floor",
        requires=("aiohttp", "cryptography"),
        open_async=_open_async,
    )
]
