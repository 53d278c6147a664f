"""ocicat itself, ``completion`` and ``acompletion``, on both transports."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS"]


def _arguments(settings: Settings, transport: str | None) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": f"oci/{settings.model}",
        "messages": settings.messages,
        "oci_region": settings.region,
        "oci_tenancy": settings.tenancy,
        "oci_user": settings.user,
        "oci_fingerprint": settings.fingerprint,
        "oci_key": settings.key_pem,
        "oci_compartment_id": settings.compartment,
        "api_base": settings.base_url,
    }
    if transport is not None:
        arguments["transport"] = transport
    return arguments


class _Sync:
    def __init__(self, settings: Settings, transport: str | None) -> None:
        from ocicat import completion

        self._completion = completion
        self._arguments = _arguments(settings, transport)

    def call(self) -> str:
        text: str = self._completion(**self._arguments).choices[0].message.content
        return text

    def stream(self) -> int:
        size = 0
        for chunk in self._completion(**self._arguments, stream=True):
            if chunk.choices:
                size += len(chunk.choices[0].delta.content or "")
        return size


class _Async:
    def __init__(self, settings: Settings, transport: str | None) -> None:
        from ocicat import acompletion

        self._acompletion = acompletion
        self._arguments = _arguments(settings, transport)

    async def call(self) -> str:
        reply = await self._acompletion(**self._arguments)
        text: str = reply.choices[0].message.content
        return text

    async def stream(self) -> int:
        size = 0
        async for chunk in await self._acompletion(**self._arguments, stream=True):
            if chunk.choices:
                size += len(chunk.choices[0].delta.content or "")
        return size


def _open_sync(settings: Settings, transport: str | None) -> SyncClient:
    return _Sync(settings, transport)


async def _open_async(settings: Settings, transport: str | None) -> AsyncClient:
    return _Async(settings, transport)


_COLD_CALL = """\
from ocicat import completion
reply = completion(
    model="oci/" + s["model"], messages=s["messages"], oci_region=s["region"],
    oci_tenancy=s["tenancy"], oci_user=s["user"], oci_fingerprint=s["fingerprint"],
    oci_key=s["key_pem"], oci_compartment_id=s["compartment"], api_base=s["base_url"], {more}
)
assert reply.choices[0].message.content == s["expected"]
"""


CONTESTANTS = [
    Contestant(
        key="ocicat",
        label="ocicat",
        kind="ocicat",
        requires=("ocicat",),
        open_sync=partial(_open_sync, transport=None),
        open_async=partial(_open_async, transport=None),
        cold_import="import ocicat",
        cold_call=_COLD_CALL.format(more=""),
    ),
    Contestant(
        key="ocicat-native",
        label="ocicat, native",
        kind="ocicat",
        requires=("ocicat",),
        open_sync=partial(_open_sync, transport="native"),
        open_async=partial(_open_async, transport="native"),
        cold_call=_COLD_CALL.format(more='transport="native"'),
    ),
]
