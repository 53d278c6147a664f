"""Keys as they are shared and read."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ocicat.emulator.identity.keys import public_pem, read_public_key, shared_key


def test_a_key_for_a_purpose_is_made_once_for_all_threads() -> None:
    with ThreadPoolExecutor(4) as pool:
        keys = list(pool.map(shared_key, ["test of threads"] * 4))

    assert len({id(key) for key in keys}) == 1
    assert shared_key("another test") is not keys[0]


def test_a_public_key_is_read_with_and_without_its_frame() -> None:
    key = shared_key("session").public_key()
    pem = public_pem(key).decode()
    body = "".join(pem.splitlines()[1:-1])

    assert read_public_key(pem) == key
    assert read_public_key(body) == key


def spki(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    der = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (None, "not a text"),
        (3, "not a text"),
        ("", "not a public key"),
        ("AAAA", "not a public key"),
        ("AA\nAA", "without line breaks"),
        ("no base64!", "not base64"),
        (spki(ec.generate_private_key(ec.SECP256R1()).public_key()), "not an RSA key"),
        (spki(rsa.generate_private_key(65537, 1024).public_key()), "1024 bits"),
    ],
)
def test_what_is_no_rsa_key_of_2048_bits_is_refused(text: object, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        read_public_key(text)
