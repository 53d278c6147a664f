"""Reading private keys: every form that people have, and every way for one to be wrong."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from ocicat.errors import InvalidKey, OcicatError, WrongPassphrase
from ocicat.signing.keys import load_private_key
from support.signing_cases import CASES_DIRECTORY, private_key_pem

FINGERPRINT = "88:d7:e5:15:de:99:47:eb:43:4f:67:b3:d8:8a:16:43"
PEM = private_key_pem()
_KEY = serialization.load_pem_private_key(PEM if isinstance(PEM, bytes) else PEM.encode(), None)
assert isinstance(_KEY, rsa.RSAPrivateKey)


def pem(form: serialization.PrivateFormat, passphrase: bytes | None = None) -> str:
    locked = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    return _KEY.private_bytes(serialization.Encoding.PEM, form, locked).decode()


PKCS1 = pem(serialization.PrivateFormat.TraditionalOpenSSL)
PKCS8 = pem(serialization.PrivateFormat.PKCS8)


@pytest.mark.parametrize(
    ("text", "passphrase"),
    [
        pytest.param(PKCS1, None, id="PKCS#1"),
        pytest.param(PKCS8, None, id="PKCS#8"),
        pytest.param(
            pem(serialization.PrivateFormat.PKCS8, b"sesame"), "sesame", id="encrypted PKCS#8"
        ),
        pytest.param(
            pem(serialization.PrivateFormat.TraditionalOpenSSL, b"sesame"),
            "sesame",
            id="encrypted PKCS#1",
        ),
        pytest.param(PKCS8 + "OCI_API_KEY\n", None, id="with the CLI's label"),
        pytest.param("\n\n" + PKCS8 + "\n\n", None, id="with space around"),
        pytest.param(PKCS8.replace("\n", "\\n"), None, id="with escaped line ends"),
        pytest.param(PKCS8.replace("\n", "\r\n"), None, id="with Windows line ends"),
        pytest.param(PKCS8, "sesame", id="with a pass phrase it does not need"),
    ],
)
def test_every_form_of_a_key_is_read(text: str, passphrase: str | None) -> None:
    assert load_private_key(text, passphrase, where="it").fingerprint == FINGERPRINT


@pytest.mark.parametrize(
    "form", [serialization.PrivateFormat.PKCS8, serialization.PrivateFormat.TraditionalOpenSSL]
)
@pytest.mark.parametrize(("passphrase", "says"), [("wrong", "wrong"), (None, "no pass phrase")])
def test_a_missing_or_wrong_pass_phrase_is_named(
    form: serialization.PrivateFormat, passphrase: str | None, says: str
) -> None:
    with pytest.raises(WrongPassphrase, match=says) as caught:
        load_private_key(pem(form, b"sesame"), passphrase, where="The key file /k.pem")
    assert "/k.pem" in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_public_key_is_refused_as_one() -> None:
    public = (CASES_DIRECTORY / "public.pem").read_text()
    with pytest.raises(InvalidKey, match="is a public key"):
        load_private_key(public, None, where="it")


def test_a_key_of_another_kind_is_refused() -> None:
    other = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(InvalidKey, match="not an RSA key"):
        load_private_key(other, None, where="it")


def test_a_key_whose_parts_do_not_belong_together_is_refused() -> None:
    """Full validation is skipped for its cost; this is what finds the damage instead."""
    numbers = _KEY.private_numbers()
    other = rsa.generate_private_key(65537, 2048).private_numbers()
    mixed = rsa.RSAPrivateNumbers(
        numbers.p,
        numbers.q,
        other.d % numbers.d | 1,
        numbers.dmp1 ^ 2,
        numbers.dmq1,
        numbers.iqmp,
        numbers.public_numbers,
    ).private_key(unsafe_skip_rsa_key_validation=True)
    text = mixed.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    with pytest.raises(InvalidKey, match="do not belong together"):
        load_private_key(text, None, where="it")


@pytest.mark.parametrize("text", ["", "not a key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_something_that_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidKey, match="^it "):
        load_private_key(text, None, where="it")


@given(st.binary(max_size=400), st.booleans(), st.none() | st.text(max_size=8))
def test_arbitrary_bytes_give_a_typed_error(
    data: bytes, framed: bool, passphrase: str | None
) -> None:
    if framed:
        data = b"-----BEGIN RSA PRIVATE KEY-----\n" + data + b"\n-----END RSA PRIVATE KEY-----\n"
    with pytest.raises(OcicatError):
        load_private_key(data, passphrase, where="it")
