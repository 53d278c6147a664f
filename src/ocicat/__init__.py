"""Every model of OCI Generative AI, under every OCI identity, through the OpenAI-shaped API.

::

    from ocicat import completion

    reply = completion("oci/xai.grok-4.3", [{"role": "user", "content": "Hello!"}])
    print(reply.choices[0].message.content)

This page is a table of contents. A name is loaded when it is first used, so that
``import ocicat`` costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ocicat import errors
    from ocicat._version import __version__
    from ocicat.client.functions import acompletion, completion
    from ocicat.client.httpx_auth import (
        HttpxOciAuth,
        OciApiKeyAuth,
        OciDelegationTokenAuth,
        OciInstancePrincipalAuth,
        OciResourcePrincipalAuth,
        OciSessionAuth,
        OciSignerAuth,
        OciTokenExchangeAuth,
        OciUserPrincipalAuth,
        OciWorkloadIdentityAuth,
    )
    from ocicat.client.replies import ChatCompletion, ChatCompletionChunk
    from ocicat.client.stream import AsyncChatStream, ChatStream
    from ocicat.errors import OcicatError
    from ocicat.vocabulary.flow import Timeout

__all__ = [
    "AsyncChatStream",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatStream",
    "HttpxOciAuth",
    "OciApiKeyAuth",
    "OciDelegationTokenAuth",
    "OciInstancePrincipalAuth",
    "OciResourcePrincipalAuth",
    "OciSessionAuth",
    "OciSignerAuth",
    "OciTokenExchangeAuth",
    "OciUserPrincipalAuth",
    "OciWorkloadIdentityAuth",
    "OcicatError",
    "Timeout",
    "__version__",
    "acompletion",
    "completion",
    "errors",
]

_HOME = {
    "HttpxOciAuth": "ocicat.client.httpx_auth",
    "OciApiKeyAuth": "ocicat.client.httpx_auth",
    "OciDelegationTokenAuth": "ocicat.client.httpx_auth",
    "OciInstancePrincipalAuth": "ocicat.client.httpx_auth",
    "OciResourcePrincipalAuth": "ocicat.client.httpx_auth",
    "OciSessionAuth": "ocicat.client.httpx_auth",
    "OciSignerAuth": "ocicat.client.httpx_auth",
    "OciTokenExchangeAuth": "ocicat.client.httpx_auth",
    "OciUserPrincipalAuth": "ocicat.client.httpx_auth",
    "OciWorkloadIdentityAuth": "ocicat.client.httpx_auth",
    "AsyncChatStream": "ocicat.client.stream",
    "ChatCompletion": "ocicat.client.replies",
    "ChatCompletionChunk": "ocicat.client.replies",
    "ChatStream": "ocicat.client.stream",
    "OcicatError": "ocicat.errors",
    "Timeout": "ocicat.vocabulary.flow",
    "__version__": "ocicat._version",
    "acompletion": "ocicat.client.functions",
    "completion": "ocicat.client.functions",
    "errors": "ocicat.errors",
}


def __getattr__(name: str) -> Any:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module 'ocicat' has no attribute {name!r}")
    import importlib

    module = importlib.import_module(home)
    value = module if name == "errors" else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
