"""RSA private keys: from PEM text to something that signs.

Reading a key is slow, so it is done once for each key and never for each request. This module
reads no files; ``auth`` does, and says in ``where`` what to call the key in an error.
"""

from __future__ import annotations

import hashlib

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from ocicat.errors import InvalidKey, WrongPassphrase

__all__ = ["PrivateKey", "fingerprint", "load_private_key"]

_PADDING = padding.PKCS1v15()
_HASH = hashes.SHA256()
_BEGIN = b"-----BEGIN "


class PrivateKey:
    """An RSA private key that signs, and shows itself only by its fingerprint."""

    __slots__ = ("_key", "fingerprint")

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        #: As OCI's console shows it: MD5 of the public key, 16 pairs of lower-case hex digits.
        self.fingerprint = fingerprint(key.public_key())

    @property
    def public_key(self) -> rsa.RSAPublicKey:
        """The public half."""
        return self._key.public_key()

    def sign(self, message: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 with SHA-256. Releases the interpreter lock while it computes."""
        return self._key.sign(message, _PADDING, _HASH)

    def __repr__(self) -> str:
        return f"<PrivateKey {self.fingerprint}>"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a private key is not pickled; pickle the settings that it came from")


def fingerprint(public_key: rsa.RSAPublicKey) -> str:
    """MD5 over the DER of the SubjectPublicKeyInfo, as OCI identifies API keys."""
    der = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.md5(der, usedforsecurity=False).digest().hex(":")


def load_private_key(pem: str | bytes, passphrase: str | None, *, where: str) -> PrivateKey:
    """Read an RSA private key in PEM, PKCS#1 or PKCS#8, encrypted or not.

    Text around the PEM block (such as the ``OCI_API_KEY`` line that the CLI appends) is ignored,
    and so is a pass phrase that the key does not need: profiles inherit it from ``DEFAULT``.
    ``where`` names the key in errors. Raises :class:`~ocicat.errors.WrongPassphrase` or
    :class:`~ocicat.errors.InvalidKey`.
    """
    data = _normalised(pem.encode() if isinstance(pem, str) else pem)
    if _BEGIN not in data:
        raise InvalidKey(
            f"{where} is not a private key in PEM format.",
            hint="It should begin with -----BEGIN PRIVATE KEY----- or similar.",
        )
    if b"PUBLIC KEY-----" in data and b"PRIVATE KEY-----" not in data:
        raise InvalidKey(
            f"{where} is a public key.", hint="Requests are signed with the private key."
        )
    key = _parse(data, passphrase.encode() if passphrase else None, where)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise InvalidKey(
            f"{where} is not an RSA key.", hint="OCI signs with RSA keys of 2048 bits or more."
        )
    _prove(key, where)
    return PrivateKey(key)


def _parse(data: bytes, passphrase: bytes | None, where: str) -> object:
    # Validating the primes takes 40 ms; _prove() finds the same damage in one.
    try:
        return serialization.load_pem_private_key(
            data, passphrase, unsafe_skip_rsa_key_validation=True
        )
    except TypeError:
        if passphrase is not None:
            return _parse(data, None, where)
        raise WrongPassphrase(
            f"{where} is encrypted, and there is no pass phrase for it.",
            hint="Give it as `pass_phrase` in the profile, or in OCI_CLI_PASSPHRASE.",
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is not None and b"ENCRYPTED" in data:
            raise WrongPassphrase(
                f"The pass phrase for {where} is wrong, or the file is damaged."
            ) from None
        raise InvalidKey(
            f"{where} cannot be read as a private key: it is damaged or of an unknown kind."
        ) from None


def _prove(key: rsa.RSAPrivateKey, where: str) -> None:
    """Sign something and check it, so that a damaged key fails here and not at OCI."""
    try:
        key.public_key().verify(key.sign(b"ocicat", _PADDING, _HASH), b"ocicat", _PADDING, _HASH)
    except (InvalidSignature, ValueError):
        raise InvalidKey(f"{where} is damaged: its parts do not belong together.") from None


def _normalised(data: bytes) -> bytes:
    """PEM as it should be, where it passed through an environment variable on the way."""
    data = data.strip()
    if b"\n" not in data and b"\\n" in data:
        data = data.replace(b"\\n", b"\n")
    return data
