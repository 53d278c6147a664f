"""The instance metadata service."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask

ORACLE = {"authorization": "Bearer Oracle"}


def get(emulator: Emulator, path: str, headers: dict[str, str] | None = None) -> Answer:
    return ask(
        emulator,
        "GET",
        f"/opc/v2/{path}",
        headers=ORACLE if headers is None else headers,
        sign=False,
    )


def test_certificates_and_their_key_belong_together(emulator: Emulator) -> None:
    leaf = x509.load_pem_x509_certificate(get(emulator, "identity/cert.pem").body)
    issuer = x509.load_pem_x509_certificate(get(emulator, "identity/intermediate.pem").body)
    key = load_pem_private_key(get(emulator, "identity/key.pem").body, None)

    assert leaf.public_key() == key.public_key()
    leaf.verify_directly_issued_by(issuer)
    issuer.verify_directly_issued_by(emulator.identity.authority.root)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("instance/region", "us-chicago-1"),
        ("instance/canonicalRegionName", "us-chicago-1"),
        ("instance/id", "ocid1.instance.oc1.us-chicago-1.ocicatemulatorinstance"),
        ("instance/regionInfo/regionKey", "ORD"),
        ("instance/region/", "us-chicago-1"),
    ],
)
def test_a_single_value_is_plain_text(emulator: Emulator, path: str, text: str) -> None:
    answer = get(emulator, path)

    assert (answer.status, answer.headers["content-type"]) == (200, "text/plain")
    assert answer.body.decode() == text


def test_objects_are_json(emulator: Emulator) -> None:
    assert get(emulator, "instance/regionInfo").json == {
        "realmKey": "oc1",
        "realmDomainComponent": "oraclecloud.com",
        "regionKey": "ORD",
        "regionIdentifier": "us-chicago-1",
    }
    document = get(emulator, "instance/").json
    assert document["tenantId"] == emulator.identity.tenancy_id
    assert document["compartmentId"] == emulator.identity.compartment_id


@pytest.mark.parametrize("path", ["instance/none", "identity/none", "identity", "vnics/", ""])
def test_what_is_not_there_is_not_found(emulator: Emulator, path: str) -> None:
    assert get(emulator, path).status == 404


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer oracle"}])
def test_the_header_of_version_2_is_required(emulator: Emulator, headers: dict[str, str]) -> None:
    answer = get(emulator, "instance/region", headers)

    assert answer.status == 401
    assert "Bearer Oracle" in answer.reason


def test_forwarded_requests_are_refused(emulator: Emulator) -> None:
    assert get(emulator, "instance/region", {**ORACLE, "X-Forwarded-For": "1.2.3.4"}).status == 403
