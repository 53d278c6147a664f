"""Oracle's ``oci-openai``: the ``openai`` SDK with an OCI signature, OpenAI-compatible API."""

from __future__ import annotations

from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS"]


def _arguments(settings: Settings) -> dict[str, Any]:
    from oci_openai import OciUserPrincipalAuth

    return {
        "auth": OciUserPrincipalAuth(config_file=settings.config_file),
        "service_endpoint": settings.base_url,
        "compartment_id": settings.compartment,
    }


class _Sync:
    def __init__(self, settings: Settings) -> None:
        from oci_openai import OciOpenAI

        self._settings = settings
        self._create = OciOpenAI(**_arguments(settings)).chat.completions.create

    def call(self) -> str:
        reply = self._create(model=self._settings.model, messages=self._settings.messages)
        text: str = reply.choices[0].message.content
        return text

    def stream(self) -> int:
        size = 0
        settings = self._settings
        for chunk in self._create(model=settings.model, messages=settings.messages, stream=True):
            if chunk.choices:
                size += len(chunk.choices[0].delta.content or "")
        return size


class _Async:
    def __init__(self, settings: Settings) -> None:
        from oci_openai import AsyncOciOpenAI

        self._settings = settings
        self._create = AsyncOciOpenAI(**_arguments(settings)).chat.completions.create

    async def call(self) -> str:
        reply = await self._create(model=self._settings.model, messages=self._settings.messages)
        text: str = reply.choices[0].message.content
        return text

    async def stream(self) -> int:
        size = 0
        settings = self._settings
        async for chunk in await self._create(
            model=settings.model, messages=settings.messages, stream=True
        ):
            if chunk.choices:
                size += len(chunk.choices[0].delta.content or "")
        return size


def _open_sync(settings: Settings) -> SyncClient:
    return _Sync(settings)


async def _open_async(settings: Settings) -> AsyncClient:
    return _Async(settings)


_COLD_CALL = """\
from oci_openai import OciOpenAI, OciUserPrincipalAuth
client = OciOpenAI(
    auth=OciUserPrincipalAuth(config_file=s["config_file"]),
    service_endpoint=s["base_url"], compartment_id=s["compartment"],
)
reply = client.chat.completions.create(model=s["model"], messages=s["messages"])
assert reply.choices[0].message.content == s["expected"]
"""


CONTESTANTS = [
    Contestant(
        key="oci-openai",
        label="oci-openai",
        kind="peer",
        requires=("oci_openai",),
        open_sync=_open_sync,
        open_async=_open_async,
        cold_import="import oci_openai",
        cold_call=_COLD_CALL,
    )
]
