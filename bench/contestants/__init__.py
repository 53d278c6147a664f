"""The clients that are measured: one module each, all listed here in the order of the tables."""

from __future__ import annotations

from bench.contestants import (
    aiohttp_bare,
    httpx2_bare,
    litellm_client,
    oci_sdk,
    ocicat_client,
    openai_clients,
    raw_socket,
    signature,
    stdlib_http,
)
from bench.contestants.contract import Contestant

__all__ = ["CONTESTANTS"]

CONTESTANTS: list[Contestant] = [
    contestant
    for module in (
        signature,
        raw_socket,
        stdlib_http,
        aiohttp_bare,
        httpx2_bare,
        ocicat_client,
        openai_clients,
        oci_sdk,
        litellm_client,
    )
    for contestant in module.CONTESTANTS
]
