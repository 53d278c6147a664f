"""Signs one HTTP request the way OCI asks for, in named steps.

1. :func:`content_headers`: describe the body (length, type, SHA-256).
2. :func:`names_to_sign`: which headers the signature covers, in which order.
3. :func:`signing_string`: one line for each of them.
4. :func:`authorization`: the header that carries the signature.

:func:`sign` takes all four. Source: OCI's documentation of request signatures (version 1 of
draft-cavage-http-signatures-08 with ``rsa-sha256``) and the ``oci`` SDK's ``signer.py``.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from ocicat.signing.keys import PrivateKey
from ocicat.vocabulary.flow import Request

__all__ = [
    "authorization",
    "content_headers",
    "http_date",
    "names_to_sign",
    "sign",
    "sign_request",
    "signing_string",
]

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH"})
_METHODS = _BODY_METHODS | {"GET", "HEAD", "DELETE"}
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: Carries a delegation token; OCI wants it signed wherever it is sent.
_DELEGATION = "opc-obo-token"


def sign(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str,
    private_key: PrivateKey,
    now: float,
) -> dict[str, str]:
    """The headers to add to a request so that OCI accepts it.

    ``headers`` (lower-case names) must hold ``host``; ``date`` and ``content-type`` are kept if
    they are there. ``target`` is the request target exactly as it will be sent, ``now`` is in
    seconds since the epoch. Raises ``ValueError`` for a method that OCI does not know.
    """
    added: dict[str, str] = {}
    if "date" not in headers:
        added["date"] = http_date(now)
    if method in _BODY_METHODS:
        added |= content_headers(body, headers.get("content-type", "application/json"))
    whole = {**headers, **added}
    names = names_to_sign(method, whole)
    signature = private_key.sign(signing_string(method, target, whole, names))
    added["authorization"] = authorization(key_id, names, signature)
    return added


def sign_request(request: Request, key_id: str, private_key: PrivateKey, now: float) -> None:
    """Add to ``request.headers`` what :func:`sign` makes for this request."""
    request.headers.update(
        sign(
            request.method,
            request.target,
            request.headers,
            request.body,
            key_id=key_id,
            private_key=private_key,
            now=now,
        )
    )


def content_headers(body: bytes, content_type: str) -> dict[str, str]:
    """The headers that describe a body and have to be signed with it."""
    digest = hashlib.sha256(body).digest()
    return {
        "content-length": str(len(body)),
        "content-type": content_type,
        "x-content-sha256": base64.b64encode(digest).decode("ascii"),
    }


def names_to_sign(method: str, headers: Mapping[str, str]) -> tuple[str, ...]:
    """What the signature covers, in order. Raises ``ValueError`` for an unknown method."""
    if method not in _METHODS:
        raise ValueError(f"OCI does not sign requests with the method {method!r}")
    names: tuple[str, ...] = ("date", "(request-target)", "host")
    if _DELEGATION in headers:
        names += (_DELEGATION,)
    if method in _BODY_METHODS:
        names += ("content-length", "content-type", "x-content-sha256")
    return names


def signing_string(
    method: str, target: str, headers: Mapping[str, str], names: Iterable[str]
) -> bytes:
    """The bytes to sign: a line per name, values as they are sent, no line end after the last.

    Raises ``ValueError`` where a value is not ASCII, since such a header cannot be sent.
    """
    lines = []
    for name in names:
        if name == "(request-target)":
            lines.append(f"(request-target): {method.lower()} {target or '/'}")
        else:
            name = name.lower()
            lines.append(f"{name}: {headers[name]}")
    return "\n".join(lines).encode("ascii")


def authorization(key_id: str, names: Iterable[str], signature: bytes) -> str:
    """The value of the ``authorization`` header."""
    return (
        f'Signature algorithm="rsa-sha256",headers="{" ".join(names)}",keyId="{key_id}",'
        f'signature="{base64.b64encode(signature).decode("ascii")}",version="1"'
    )


def http_date(now: float) -> str:
    """``now`` (seconds since the epoch) as HTTP writes it: ``Sat, 21 Nov 2026 12:00:00 GMT``."""
    return _http_date(int(now))


@lru_cache(maxsize=8)
def _http_date(seconds: int) -> str:
    # Not strftime, whose names depend on the locale.
    moment = datetime.fromtimestamp(seconds, UTC)
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} {moment.year}"
        f" {moment.hour:02}:{moment.minute:02}:{moment.second:02} GMT"
    )
