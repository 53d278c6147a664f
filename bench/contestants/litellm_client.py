"""litellm's ``completion`` and ``acompletion`` with its OCI provider, on the native API.

Twice: with the credentials as values, as its OCI page shows (it then parses the key in each call),
and with a ready ``oci`` signer, which is the cheapest that it can do.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS"]


def _arguments(settings: Settings, with_signer: bool) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "model": f"oci/{settings.model}",
        "messages": settings.messages,
        "oci_region": settings.region,
        "oci_compartment_id": settings.compartment,
        "api_base": settings.base_url,
    }
    if with_signer:
        from oci.signer import Signer

        arguments["oci_signer"] = Signer(
            tenancy=settings.tenancy,
            user=settings.user,
            fingerprint=settings.fingerprint,
            private_key_file_location=None,
            private_key_content=settings.key_pem,
        )
    else:
        arguments["oci_tenancy"] = settings.tenancy
        arguments["oci_user"] = settings.user
        arguments["oci_fingerprint"] = settings.fingerprint
        arguments["oci_key"] = settings.key_pem
    return arguments


class _Sync:
    def __init__(self, settings: Settings, with_signer: bool) -> None:
        import litellm

        self._completion = litellm.completion
        self._arguments = _arguments(settings, with_signer)

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
    def __init__(self, settings: Settings, with_signer: bool) -> None:
        import litellm

        self._acompletion = litellm.acompletion
        self._arguments = _arguments(settings, with_signer)

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


def _open_sync(settings: Settings, with_signer: bool) -> SyncClient:
    return _Sync(settings, with_signer)


async def _open_async(settings: Settings, with_signer: bool) -> AsyncClient:
    return _Async(settings, with_signer)


_COLD_CALL = """\
from litellm import completion
reply = completion(
    model="oci/" + s["model"], messages=s["messages"], oci_region=s["region"],
    oci_tenancy=s["tenancy"], oci_user=s["user"], oci_fingerprint=s["fingerprint"],
    oci_key=s["key_pem"], oci_compartment_id=s["compartment"], api_base=s["base_url"],
)
assert reply.choices[0].message.content == s["expected"]
"""

# Otherwise litellm downloads a price list when it is imported; without it, it does better.
_ENVIRONMENT = (("LITELLM_LOCAL_MODEL_COST_MAP", "True"),)

CONTESTANTS = [
    Contestant(
        key="litellm",
        label="litellm",
        kind="peer",
        requires=("litellm", "cryptography"),
        open_sync=partial(_open_sync, with_signer=False),
        open_async=partial(_open_async, with_signer=False),
        cold_import="import litellm",
        cold_call=_COLD_CALL,
        environment=_ENVIRONMENT,
    ),
    Contestant(
        key="litellm-signer",
        label="litellm with an oci signer",
        kind="peer",
        requires=("litellm", "oci"),
        open_sync=partial(_open_sync, with_signer=True),
        open_async=partial(_open_async, with_signer=True),
        environment=_ENVIRONMENT,
    ),
]
