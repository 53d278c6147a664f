"""JSON Web Tokens with RS256, issued and read back. Source: RFC 7519 and RFC 7515.

An issuer reads only its own tokens; whether one has expired or was revoked is not its concern.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ocicat.emulator.identity.keys import public_pem, shared_key, usable_key

__all__ = ["JwtIssuer", "jwk", "read_jwk"]

_ALGORITHM: Final = "RS256"


class JwtIssuer:
    """Issues tokens under a name. Its key is made when the first token is."""

    def __init__(self, name: str) -> None:
        self.name = name

    @property
    def _key(self) -> rsa.RSAPrivateKey:
        return shared_key(f"tokens of {self.name}")

    def issue(self, claims: Mapping[str, Any]) -> str:
        """A signed token with these claims, and ``iss``."""
        key_id = hashlib.sha256(public_pem(self._key.public_key())).hexdigest()[:16]
        header = {"kid": key_id, "typ": "JWT", "alg": _ALGORITHM}
        signed = ".".join(
            _encode(msgspec.json.encode(part)) for part in (header, {**claims, "iss": self.name})
        )
        signature = self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{signed}.{_encode(signature)}"

    def read(self, token: str) -> dict[str, Any]:
        """The claims of a token of this issuer.

        Raises ``ValueError``, whose argument says what is wrong, for anything else.
        """
        parts = token.split(".")
        if len(parts) != 3:
            raise ValueError("it is not a JWT, which has three parts with a dot between them")
        try:
            header = msgspec.json.decode(_decode(parts[0]))
            claims = msgspec.json.decode(_decode(parts[1]))
            signature = _decode(parts[2])
        except (ValueError, RecursionError):
            raise ValueError("it is not a JWT: its parts are not base64url of JSON") from None
        if not isinstance(header, dict) or not isinstance(claims, dict):
            raise ValueError("it is not a JWT: its parts are not JSON objects")
        if header.get("alg") != _ALGORITHM:
            raise ValueError(f"its algorithm is not {_ALGORITHM}")
        try:
            self._key.public_key().verify(
                signature, f"{parts[0]}.{parts[1]}".encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            raise ValueError(f"{self.name} did not sign it") from None
        if claims.get("iss") != self.name:
            raise ValueError(f"its issuer is not {self.name}")
        return claims


def jwk(key: rsa.RSAPublicKey) -> str:
    """A public key as the text of a JSON Web Key, which binds it to a token."""
    numbers = key.public_numbers()
    return msgspec.json.encode(
        {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "alg": _ALGORITHM}
    ).decode()


def read_jwk(text: str) -> rsa.RSAPublicKey:
    """A session's public key: the base64url of a JSON Web Key, as the log-in page takes it.

    Raises ``ValueError``, whose argument says what is wrong.
    """
    try:
        described = msgspec.json.decode(_decode(text.rstrip("=")))
    except (ValueError, RecursionError):
        raise ValueError("it is not base64url of JSON") from None
    if not isinstance(described, dict) or described.get("kty") != "RSA":
        raise ValueError("it is not the JSON Web Key of an RSA key")
    if "d" in described:
        raise ValueError("it is a private key")
    try:
        modulus, exponent = (int.from_bytes(_decode(described[name]), "big") for name in ("n", "e"))
        key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    except (KeyError, TypeError, ValueError):
        raise ValueError("its n and e are not those of an RSA key, in base64url") from None
    return usable_key(key)


def _number(value: int) -> str:
    return _encode(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as problem:
        raise ValueError(str(problem)) from None
