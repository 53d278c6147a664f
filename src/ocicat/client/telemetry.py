"""OpenTelemetry, where a program has set it up: a span and metrics for each call.

A program that has not pays one look into ``sys.modules``; nothing of OpenTelemetry is imported for
it, nor is ``spans.py``, where the rest of this is.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TypeVar

from ocicat.call.attempts import Ask
from ocicat.vocabulary.flow import Flow

__all__ = ["traced", "traced_response"]

T = TypeVar("T")

#: Where providers are set, and the function that tells which.
_PROVIDERS = {
    "opentelemetry.trace": "get_tracer_provider",
    "opentelemetry.metrics": "get_meter_provider",
}


def traced(flow: Flow[T], ask: Ask, request: Mapping[str, Any], operation: str = "chat") -> Flow[T]:
    """``flow``, which puts ``request`` to OCI, observed for OpenTelemetry if that is set up.

    The caller's current span becomes the parent, whenever and wherever the flow is driven.
    ``operation`` is the ``gen_ai.operation.name``: ``chat``, ``embeddings``, ``rerank``,
    ``guardrails``, ``retrieval``. The flow's result, or the chunks that it yields, are neutral
    replies; of a retrieval, what :func:`~ocicat.call.attempts.answer` returns.
    """
    if not _is_set_up():
        return flow
    from ocicat.client import spans

    return spans.observed(flow, ask, request, operation)


def traced_response(flow: Flow[T], ask: Ask, request: Mapping[str, Any]) -> Flow[T]:
    """The same for a flow whose result, or whose chunks, are those of OCI's own Responses.

    ``request`` is the body of ``POST /responses``, with all of the conversation that is sent.
    """
    if not _is_set_up():
        return flow
    from ocicat.client import recorded_responses, spans

    neutral = recorded_responses.request(request)
    reading = recorded_responses.Reading(ask.target.model)
    return spans.observed(flow, ask, neutral, "chat", reading)


def _is_set_up() -> bool:
    return any(_is_set(module, getter) for module, getter in _PROVIDERS.items())


def _is_set(module: str, getter: str) -> bool:
    """Whether the provider of traces, or of metrics, is more than the API's own, which does none.

    A module that is being imported in another thread may not have its function yet.
    """
    provider_of = getattr(sys.modules.get(module), getter, None)
    return provider_of is not None and not type(provider_of()).__module__.startswith(module)
