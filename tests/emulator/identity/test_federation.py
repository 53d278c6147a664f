"""The exchange of certificates, with requests that the ``oci`` SDK's leaf signer signs."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from oci.auth.auth_utils import sanitize_certificate_string
from oci.signer import AbstractBaseSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.authority import Leaf
from ocicat.emulator.identity.keys import public_pem, shared_key

BODY_HEADERS = ["content-length", "content-type", "x-content-sha256"]
Body = dict[str, Any]


class LeafSigner(AbstractBaseSigner):
    """Signs as the SDK's federation client does, with a ``keyId`` of one's choice."""

    def __init__(self, key_id: str, key: rsa.RSAPrivateKey) -> None:
        self.create_signers(key_id, key, ["date", "(request-target)"], BODY_HEADERS)


def body_of(leaf: Leaf) -> Body:
    return {
        "certificate": sanitize_certificate_string(leaf.certificate_pem),
        "publicKey": sanitize_certificate_string(
            public_pem(shared_key("session").public_key())
        ).strip(),
        "intermediateCertificates": [sanitize_certificate_string(leaf.intermediate_pem)],
    }


def fingerprint(leaf: Leaf, algorithm: hashes.HashAlgorithm) -> str:
    return leaf.certificate.fingerprint(algorithm).hex(":")


def log_in(
    emulator: Emulator,
    *,
    key_id: str | None = None,
    change: Callable[[Body], object] = lambda _: None,
    key: rsa.RSAPrivateKey | None = None,
) -> requests.Response:
    leaf = emulator.identity.certificate
    body = body_of(leaf)
    change(body)
    tenancy = emulator.identity.tenancy_id
    signer = LeafSigner(
        key_id or f"{tenancy}/fed-x509/{fingerprint(leaf, hashes.SHA1()).upper()}",
        key or leaf.key,
    )
    return requests.post(
        emulator.identity.federation_endpoint,
        data=json.dumps(body),
        headers={"content-type": "application/json"},
        auth=signer,
        timeout=20,
    )


def refusal(response: requests.Response) -> str:
    return response.headers["x-ocicat-emulator-reason"]


@pytest.mark.parametrize("case", [str.upper, str.lower])
@pytest.mark.parametrize("algorithm", ["SHA1", "SHA256"])
def test_both_fingerprints_are_taken_in_either_case(
    emulator: Emulator, algorithm: str, case: Callable[[str], str]
) -> None:
    leaf = emulator.identity.certificate
    name = {"SHA1": "fed-x509", "SHA256": "fed-x509-sha256"}[algorithm]
    digest = case(fingerprint(leaf, getattr(hashes, algorithm)()))
    response = log_in(
        emulator,
        key_id=f"{emulator.identity.tenancy_id}/{name}/{digest}",
        change=lambda body: body.update(fingerprintAlgorithm=algorithm),
    )

    assert response.status_code == 200
    assert set(response.json()) == {"token"}
    assert emulator.ledger.last.principal == emulator.identity.instance_id
    assert emulator.ledger.last.verified


def test_the_token_says_whose_it_is_and_how_long_it_lives(emulator: Emulator) -> None:
    emulator.identity.token_lifetime = 90
    log_in(emulator)
    (issued,) = emulator.identity.tokens.issued()
    claims = emulator.identity.tokens._issuer.read(issued.text)

    assert claims["sub"] == emulator.identity.instance_id
    assert claims["opc-tenant"] == claims["tenant"] == emulator.identity.tenancy_id
    assert claims["opc-compartment"] == emulator.identity.compartment_id
    assert claims["exp"] - claims["iat"] in (90, 91)
    assert issued.key == shared_key("session").public_key()


def test_a_signature_by_another_key_is_refused(emulator: Emulator) -> None:
    response = log_in(emulator, key=shared_key("somebody else"))

    assert response.status_code == 401
    assert response.json()["message"] == "Failed to verify the HTTP(S) Signature"
    assert not emulator.identity.tokens.issued()


def test_a_foreign_certificate_is_refused(emulator: Emulator) -> None:
    with Emulator() as foreign:
        leaf = foreign.identity.certificate
        response = log_in(
            emulator,
            key_id=f"{emulator.identity.tenancy_id}/fed-x509/{fingerprint(leaf, hashes.SHA1())}",
            change=lambda body: body.update(body_of(leaf)),
            key=leaf.key,
        )

    assert response.status_code == 401
    assert "does not lead to the emulator's" in refusal(response)
    assert not emulator.ledger.last.verified


def test_the_chain_must_be_whole(emulator: Emulator) -> None:
    response = log_in(emulator, change=lambda body: body.pop("intermediateCertificates"))
    assert response.status_code == 401
    assert "none of intermediateCertificates" in refusal(response)


def test_an_expired_certificate_is_refused_and_then_replaced(emulator: Emulator) -> None:
    emulator.identity.certificate_lifetime = 60
    old = emulator.identity.certificate
    emulator.clock_offset = 200
    response = log_in(
        emulator,
        key_id=f"{emulator.identity.tenancy_id}/fed-x509/{fingerprint(old, hashes.SHA1())}",
        change=lambda body: body.update(body_of(old)),
        key=old.key,
    )
    assert response.status_code == 401
    assert "the certificate is valid from" in refusal(response)
    assert log_in(emulator).status_code == 200


@pytest.mark.parametrize(
    ("key_id", "problem"),
    [
        ("{tenancy}/fed-x509/" + ":".join(["00"] * 20), "not the certificate's sha1"),
        ("{tenancy}/fed-x509-sha256/" + ":".join(["00"] * 32), "not the certificate's sha256"),
        ("ocid1.tenancy.oc1..other/fed-x509/{sha1}", "not the certificate's opc-tenant"),
        ("ST$token", "the keyId is not <tenancy>/fed-x509"),
        ("{tenancy}/fed-x509/{sha256}", "none of the known forms"),
    ],
)
def test_the_key_id_must_name_the_certificate(
    emulator: Emulator, key_id: str, problem: str
) -> None:
    leaf = emulator.identity.certificate
    response = log_in(
        emulator,
        key_id=key_id.format(
            tenancy=emulator.identity.tenancy_id,
            sha1=fingerprint(leaf, hashes.SHA1()),
            sha256=fingerprint(leaf, hashes.SHA256()),
        ),
    )

    assert (response.status_code, response.json()["code"]) == (401, "NotAuthenticated")
    assert problem in refusal(response)


def test_the_stated_algorithm_must_be_that_of_the_key_id(emulator: Emulator) -> None:
    response = log_in(emulator, change=lambda body: body.update(fingerprintAlgorithm="SHA256"))
    assert response.status_code == 401
    assert "fingerprintAlgorithm is SHA256" in refusal(response)


@pytest.mark.parametrize(
    ("change", "code", "problem"),
    [
        (lambda b: b.pop("certificate"), "MissingParameter", "certificate"),
        (lambda b: b.update(publicKey=None), "MissingParameter", "publicKey"),
        (lambda b: b.update(certificate="AAAA"), "InvalidParameter", "no X.509 certificate"),
        (lambda b: b.update(certificate=1), "InvalidParameter", "not a text"),
        (lambda b: b.update(publicKey="AAAA"), "InvalidParameter", "not a public key"),
        (lambda b: b.update(intermediateCertificates="x"), "InvalidParameter", "not a list"),
        (lambda b: b.update(intermediateCertificates=[1]), "InvalidParameter", "[0] is no X.509"),
        (lambda b: b.update(purpose="OTHER"), "InvalidParameter", "purpose"),
        (lambda b: b.update(fingerprintAlgorithm="MD5"), "InvalidParameter", "MD5"),
        (lambda b: b.update(publickey="x"), "InvalidParameter", "publickey is no field"),
    ],
)
def test_a_malformed_body_is_a_400(
    emulator: Emulator, change: Callable[[Body], object], code: str, problem: str
) -> None:
    response = log_in(emulator, change=change)

    assert (response.status_code, response.json()["code"]) == (400, code)
    assert problem in refusal(response)


def test_the_body_must_be_the_one_that_was_signed(emulator: Emulator) -> None:
    leaf = emulator.identity.certificate
    tenancy = emulator.identity.tenancy_id
    signer = LeafSigner(f"{tenancy}/fed-x509/{fingerprint(leaf, hashes.SHA1())}", leaf.key)
    request = requests.Request(
        "POST",
        emulator.identity.federation_endpoint,
        data=json.dumps(body_of(leaf)),
        headers={"content-type": "application/json"},
        auth=signer,
    ).prepare()
    other = body_of(leaf)
    other["publicKey"] = sanitize_certificate_string(
        public_pem(shared_key("somebody else").public_key())
    ).strip()
    request.body = json.dumps(other)
    with requests.Session() as session:
        response = session.send(request, timeout=20)

    assert response.status_code == 401
    assert not emulator.identity.tokens.issued()
