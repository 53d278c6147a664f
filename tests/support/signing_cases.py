"""The golden signing cases of ``tests/cases/signing``, read from their files.

The cases serve the signer's tests (from the request down to the authorization) and the verifier's
(the other way); this module knows neither, and takes the authorization apart by itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

__all__ = [
    "CASES_DIRECTORY",
    "NOW",
    "SigningCase",
    "load_cases",
    "private_key_pem",
    "public_key",
]

CASES_DIRECTORY = Path(__file__).parent.parent / "cases" / "signing"

#: The time at which all the cases were signed, Sat, 21 Nov 2026 12:00:00 GMT, in epoch seconds.
NOW = 1795262400


@dataclass(frozen=True, slots=True)
class SigningCase:
    """One signed request and every step of its signature.

    * ``headers``: as sent, in order, without ``authorization``; names in lower case.
    * ``signed_headers``: the names as the client spelled them, in its order.
    * ``signing_string_sha256``: hexadecimal.
    * ``authorization``: the whole value of the header.
    * ``signature``: base64, as it stands in ``authorization``.
    """

    name: str
    method: str
    scheme: str
    host: str
    target: str
    headers: dict[str, str]
    body: bytes
    key_id: str
    signed_headers: list[str]
    signing_string: str
    signing_string_sha256: str
    authorization: str
    signature: str

    @property
    def url(self) -> str:
        """The whole URL of the request."""
        return f"{self.scheme}://{self.host}{self.target}"


def load_cases() -> list[SigningCase]:
    """All the cases, ordered by name."""
    return [_load(path.parent) for path in sorted(CASES_DIRECTORY.glob("*/request"))]


def private_key_pem() -> bytes:
    """The throwaway private key that signed the cases."""
    return (CASES_DIRECTORY / "key.pem").read_bytes()


def public_key() -> rsa.RSAPublicKey:
    """The public half of the key that signed the cases."""
    key = load_pem_public_key((CASES_DIRECTORY / "public.pem").read_bytes())
    assert isinstance(key, rsa.RSAPublicKey)
    return key


def _load(directory: Path) -> SigningCase:
    head, body = (directory / "request").read_bytes().split(b"\n\n", 1)
    request_line, *header_lines = head.decode("ascii").split("\n")
    method, url, _ = request_line.split(" ")
    parts = urlsplit(url)
    authorization = (directory / "authorization").read_text("ascii").rstrip("\n")
    parameters = dict(re.findall(r'(\w+)="([^"]*)"', authorization))
    return SigningCase(
        name=directory.name,
        method=method,
        scheme=parts.scheme,
        host=parts.netloc,
        target=url.removeprefix(f"{parts.scheme}://{parts.netloc}"),
        headers=dict(line.split(": ", 1) for line in header_lines),
        body=body,
        key_id=parameters["keyId"],
        signed_headers=parameters["headers"].split(" "),
        signing_string=(directory / "signing_string").read_bytes().decode("ascii"),
        signing_string_sha256=(directory / "signing_string.sha256").read_text("ascii").strip(),
        authorization=authorization,
        signature=parameters["signature"],
    )
