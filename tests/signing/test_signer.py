"""The signer, step by step, against golden cases, and whole against the receiving half."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.signing import signer
from ocicat.signing.keys import PrivateKey, load_private_key
from ocicat.signing.verify import verify
from support.signing_cases import NOW, SigningCase, load_cases, private_key_pem, public_key

CASES = load_cases()
KEY_ID = CASES[0].key_id
KEY = load_private_key(private_key_pem(), None, where="the test key")


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> SigningCase:
    return request.param


def test_the_signing_string_is_the_golden_one(case: SigningCase) -> None:
    made = signer.signing_string(case.method, case.target, case.headers, case.signed_headers)
    assert made.decode() == case.signing_string


def test_the_signature_of_the_golden_string_is_the_golden_one(case: SigningCase) -> None:
    signature = KEY.sign(case.signing_string.encode("ascii"))
    assert base64.b64encode(signature).decode() == case.signature


def test_the_authorization_header_is_the_golden_one(case: SigningCase) -> None:
    if case.name.startswith("v9"):
        pytest.skip("another SDK's order of the parameters, which only a verifier meets")
    made = signer.authorization(case.key_id, case.signed_headers, base64.b64decode(case.signature))
    assert made == case.authorization


def test_the_body_is_described_as_in_the_golden_request(case: SigningCase) -> None:
    if "x-content-sha256" not in case.headers:
        pytest.skip("this case signs no body")
    made = signer.content_headers(case.body, case.headers["content-type"])
    assert made.items() <= case.headers.items()


def test_the_date_is_written_as_http_writes_it() -> None:
    assert signer.http_date(NOW) == "Sat, 21 Nov 2026 12:00:00 GMT"


# The other cases sign lists of headers that ocicat itself never signs.
USUAL = [c for c in CASES if c.name[:2] in ("v1", "v2", "v3", "v4", "v6", "v7")]


@pytest.mark.parametrize("case", USUAL, ids=lambda case: case.name)
def test_all_steps_together_give_the_golden_authorization(case: SigningCase) -> None:
    kept = {
        name: value
        for name, value in case.headers.items()
        if name not in ("date", "content-length", "x-content-sha256")
    }
    added = signer.sign(
        case.method,
        case.target,
        kept,
        case.body,
        key_id=case.key_id,
        private_key=KEY,
        now=NOW,
    )
    assert added["authorization"] == case.authorization
    assert added["date"] == case.headers["date"]


def test_an_unknown_method_is_refused_before_anything_is_signed() -> None:
    with pytest.raises(ValueError, match="TRACE"):
        signer.sign("TRACE", "/", {"host": "h"}, b"", key_id="k", private_key=KEY, now=NOW)


@given(
    method=st.sampled_from(["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"]),
    target=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
    body=st.binary(max_size=300),
    now=st.floats(0, 4e9),
)
def test_whatever_is_signed_is_accepted_by_the_verifier(
    method: str, target: str, body: bytes, now: float
) -> None:
    """Signer and verifier share no code, so this is agreement and not an echo."""
    if method in ("GET", "HEAD", "DELETE"):
        body = b""
    target = "/" + target
    headers = {"host": "127.0.0.1:8080", "content-type": "application/json"}
    headers |= signer.sign(method, target, headers, body, key_id=KEY_ID, private_key=KEY, now=now)
    verified = verify(method, target, headers, body, keys=lambda _: public_key(), now=now)
    assert verified.key_id.text == KEY_ID


def test_a_private_key_never_shows_itself() -> None:
    import pickle

    assert repr(KEY) == "<PrivateKey 88:d7:e5:15:de:99:47:eb:43:4f:67:b3:d8:8a:16:43>"
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(KEY)
    assert isinstance(KEY, PrivateKey)
