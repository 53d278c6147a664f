"""RSA keys of the identity plane: made on first use, and read as clients send them.

Making a key takes some 100 ms, so those that nobody needs to tell apart are shared by all emulators
of a process. What makes one emulator's certificates foreign to another is their names.
"""

from __future__ import annotations

import base64
import binascii
import threading
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["new_key", "private_pem", "public_pem", "read_public_key", "shared_key", "usable_key"]

_BITS: Final = 2048
_BEGIN: Final = "-----BEGIN PUBLIC KEY-----"
_END: Final = "-----END PUBLIC KEY-----"

_lock = threading.Lock()
_shared: dict[str, rsa.RSAPrivateKey] = {}


def shared_key(purpose: str) -> rsa.RSAPrivateKey:
    """This process's RSA-2048 key for a purpose; the first call for each makes it."""
    with _lock:
        key = _shared.get(purpose)
        if key is None:
            key = _shared[purpose] = new_key()
        return key


def new_key() -> rsa.RSAPrivateKey:
    """A new RSA-2048 key."""
    return rsa.generate_private_key(65537, _BITS)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """A private key in PEM (PKCS#8, not encrypted)."""
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public_pem(key: rsa.RSAPublicKey) -> bytes:
    """A public key in PEM (SubjectPublicKeyInfo)."""
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_public_key(text: object) -> rsa.RSAPublicKey:
    """A session's public key: PEM, or the base64 within it, as the SDKs send it.

    Raises ``ValueError``, whose argument says what is wrong.
    """
    if not isinstance(text, str):
        raise ValueError("it is not a text")
    body = text.strip()
    if body.startswith(_BEGIN):
        body = "".join(body.removeprefix(_BEGIN).partition(_END)[0].split())
    try:
        der = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64 without line breaks") from None
    try:
        key = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("it is not a public key (SubjectPublicKeyInfo)") from None
    return usable_key(key)


def usable_key(key: object) -> rsa.RSAPublicKey:
    """The key, if it is one that a session can have.

    Raises ``ValueError``, whose argument says what is wrong.
    """
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("it is not an RSA key")
    if key.key_size < _BITS:
        raise ValueError(f"it has {key.key_size} bits, and needs {_BITS}")
    return key
