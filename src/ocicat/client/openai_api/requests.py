"""Requests to OpenAI's API, read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ocicat.client.response_store import ResponseStore
from ocicat.errors import APIStatusError, InvalidParameter, NotFoundError, UnknownParameter
from ocicat.routing import deployments

__all__ = [
    "OPERATIONS",
    "ROUTE",
    "Asked",
    "base_of",
    "expect",
    "handed_on",
    "no_such_operation",
    "own_path",
    "read",
    "read_object",
]

#: What OCI has of OpenAI's API.
OPERATIONS: Final = (
    *("chat/completions", "embeddings", "models", "responses"),
    *("files", "vector_stores", "containers", "conversations"),
)
#: What OpenAI's API has, wherever it is mounted. The leftmost of these names decides, since some
#: come again further right, as in /vector_stores/{id}/files.
ROUTE: Final = re.compile(
    rf"/({'|'.join(OPERATIONS)}"
    # Not to be had on OCI.
    r"|assistants|audio|batches|chat|completions|content_provenance_checks|decisions|evals"
    r"|fine_tuning|images|live|moderations|organization|realtime|safety|skills|threads|uploads"
    r"|videos)(?=/|$)"
)
#: Headers of a request that OCI may see, whoever has written them.
_HANDED_ON: Final = ("opc-conversation-store-id", "opc-request-id")
#: Headers that ocicat writes itself, and those that are between the SDK and OpenAI.
_NOT_HANDED_ON: Final = re.compile(
    r"accept|accept-encoding|authorization|compartmentid|connection|content-.+|date|host"
    r"|idempotency-key|opc-compartment-id|opc-retry-token|openai-.+|transfer-encoding"
    r"|x-content-sha256|x-date|x-stainless-.+"
)
_MAX_RETRY_TOKEN: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request. ``path`` is raw, without the query; header names are lower case.

    ``for_oci`` are the names of those headers that its author means for OCI. ``store`` is where
    responses to it are kept that OCI does not keep; ``None`` for the usual one.
    """

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    for_oci: Collection[str] = ()
    body: bytes = b""
    store: ResponseStore | None = None


def base_of(path: str) -> str | None:
    """What precedes OpenAI's own part of a path; ``None`` where OCI has no such operation."""
    at_deployment = deployments.base_of(path)
    if at_deployment is not None:
        return at_deployment
    route = ROUTE.search(path)
    return path[: route.start()] if route and route[1] in OPERATIONS else None


def own_path(path: str) -> str | None:
    """OpenAI's own part of a path, whether OCI has it or not; ``None`` where there is none."""
    at_deployment = deployments.base_of(path)
    if at_deployment is not None:
        return path.removeprefix(at_deployment)
    route = ROUTE.search(path)
    return path[route.start() :] if route else None


def expect(asked: Asked, rest: str, method: str, pattern: str) -> None:
    """Raise :class:`~ocicat.errors.NotFoundError` for any other operation."""
    if asked.method != method or not re.fullmatch(pattern, rest):
        raise no_such_operation(asked)


def no_such_operation(asked: Asked) -> APIStatusError:
    """The error for what OCI cannot answer."""
    return NotFoundError(
        f"{asked.method} {asked.path[:200]} is nothing that OCI can answer.",
        status=404,
        code="unsupported_endpoint",
        hint=f"What it can: {', '.join(OPERATIONS)}.",
    )


def read(asked: Asked, known: Collection[str]) -> dict[str, Any]:
    """The body's JSON object, all of whose keys are known.

    Raises :class:`~ocicat.errors.InvalidParameter` and :class:`~ocicat.errors.UnknownParameter`.
    """
    body = read_object(asked)
    unknown = [name for name in body if name not in known]
    if unknown:
        nearest = difflib.get_close_matches(unknown[0], known, 1)
        raise UnknownParameter(
            f"Neither OCI nor ocicat knows {', '.join(f'`{name[:80]}`' for name in unknown)} here.",
            parameter=unknown[0],
            hint=f"Did you mean `{nearest[0]}`?" if nearest else "",
        )
    return body


def read_object(asked: Asked) -> dict[str, Any]:
    """The body's JSON object. Raises :class:`~ocicat.errors.InvalidParameter` for none."""
    try:
        body = msgspec.json.decode(asked.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise InvalidParameter("The body is not a JSON object.", parameter="body")
    return body


def handed_on(asked: Asked) -> dict[str, str]:
    """What OCI is told of the request's headers."""
    meant = (name for name in asked.for_oci if not _NOT_HANDED_ON.fullmatch(name))
    headers = {name: asked.headers[name] for name in (*_HANDED_ON, *meant) if name in asked.headers}
    # The SDK repeats a request under one key, as OCI wants its retry token.
    key = asked.headers.get("idempotency-key", "")
    if 0 < len(key) <= _MAX_RETRY_TOKEN:
        headers["opc-retry-token"] = key
    return headers
