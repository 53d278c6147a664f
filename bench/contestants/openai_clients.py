"""Clients of the ``openai`` SDK's kind: its own with a bearer key, Oracle's, and ours.

The SDK builds a request and an answer in the same way for all three, so what they differ in is what
an OCI signature, and reaching every model, adds to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS"]

Make = Callable[[Settings, bool], Any]


def _bearer(settings: Settings, is_async: bool) -> Any:
    from openai import AsyncOpenAI, OpenAI

    return (AsyncOpenAI if is_async else OpenAI)(
        api_key="sk-bench", base_url=f"{settings.base_url}/openai/v1"
    )


def _oci_openai(settings: Settings, is_async: bool) -> Any:
    from oci_openai import AsyncOciOpenAI, OciOpenAI, OciUserPrincipalAuth

    return (AsyncOciOpenAI if is_async else OciOpenAI)(
        auth=OciUserPrincipalAuth(config_file=settings.config_file),
        service_endpoint=settings.base_url,
        compartment_id=settings.compartment,
    )


def _ocicat(settings: Settings, is_async: bool) -> Any:
    from ocicat import AsyncOciOpenAI, OciOpenAI, OciUserPrincipalAuth

    return (AsyncOciOpenAI if is_async else OciOpenAI)(
        auth=OciUserPrincipalAuth(config_file=settings.config_file),
        service_endpoint=settings.base_url,
        compartment_id=settings.compartment,
    )


class _Sync:
    def __init__(self, make: Make, settings: Settings) -> None:
        self._settings = settings
        self._create = make(settings, False).chat.completions.create

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
    def __init__(self, make: Make, settings: Settings) -> None:
        self._settings = settings
        self._create = make(settings, True).chat.completions.create

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


def _open_sync(make: Make, settings: Settings) -> SyncClient:
    return _Sync(make, settings)


async def _open_async(make: Make, settings: Settings) -> AsyncClient:
    return _Async(make, settings)


_COLD_CALL = """\
from {package} import OciOpenAI, OciUserPrincipalAuth
client = OciOpenAI(
    auth=OciUserPrincipalAuth(config_file=s["config_file"]),
    service_endpoint=s["base_url"], compartment_id=s["compartment"],
)
reply = client.chat.completions.create(model=s["model"], messages=s["messages"])
assert reply.choices[0].message.content == s["expected"]
"""


CONTESTANTS = [
    Contestant(
        key="openai",
        label="openai, bearer key",
        kind="floor",
        requires=("openai",),
        open_sync=partial(_open_sync, _bearer),
        open_async=partial(_open_async, _bearer),
        cold_import="import openai",
    ),
    Contestant(
        key="ocicat-openai",
        label="ocicat.OciOpenAI",
        kind="ocicat",
        requires=("ocicat", "openai"),
        open_sync=partial(_open_sync, _ocicat),
        open_async=partial(_open_async, _ocicat),
        cold_import="from ocicat import OciOpenAI",
        cold_call=_COLD_CALL.format(package="ocicat"),
    ),
    Contestant(
        key="oci-openai",
        label="oci-openai",
        kind="peer",
        requires=("oci_openai",),
        open_sync=partial(_open_sync, _oci_openai),
        open_async=partial(_open_async, _oci_openai),
        cold_import="import oci_openai",
        cold_call=_COLD_CALL.format(package="oci_openai"),
    ),
]
