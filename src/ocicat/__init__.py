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
    from ocicat.client.counting import TokenEstimate, count_tokens
    from ocicat.client.discovery import Model, ModelList, alist_models, list_models
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
    from ocicat.client.httpx_transport import AsyncOciTransport, OciTransport
    from ocicat.client.openai import AsyncOciOpenAI, OciOpenAI
    from ocicat.client.operations import (
        aapply_guardrails,
        aembedding,
        apply_guardrails,
        arerank,
        embedding,
        rerank,
    )
    from ocicat.client.pricing import cost_of
    from ocicat.client.replies import (
        ChatCompletion,
        ChatCompletionChunk,
        EmbeddingResponse,
        GuardrailsResponse,
        RerankResponse,
    )
    from ocicat.client.response_store import KeptResponse, ResponseStore, SqliteStore
    from ocicat.client.stream import AsyncChatStream, ChatStream
    from ocicat.errors import OcicatError
    from ocicat.vocabulary.flow import Timeout

__all__ = [
    "AsyncChatStream",
    "AsyncOciOpenAI",
    "AsyncOciTransport",
    "ChatCompletion",
    "ChatCompletionChunk",
    "ChatStream",
    "EmbeddingResponse",
    "GuardrailsResponse",
    "HttpxOciAuth",
    "KeptResponse",
    "Model",
    "ModelList",
    "OciApiKeyAuth",
    "OciDelegationTokenAuth",
    "OciInstancePrincipalAuth",
    "OciOpenAI",
    "OciResourcePrincipalAuth",
    "OciSessionAuth",
    "OciSignerAuth",
    "OciTokenExchangeAuth",
    "OciTransport",
    "OciUserPrincipalAuth",
    "OciWorkloadIdentityAuth",
    "OcicatError",
    "RerankResponse",
    "ResponseStore",
    "SqliteStore",
    "Timeout",
    "TokenEstimate",
    "__version__",
    "aapply_guardrails",
    "acompletion",
    "aembedding",
    "alist_models",
    "apply_guardrails",
    "arerank",
    "completion",
    "cost_of",
    "count_tokens",
    "embedding",
    "errors",
    "list_models",
    "rerank",
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
    "AsyncOciTransport": "ocicat.client.httpx_transport",
    "KeptResponse": "ocicat.client.response_store",
    "OciTransport": "ocicat.client.httpx_transport",
    "ResponseStore": "ocicat.client.response_store",
    "SqliteStore": "ocicat.client.response_store",
    "AsyncOciOpenAI": "ocicat.client.openai",
    "OciOpenAI": "ocicat.client.openai",
    "AsyncChatStream": "ocicat.client.stream",
    "ChatCompletion": "ocicat.client.replies",
    "ChatCompletionChunk": "ocicat.client.replies",
    "ChatStream": "ocicat.client.stream",
    "OcicatError": "ocicat.errors",
    "Timeout": "ocicat.vocabulary.flow",
    "__version__": "ocicat._version",
    "acompletion": "ocicat.client.functions",
    "completion": "ocicat.client.functions",
    "aapply_guardrails": "ocicat.client.operations",
    "aembedding": "ocicat.client.operations",
    "apply_guardrails": "ocicat.client.operations",
    "arerank": "ocicat.client.operations",
    "embedding": "ocicat.client.operations",
    "rerank": "ocicat.client.operations",
    "EmbeddingResponse": "ocicat.client.replies",
    "GuardrailsResponse": "ocicat.client.replies",
    "RerankResponse": "ocicat.client.replies",
    "Model": "ocicat.client.discovery",
    "ModelList": "ocicat.client.discovery",
    "alist_models": "ocicat.client.discovery",
    "list_models": "ocicat.client.discovery",
    "TokenEstimate": "ocicat.client.counting",
    "count_tokens": "ocicat.client.counting",
    "cost_of": "ocicat.client.pricing",
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
