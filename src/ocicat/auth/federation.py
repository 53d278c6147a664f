"""What log-ins have in common: session keys, security tokens, and calls to those who issue them.

Whoever runs on OCI proves who it is to a service (OCI's auth service, the metadata service, a
Kubernetes cluster), hands it the public half of a fresh key, and gets a security token that names
this key. From then on it signs with the key and calls itself ``ST$`` and the token.

Which proof goes to which service is not known here; ``instance``, ``resource`` and ``workload`` do.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat._version import __version__
from ocicat.auth.background import in_background
from ocicat.auth.renewal import Lease
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import (
    APIConnectionError,
    APIStatusError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    InternalServerError,
    InvalidSetting,
    MalformedReply,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    TransportError,
)
from ocicat.signing import signer
from ocicat.signing.keys import PrivateKey
from ocicat.vocabulary.flow import Ambient, Flow, Pause, Request, Response, Timeout
from ocicat.vocabulary.retry import RetryPolicy, pause_before_retry

__all__ = [
    "SERVICE_TIMEOUT",
    "Address",
    "SessionKey",
    "TokenIdentity",
    "address",
    "call",
    "fits_header",
    "issued",
    "json_object",
    "json_request",
    "lease",
    "new_session_key",
    "text_in",
]

#: For the services that issue tokens. Connecting takes as long as the oci SDK grants it; an answer
#: has half of the SDK's minute, since somebody waits.
SERVICE_TIMEOUT: Final = Timeout(connect=10.0, read=30.0)

_KEY_BITS = 2048
_PUBLIC_EXPONENT = 65537
_RETRY: Final = RetryPolicy()
_LONGEST_MESSAGE = 500
_CLOCK_SKEW = 300  # seconds by which OCI lets a request's date differ from its own clock

_STATUSES: Final[dict[int, type[APIStatusError]]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    409: ConflictError,
    429: RateLimitError,
}
_ADDRESS = re.compile(r"[!-~]+")
# What a header may hold inside a quoted parameter.
_TOKEN = re.compile(r"[!#-\[\]-~]+")
# Tokens, certificates and keys, should a service repeat ours in an error. No OCID is as long.
_SECRET = re.compile(r"-----BEGIN .*|eyJ[\w.=-]{16,}|[A-Za-z0-9+/=_-]{80,}", re.DOTALL)


# --- session keys and the identity of a token -----------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionKey:
    """A key pair for as long as a token lives.

    ``public`` is the public half as the services want it: the base64 of its SubjectPublicKeyInfo,
    which is PEM without its first line, its last line and its line ends.
    """

    private: PrivateKey
    public: str = field(repr=False)

    @classmethod
    def of(cls, key: PrivateKey) -> SessionKey:
        """The pair of a private key that was there already."""
        return cls(key, _public_body(key.public_key))


def new_session_key() -> Flow[SessionKey]:
    """A new RSA key of 2048 bits, as the oci SDK makes one for every token.

    Finding its primes takes some 100 ms of computing, which happens in a thread of its own.
    """
    return (yield from in_background(_make_session_key))


def _make_session_key() -> SessionKey:
    key = rsa.generate_private_key(public_exponent=_PUBLIC_EXPONENT, key_size=_KEY_BITS)
    return SessionKey(PrivateKey(key), _public_body(key.public_key()))


def _public_body(key: rsa.RSAPublicKey) -> str:
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode("ascii")


class TokenIdentity:
    """Whoever the security token says, with the key that the token was issued for.

    ``renewable`` says whether logging in again can give a better token.
    """

    __slots__ = ("_key", "_key_id", "renewable")

    def __init__(self, token: str, private_key: PrivateKey, *, renewable: bool = True) -> None:
        self._key = private_key
        self._key_id = f"ST${token}"
        self.renewable = renewable

    def authorize(self, request: Request, now: float) -> None:
        """Sign the request."""
        signer.sign_request(request, self._key_id, self._key, now)

    def __repr__(self) -> str:
        return f"<TokenIdentity with key {self._key.fingerprint}>"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a security token is not pickled; pickle the settings that it came from")


# --- requests -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Address:
    """A URL, taken apart. ``path`` is empty or begins with a slash, and does not end in one."""

    scheme: str
    host: str
    path: str

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}{self.path}"


def address(url: str, setting: str) -> Address:
    """Take the URL apart that was given as ``setting``.

    Raises :class:`~ocicat.errors.InvalidSetting` for what is no ``http`` or ``https`` URL, or has
    credentials or a fragment in it.
    """
    text = url.strip()
    try:
        parts = urlsplit(text)
        usable = (
            _ADDRESS.fullmatch(text) is not None
            and parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and "@" not in parts.netloc
            and not parts.fragment
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        usable = False
    if not usable:
        # The value stays out of the message: a URL is where people put credentials.
        raise InvalidSetting(
            f"{setting} is not a URL that can be used.",
            setting=setting,
            hint="Write it whole and without credentials, as in https://host/path.",
        )
    path = parts.path.rstrip("/")
    return Address(parts.scheme, parts.netloc, f"{path}?{parts.query}" if parts.query else path)


def json_request(
    method: str, to: Address, ambient: Ambient, *, path: str = "", body: object = None
) -> Request:
    """A request for JSON, not yet signed, with ``body`` (if any) as JSON in it."""
    headers = {
        "host": to.host,
        "accept": "application/json",
        "accept-encoding": "identity",
        "opc-request-id": ambient.token(),
        "user-agent": f"ocicat/{__version__}",
    }
    content = b""
    if body is not None:
        headers["content-type"] = "application/json"
        content = msgspec.json.encode(body)
    target = f"{to.path}{path}" or "/"
    return Request(method, to.scheme, to.host, target, headers, content, timeout=SERVICE_TIMEOUT)


def call(
    make: Callable[[], Request],
    ambient: Ambient,
    *,
    service: str,
    hint: str = "",
    retry: RetryPolicy = _RETRY,
    reconnect: bool = True,
) -> Flow[Response]:
    """The good answer to the request that ``make`` makes anew, dated and signed, each time.

    Tried again as ``retry`` says; without ``reconnect`` not where the connection failed.
    ``service`` names the far side in errors, ``hint`` says what to do about a refusal. Raises
    :class:`~ocicat.errors.APIStatusError` or :class:`~ocicat.errors.TransportError` kin.
    """
    started = ambient.monotonic()
    attempts = retries = 0
    waited = 0.0
    reconnected = False
    while True:
        attempts += 1
        failure: APIStatusError | TransportError
        try:
            response: Response = yield make()
        except TransportError as problem:
            if isinstance(problem, APIConnectionError) and problem.stale and not reconnected:
                reconnected = True
                continue
            failure = problem
        else:
            if 200 <= response.status < 300:
                return response
            failure = _refusal(response, service, hint, ambient.now())
        failure.attempts = attempts
        failure.waited = waited
        pause = pause_before_retry(
            retry,
            failure,
            retries=retries,
            elapsed=ambient.monotonic() - started,
            random=ambient.random(),
        )
        if pause is None or (isinstance(failure, TransportError) and not reconnect):
            raise failure
        retries += 1
        waited += pause
        yield Pause(pause)


def _refusal(response: Response, service: str, hint: str, now: float) -> APIStatusError:
    """The error for an answer that is not a good one."""
    status = response.status
    kind = _STATUSES.get(status, InternalServerError if status >= 500 else APIStatusError)
    code, message = _said(response.body)
    headers = response.headers
    skew = _clock_skew(headers.get("date", ""), now) if status == 401 else ""
    return kind(
        f"{service} answered: {message or 'nothing that explains it.'}",
        status=status,
        code=code or str(status),
        opc_request_id=headers.get("opc-request-id", ""),
        retry_after=_seconds(headers.get("retry-after", "")),
        body={"code": code, "message": message},
        hint=f"{skew} {hint}".strip(),
    )


def _said(body: bytes) -> tuple[str, str]:
    """Code and message of an error, fit to be shown; empty where there are none.

    Identity domains answer in the shape of OAuth.
    """
    try:
        said = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(said, dict):
        return "", ""
    code = said.get("code") or said.get("error")
    return _shown(code), _shown(said.get("message") or said.get("error_description"))


def _shown(value: Any) -> str:
    if not isinstance(value, str):
        return ""
    # Before it is cut: half a secret would not be recognised any more.
    text = _SECRET.sub("…", value)
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_MESSAGE]


def _clock_skew(date: str, now: float) -> str:
    try:
        ahead = now - parsedate_to_datetime(date).timestamp()
    except (ValueError, OverflowError, TypeError):
        return ""
    if abs(ahead) <= _CLOCK_SKEW:
        return ""
    way = "ahead of" if ahead > 0 else "behind"
    return f"This machine's clock is {abs(ahead):.0f} s {way} OCI's; set it right."


def _seconds(retry_after: str) -> float | None:
    try:
        seconds = float(retry_after)
    except ValueError:
        return None
    return seconds if 0.0 <= seconds < float("inf") else None


# --- answers --------------------------------------------------------------------------------------


def json_object(body: bytes, service: str) -> dict[str, Any]:
    """The JSON object in ``body``. Raises :class:`~ocicat.errors.MalformedReply` for none."""
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise MalformedReply(
            f"{service} answered with something that is not a JSON object.",
            hint="Something between here and OCI may have answered in its place.",
        )
    return value


def text_in(body: dict[str, Any], name: str, service: str) -> str:
    """The text called ``name``. Raises :class:`~ocicat.errors.MalformedReply` for none."""
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedReply(f"{service} answered without `{name}`.")
    return value


def fits_header(token: str) -> bool:
    """Whether the text can stand in a header, within quotes."""
    return _TOKEN.fullmatch(token) is not None


def issued(body: dict[str, Any], service: str) -> SecurityToken:
    """The token just issued, in ``token``, with or without ``ST$`` before it.

    Raises :class:`~ocicat.errors.MalformedReply` for none.
    """
    text = text_in(body, "token", service).strip().removeprefix("ST$")
    if not fits_header(text):
        raise MalformedReply(f"{service} answered with something that is no token.")
    return SecurityToken.read(text)


def lease(token: SecurityToken, key: SessionKey, now: float) -> Lease:
    """The identity of a token just issued for ``key``, for as long as the token lives."""
    return Lease(TokenIdentity(token.text, key.private), token.lifetime(now))
