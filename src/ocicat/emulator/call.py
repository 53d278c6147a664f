"""One request on its way through the emulator: what was received, and how replies to it are made.

Every reply of the emulator is made here, so every reply has an ``opc-request-id``, exact headers,
and an entry in the ledger.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from email.utils import formatdate
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from aiohttp import web

from ocicat.emulator.ledger import Ledger, Received
from ocicat.emulator.principals import Caller, Principal
from ocicat.emulator.refusals import REASON_HEADER, Refused, header_text
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["EVENT_STREAM", "JSON", "Call", "request_id"]

JSON: Final = "application/json"
EVENT_STREAM: Final = "text/event-stream"

_SECRETS: Final = frozenset(
    {"authorization", "opc-obo-token", "cookie", "x-api-key", "x-goog-api-key"}
)
_MAX_SEGMENT: Final = 32


class Call:
    """A request being answered. ``body`` and what is known of the signature arrive step by step.

    ``trusted_key_id`` is the emulator's own throwaway identity, whose signatures are no secret.
    ``clock`` gives the emulator's time in seconds since the epoch.
    """

    def __init__(
        self,
        http: web.BaseRequest,
        ledger: Ledger,
        *,
        trusted_key_id: str,
        clock: Callable[[], float],
    ) -> None:
        self.http = http
        self.method = http.method
        self.target = http.raw_path
        self.headers: dict[str, str] = {}
        for name, value in http.headers.items():
            known = self.headers.get(name.lower())
            self.headers[name.lower()] = value if known is None else f"{known}, {value}"
        self.body = b""
        self.json: Any = None
        self.key_id: str | None = None
        self.signed_headers: tuple[str, ...] = ()
        self.verified = False
        #: Who signed, and for whom they act, once that is known.
        self.caller: Caller | None = None
        self.on_behalf_of: Principal | None = None
        #: Whether an API key stands in for the signature.
        self.bearer = False
        self.chat: ChatRequest | None = None
        self.opc_request_id = request_id(self.headers.get("opc-request-id"))
        #: The ledger's entry, once the answer has begun.
        self.received: Received | None = None
        self._ledger = ledger
        self._trusted_key_id = trusted_key_id
        self._clock = clock

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def query(self) -> list[tuple[str, str]]:
        """The query's names and values, decoded, in order."""
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def take_body(self, body: bytes) -> None:
        """Keep the request's body."""
        self.body = body
        try:
            self.json = msgspec.json.decode(body) if body else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.json = None

    def record(self, status: int | None, refusal: str | None = None) -> None:
        """Enter the request into the ledger. Only the first time counts."""
        if self.received is not None:
            return
        self.received = Received(
            time=self._clock(),
            method=self.method,
            target=self.target,
            headers=MappingProxyType(self._shown_headers()),
            body=self.body,
            json=self.json,
            key_id="ST$…" if (self.key_id or "").startswith("ST$") else self.key_id,
            signed_headers=self.signed_headers,
            verified=self.verified,
            request=self.chat,
            status=status,
            refusal=refusal,
            opc_request_id=self.opc_request_id,
            principal=self.caller.principal.id if self.caller else None,
            on_behalf_of=self.on_behalf_of.id if self.on_behalf_of else None,
        )
        self._ledger.add(self.received)

    def reply_headers(
        self, content_type: str | None, more: Mapping[str, str] = {}
    ) -> dict[str, str]:
        """The headers of any reply. ``more`` replaces those of the same name."""
        headers = {
            "date": formatdate(self._clock(), usegmt=True),
            "server": "ocicat-emulator",
            "opc-request-id": self.opc_request_id,
        }
        if content_type is not None:
            headers["content-type"] = content_type
        headers.update({name.lower(): value for name, value in more.items()})
        return headers

    def whole(
        self, status: int, body: bytes, content_type: str | None, more: Mapping[str, str] = {}
    ) -> web.Response:
        """A reply with a body of known length."""
        return web.Response(
            status=status, body=body, headers=self.reply_headers(content_type, more)
        )

    def json_reply(
        self, value: Any, *, status: int = 200, headers: Mapping[str, str] = {}
    ) -> web.Response:
        """A JSON reply."""
        return self.whole(status, msgspec.json.encode(value), JSON, headers)

    def refuse(self, refused: Refused) -> web.Response:
        """The reply that refuses, which also enters the ledger."""
        self.record(refused.status, refused.reason)
        return self.json_reply(
            refused.body,
            status=refused.status,
            headers={**refused.headers, REASON_HEADER: header_text(refused.reason)},
        )

    def _shown_headers(self) -> dict[str, str]:
        own = self.key_id is not None and self.key_id == self._trusted_key_id
        return {
            name: "(redacted)"
            if name in _SECRETS and not (own and name == "authorization")
            else value
            for name, value in self.headers.items()
        }


def request_id(incoming: str | None) -> str:
    """The ``opc-request-id`` to answer with: the client's first segment, and two of the server's.

    Without one from the client, or with one that no request id can be, the first is random too.
    """
    first = (incoming or "").partition("/")[0].strip()
    if not first or len(first) > _MAX_SEGMENT or not first.isascii() or not first.isprintable():
        first = _segment()
    return f"{first}/{_segment()}/{_segment()}"


def _segment() -> str:
    return secrets.token_hex(16).upper()
