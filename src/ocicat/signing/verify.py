"""The receiving half of request signing: was this request signed by the holder of that key?

It rebuilds the signing string from the request as it was received and checks every rule that OCI
has for a signature. It shares no code with the signing half on purpose: if both used one function,
they would be wrong together. It knows no HTTP library, no clock and no key store; the caller gives
the time and a way to look a key up, and turns a refusal into a reply.

Source of the rules: OCI's documentation "Request Signatures", and the ``oci`` SDK's ``signer``.
"""

from __future__ import annotations

import base64
import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

__all__ = ["CLOCK_SKEW", "KeyId", "SignatureRefused", "Verified", "read_key_id", "verify"]

#: Seconds by which a request's date may differ from the receiver's clock.
CLOCK_SKEW: Final = 300

_REQUEST_TARGET: Final = "(request-target)"
_VERBS_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE"})
_VERBS_WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
_BODY_HEADERS: Final = ("content-length", "content-type", "x-content-sha256")
_PARAMETERS: Final = ("version", "keyId", "algorithm", "headers", "signature")

_INCOMPLETE: Final = (
    "The required information to complete authentication was not provided or was incorrect."
)
_MISMATCH: Final = "Failed to verify the HTTP(S) Signature"

_PARAMETER: Final = re.compile(r'([A-Za-z]+)="([^"]*)"')
_SEPARATOR: Final = re.compile(r", *")
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_UNSENDABLE: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")

_WEEKDAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_IMF_FIXDATE: Final = re.compile(
    rf"({'|'.join(_WEEKDAYS)}), ([0-9]{{2}}) ({'|'.join(_MONTHS)}) ([0-9]{{4}})"
    r" ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT"
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

# The form that the oci SDK's config validation accepts, old ``ocidv1:…`` identifiers included.
_OCID: Final = r"[0-9a-zA-Z_-]+[.:](?:[0-9a-zA-Z_-]*[.:]){3,}[0-9a-zA-Z_-]+"
_USER: Final = re.compile(
    rf"(?P<tenancy>{_OCID})/(?P<user>{_OCID})/(?P<fingerprint>(?:[0-9a-f]{{2}}:){{15}}[0-9a-f]{{2}})"
)
_FEDERATION: Final = re.compile(
    rf"(?P<tenancy>{_OCID})/(?:fed-x509/(?:[0-9a-fA-F]{{2}}:){{19}}[0-9a-fA-F]{{2}}"
    r"|fed-x509-sha256/(?:[0-9a-fA-F]{2}:){31}[0-9a-fA-F]{2})"
)
_RESOURCE: Final = re.compile(
    rf"resource/v2\.1(?:/|\.[12]/(?P<tenancy>{_OCID})/)(?P<resource>{_OCID})"
)
_SECURITY_TOKEN: Final = re.compile(r"ST\$(?P<token>[!-~]+)")


class SignatureRefused(Exception):
    """The request's signature is missing, malformed or wrong.

    This is what a receiver answers with, not an error of the caller's program, so it stands outside
    the tree of :mod:`ocicat.errors`. ``status``, ``code`` and ``message`` are what OCI says;
    ``reason`` tells a developer precisely what is wrong. None of them holds a token.
    """

    status: int = 401
    code: str = "NotAuthenticated"

    def __init__(self, message: str, reason: str) -> None:
        super().__init__(f"{message} ({reason})")
        self.message = message
        self.reason = reason

    def __reduce__(self) -> tuple[type[SignatureRefused], tuple[str, str]]:
        return type(self), (self.message, self.reason)


@dataclass(frozen=True, slots=True)
class KeyId:
    """A key id, taken apart. The parts that a form does not have are empty.

    * ``kind``: ``"user"`` (an API key), ``"security_token"`` (``ST$…``), ``"federation"`` (the
      request for a token, signed with an instance's certificate) or ``"resource"`` (the key pair
      of a resource principal).
    * ``text``: the whole key id as received. It and ``token`` may be secrets; ``repr`` hides them.
    """

    kind: Literal["user", "security_token", "federation", "resource"]
    text: str = field(repr=False)
    tenancy: str = ""
    user: str = ""
    fingerprint: str = ""
    resource: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a good signature proves.

    * ``signed_headers``: lower-case names, in the order in which the client signed them.
    * ``date``: the request's time in epoch seconds, from the signed ``x-date`` or ``date``.
    * ``signing_string``: the text that was signed. It may hold an ``opc-obo-token``.
    """

    key_id: KeyId
    signed_headers: tuple[str, ...]
    date: int
    signing_string: str = field(repr=False)


def verify(
    method: str,
    target: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Callable[[str], rsa.RSAPublicKey | None],
    now: float,
    host_required: bool = True,
    body_headers_required: bool = True,
) -> Verified:
    """Check the signature of one received request.

    * ``target``: the raw request target, undecoded, exactly as it stood in the request line.
    * ``headers``: received values under lower-case names, ``authorization`` among them.
    * ``body``: the received bytes.
    * ``keys``: gives the public key that belongs to a key id, or ``None`` if there is none.
    * ``now``: the receiver's clock, in seconds since the epoch.
    * ``host_required``: false only for the federation service, whose clients do not sign ``host``.
    * ``body_headers_required``: false only where clients may leave the body unsigned, as for an
      upload to Object Storage. Body headers that are present are still compared with the body.

    Raises :class:`SignatureRefused`, and nothing else, for any request that is not properly signed.
    """
    parameters = _read_parameters(headers)
    key_id = read_key_id(parameters["keyId"])
    signed_headers = _read_signed_headers(parameters["headers"])
    signature = _read_signature(parameters["signature"])
    date_header = "x-date" if "x-date" in headers else "date"

    _check_mandatory(
        method,
        signed_headers,
        headers,
        date_header=date_header,
        host_required=host_required,
        body_headers_required=body_headers_required,
    )
    date = _check_date(date_header, headers[date_header], now)
    _check_body(headers, body)
    signing_string = _rebuild_signing_string(method, target, headers, signed_headers)

    key = keys(key_id.text)
    if key is None:
        raise _incomplete(f"no public key is known for the keyId {_printable(key_id)}")
    try:
        key.verify(signature, signing_string.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise _mismatch(
            "the signature does not match the signing string rebuilt from the request "
            f"(its lines: {', '.join(signed_headers)}): another key signed it, or a signed value "
            "was changed on the way"
        ) from None
    return Verified(key_id, signed_headers, date, signing_string)


def read_key_id(text: str) -> KeyId:
    """Take a key id apart. Raises :class:`SignatureRefused` for a form that OCI does not know."""
    if match := _SECURITY_TOKEN.fullmatch(text):
        return KeyId("security_token", text, token=match["token"])
    if match := _USER.fullmatch(text):
        return KeyId("user", text, match["tenancy"], match["user"], match["fingerprint"])
    if match := _FEDERATION.fullmatch(text):
        fingerprint = text.rpartition("/")[2]
        return KeyId("federation", text, match["tenancy"], fingerprint=fingerprint)
    if match := _RESOURCE.fullmatch(text):
        return KeyId("resource", text, match["tenancy"] or "", resource=match["resource"])
    raise _incomplete(
        "the keyId has none of the known forms: <tenancy>/<user>/<fingerprint>, ST$<token>, "
        "<tenancy>/fed-x509/<SHA-1>, <tenancy>/fed-x509-sha256/<SHA-256>, resource/v2.1…"
    )


def _read_parameters(headers: Mapping[str, str]) -> dict[str, str]:
    """The parameters of the Authorization header by name, complete and with known values."""
    value = headers.get("authorization")
    if value is None:
        raise _incomplete("the request has no Authorization header")
    scheme, _, text = value.partition(" ")
    if scheme.lower() != "signature":
        raise _incomplete("the Authorization header is not of the scheme Signature")
    parameters = _split_parameters(text.strip(" "))
    for name in _PARAMETERS:
        if name not in parameters:
            raise _incomplete(f"the Authorization header has no parameter {name}")
    if parameters["version"] != "1":
        raise _incomplete('the parameter version of the Authorization header is not "1"')
    if parameters["algorithm"] != "rsa-sha256":
        raise _incomplete('the parameter algorithm of the Authorization header is not "rsa-sha256"')
    return parameters


def _split_parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    position = 0
    while True:
        match = _PARAMETER.match(text, position)
        if match is None:
            raise _incomplete(
                f'no name="value" at position {position} of the Authorization parameters'
            )
        name, value = match.groups()
        if name not in _PARAMETERS:
            raise _incomplete(f"the Authorization header has an unknown parameter {name}")
        if name in parameters:
            raise _incomplete(f"the Authorization header has the parameter {name} twice")
        parameters[name] = value
        position = match.end()
        if position == len(text):
            return parameters
        separator = _SEPARATOR.match(text, position)
        if separator is None:
            raise _incomplete(f"no comma at position {position} of the Authorization parameters")
        position = separator.end()


def _read_signed_headers(text: str) -> tuple[str, ...]:
    spelled = text.split(" ")
    for name in spelled:
        if name != _REQUEST_TARGET and not _HEADER_NAME.fullmatch(name):
            raise _incomplete(
                "the parameter headers of the Authorization header is not a list of names "
                "separated by single spaces"
            )
    # Some SDKs spell Content-Type here; the signing string has lower case names all the same.
    names = tuple(name.lower() for name in spelled)
    if len(set(names)) != len(names):
        raise _incomplete("the parameter headers of the Authorization header lists a name twice")
    return names


def _read_signature(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        raise _incomplete("the parameter signature is not base64") from None


def _check_mandatory(
    method: str,
    signed_headers: tuple[str, ...],
    headers: Mapping[str, str],
    *,
    date_header: str,
    host_required: bool,
    body_headers_required: bool,
) -> None:
    """All that must be signed for this verb is signed, and all that is signed is there."""
    mandatory = [date_header, _REQUEST_TARGET]
    if host_required:
        mandatory.append("host")
    if method in _VERBS_WITH_BODY:
        if body_headers_required:
            mandatory.extend(_BODY_HEADERS)
    elif method not in _VERBS_WITHOUT_BODY:
        raise _incomplete("no signature is defined for this HTTP method")
    if "opc-obo-token" in headers:
        mandatory.append("opc-obo-token")
    for name in mandatory:
        if name not in signed_headers:
            raise _incomplete(f"{name} is not signed, and must be for this {method}")
    for name in signed_headers:
        if name != _REQUEST_TARGET and name not in headers:
            raise _incomplete(f"the header {name} is signed, but the request does not have it")


def _check_date(name: str, value: str, now: float) -> int:
    """The request's time in epoch seconds, if it is close enough to the receiver's clock."""
    match = _IMF_FIXDATE.fullmatch(value)
    if match is None:
        raise _incomplete(f"{name} has not the form 'Sat, 21 Nov 2026 12:00:00 GMT'")
    weekday, day, month, *numbers = match.groups()
    year, hour, minute, second = map(int, numbers)
    try:
        date = datetime(year, _MONTHS.index(month) + 1, int(day), hour, minute, second, tzinfo=UTC)
    except ValueError:
        raise _incomplete(f"{name} is not a date that exists") from None
    if _WEEKDAYS[date.weekday()] != weekday:
        raise _incomplete(f"{name} names a weekday that this date does not have")
    seconds = (date - _EPOCH) // timedelta(seconds=1)
    if abs(seconds - now) > CLOCK_SKEW:
        raise _skewed(name, seconds, now)
    return seconds


def _check_body(headers: Mapping[str, str], body: bytes) -> None:
    """The headers that describe the body, where there are any, describe the body received."""
    length = headers.get("content-length")
    if length is not None and length != str(len(body)):
        raise _mismatch(f"content-length is not {len(body)}, the number of bytes in the body")
    digest = headers.get("x-content-sha256")
    if digest is not None:
        received = base64.b64encode(hashlib.sha256(body).digest()).decode("ascii")
        if digest != received:
            raise _mismatch(f"the body's SHA-256 does not match x-content-sha256: it is {received}")


def _rebuild_signing_string(
    method: str, target: str, headers: Mapping[str, str], signed_headers: tuple[str, ...]
) -> str:
    if not target.startswith("/"):
        raise _incomplete("the request target does not begin with a slash")
    lines = []
    for name in signed_headers:
        value = f"{method.lower()} {target}" if name == _REQUEST_TARGET else headers[name]
        if not value.isascii():
            raise _incomplete(f"the value of {name} is not ASCII")
        if _UNSENDABLE.search(value):
            raise _incomplete(f"the value of {name} has a line break or another control character")
        lines.append(f"{name}: {value}")
    return "\n".join(lines)


def _in_utc(seconds: int) -> str:
    """A time in the form that OCI's clock skew message uses: ``Sun, 11 Mar 2018 16:39:04 UTC``."""
    # Weekday and month are looked up here because strftime would follow the process's locale.
    moment = _EPOCH + timedelta(seconds=seconds)
    return (
        f"{_WEEKDAYS[moment.weekday()]}, {moment.day:02} {_MONTHS[moment.month - 1]} "
        f"{moment.year:04} {moment:%H:%M:%S} UTC"
    )


def _skewed(name: str, date: int, now: float) -> SignatureRefused:
    low, high = math.floor(now - CLOCK_SKEW), math.ceil(now + CLOCK_SKEW)
    return SignatureRefused(
        f"Date '{_in_utc(date)}' is not within allowed clock skew. "
        f"Current '{_in_utc(math.floor(now))}', "
        f"valid datetime range: ['{_in_utc(low)}', '{_in_utc(high)}']",
        f"{name} is {abs(date - now):.0f} s {'behind' if date < now else 'ahead of'} "
        f"the receiver's clock; {CLOCK_SKEW} s are allowed",
    )


def _printable(key_id: KeyId) -> str:
    return "ST$… (a security token)" if key_id.kind == "security_token" else key_id.text


def _incomplete(reason: str) -> SignatureRefused:
    return SignatureRefused(_INCOMPLETE, reason)


def _mismatch(reason: str) -> SignatureRefused:
    return SignatureRefused(_MISMATCH, reason)
