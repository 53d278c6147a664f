"""The certificate authority."""

from __future__ import annotations

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from oci.auth.auth_utils import get_tenancy_id_from_certificate

from ocicat.emulator.identity.authority import Authority, Leaf, subject_attributes
from ocicat.emulator.identity.keys import shared_key

NOW = 1_800_000_000.0
#: As long as real ones are, and longer than X.509 allows.
LONG = "ocid1.tenancy.oc1..aaaaaaaa" + "b" * 52


def leaf(authority: Authority, key: rsa.RSAPrivateKey | None = None) -> Leaf:
    return authority.issue_instance(
        key or shared_key("instance"),
        tenancy_id=LONG,
        compartment_id="ocid1.compartment.oc1..c",
        instance_id="ocid1.instance.oc1.ord.i" + "i" * 60,
        now=NOW,
        lifetime=3600,
    )


def intermediate(of: Leaf) -> x509.Certificate:
    return x509.load_pem_x509_certificate(of.intermediate_pem)


def test_an_instances_certificate_says_whose_it_is() -> None:
    issued = leaf(Authority())

    assert get_tenancy_id_from_certificate(issued.certificate) == LONG
    assert subject_attributes(issued.certificate) == {
        "opc-certtype": ["instance"],
        "opc-compartment": ["ocid1.compartment.oc1..c"],
        "opc-instance": ["ocid1.instance.oc1.ord.i" + "i" * 60],
        "opc-tenant": [LONG],
    }
    assert issued.key.public_key() == issued.certificate.public_key()
    assert "PRIVATE" not in repr(issued)


def test_a_chain_is_checked() -> None:
    authority = Authority()
    issued = leaf(authority)
    authority.check(issued.certificate, [authority.root, intermediate(issued)], NOW)

    with pytest.raises(ValueError, match="none of intermediateCertificates"):
        authority.check(issued.certificate, [], NOW)
    with pytest.raises(ValueError, match="none of intermediateCertificates"):
        authority.check(issued.certificate, [issued.certificate], NOW)
    with pytest.raises(ValueError, match="the certificate is valid from"):
        authority.check(issued.certificate, [intermediate(issued)], NOW + 3601)
    with pytest.raises(ValueError, match="the certificate is valid from"):
        authority.check(issued.certificate, [intermediate(issued)], NOW - 301)


def test_another_authority_is_not_trusted_although_it_has_the_same_keys() -> None:
    foreign = leaf(Authority())

    with pytest.raises(ValueError, match="does not lead to the emulator's"):
        Authority().check(foreign.certificate, [intermediate(foreign)], NOW)


def test_an_instance_issues_no_certificates() -> None:
    """A leaf's key can sign anything, but a leaf is no authority."""
    authority = Authority()
    parent = leaf(authority)
    child = (
        x509.CertificateBuilder()
        .subject_name(parent.certificate.subject)
        .issuer_name(parent.certificate.subject)
        .public_key(shared_key("session").public_key())
        .serial_number(1)
        .not_valid_before(parent.certificate.not_valid_before_utc)
        .not_valid_after(parent.certificate.not_valid_after_utc)
        .sign(parent.key, parent.certificate.signature_hash_algorithm)
    )

    with pytest.raises(ValueError, match="none of intermediateCertificates"):
        authority.check(child, [parent.certificate, intermediate(parent)], NOW)


def test_a_servers_certificate_is_no_instances() -> None:
    authority = Authority()
    server = authority.issue_server(shared_key("TLS server"), "127.0.0.1")
    now = server.certificate.not_valid_before_utc.timestamp() + 1

    with pytest.raises(ValueError, match="opc-certtype:instance"):
        authority.check(server.certificate, [intermediate(server)], now)
