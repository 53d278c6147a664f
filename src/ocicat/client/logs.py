"""The request log: what was sent, what came back, and why it was tried again.

Off unless ``OCI_LOG_REQUESTS=1`` or ``log_requests`` in the profile. Goes to the logger
``ocicat.requests``, and to standard error where nobody has set logging up. Signatures never appear.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Mapping
from typing import Any

from ocicat.errors import OcicatError
from ocicat.vocabulary.flow import Request, Response

__all__ = ["Log", "log"]

Log = Callable[[str, dict[str, Any]], None]

_SECRET = frozenset({"authorization", "proxy-authorization", "opc-obo-token", "set-cookie"})
_MAX_BODY = 4096


def log(what: str, facts: dict[str, Any]) -> None:
    """Log one thing that happened in a call: ``route``, ``clock``, ``request``, …."""
    _logger().info("%s", _words(what, facts))


@functools.cache
def _logger() -> logging.Logger:
    logger = logging.getLogger("ocicat.requests")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(name)s %(message)s"))
        logger.addHandler(handler)
    return logger


def _words(what: str, facts: dict[str, Any]) -> str:
    if what == "route":
        target = facts["target"]
        return (
            f"route: {facts['model']} goes over the {target.transport} transport"
            f" ({target.dialect}, {target.serving.kind}) to {target.url}"
        )
    if what == "clock":
        return f"OCI's clock is {facts['seconds']:.0f} s ahead of this machine's"
    if what == "learned":
        return f"{facts['model']} refused a parameter, which is remembered: {facts['failure']}"
    attempt = facts["attempt"]
    if what == "request":
        request: Request = facts["request"]
        return (
            f"request, attempt {attempt}: {request.method} {request.url}"
            f" {_headers(request.headers)} {_body(request.body)}"
        )
    if what == "response":
        response: Response = facts["response"]
        body = "a stream" if response.streaming else _body(response.body)
        return (
            f"response to attempt {attempt}: {response.status} {_headers(response.headers)} {body}"
        )
    failure: OcicatError = facts["failure"]
    pause = facts["pause"]
    then = "giving up" if pause is None else f"trying again in {pause:.2f} s"
    return f"attempt {attempt} failed: {type(failure).__name__}: {failure}; {then}"


def _headers(headers: Mapping[str, str]) -> str:
    shown = {
        name: "(hidden)" if name.lower() in _SECRET else value for name, value in headers.items()
    }
    return str(shown)


def _body(body: bytes) -> str:
    text = body[:_MAX_BODY].decode("utf-8", "replace")
    return text if len(body) <= _MAX_BODY else f"{text}… ({len(body)} bytes)"
