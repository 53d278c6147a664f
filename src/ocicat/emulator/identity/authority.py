"""The emulator's certificate authority: a root, an intermediate, and what they sign.

It issues the certificates of instances, with the subject in which OCI says whose they are, and the
one of a TLS server; and it checks a chain that a client presents. Each emulator's authority has a
name of its own, so that none accepts another's certificates.
"""

from __future__ import annotations

import ipaddress
import secrets
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ocicat.emulator.identity.keys import private_pem, shared_key

__all__ = ["Authority", "Leaf", "subject_attributes"]

_LONG: Final = timedelta(days=3650)
#: Seconds before its making from which an instance's certificate is valid already.
_EARLY: Final = 300.0


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate with its private key, and the certificate of who signed it; all PEM."""

    certificate: x509.Certificate
    certificate_pem: bytes
    intermediate_pem: bytes
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def key_pem(self) -> bytes:
        """The private key in PEM."""
        return private_pem(self.key)


class Authority:
    """Issues certificates. Everything is made on first use."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._name = secrets.token_hex(6)
        self._root: x509.Certificate | None = None
        self._intermediate: x509.Certificate | None = None

    @property
    def root(self) -> x509.Certificate:
        """The certificate that all trust rests on."""
        with self._lock:
            if self._root is None:
                name = _name(f"ocicat emulator root {self._name}")
                key = shared_key("root authority")
                self._root = _certificate_authority(name, key, name, key)
            return self._root

    @property
    def intermediate(self) -> x509.Certificate:
        """The certificate that signs those of instances."""
        root = self.root
        with self._lock:
            if self._intermediate is None:
                self._intermediate = _certificate_authority(
                    _name(f"ocicat emulator intermediate {self._name}"),
                    shared_key("intermediate authority"),
                    root.subject,
                    shared_key("root authority"),
                )
            return self._intermediate

    @property
    def root_pem(self) -> bytes:
        """The root's certificate in PEM, for clients that shall trust it."""
        return self.root.public_bytes(Encoding.PEM)

    def issue_instance(
        self,
        key: rsa.RSAPrivateKey,
        *,
        tenancy_id: str,
        compartment_id: str,
        instance_id: str,
        now: float,
        lifetime: float,
    ) -> Leaf:
        """The certificate of an instance, valid from ``now`` for ``lifetime`` seconds."""
        units = (
            "opc-certtype:instance",
            f"opc-compartment:{compartment_id}",
            f"opc-instance:{instance_id}",
            f"opc-tenant:{tenancy_id}",
        )
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, instance_id[:64])]
        attributes += [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
        usage = ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._leaf_builder(x509.Name(attributes), key, usage).not_valid_before(
            _moment(now - _EARLY)
        )
        return self._sign(builder.not_valid_after(_moment(now + lifetime)), key)

    def issue_server(self, key: rsa.RSAPrivateKey, address: str) -> Leaf:
        """The certificate of a TLS server at an IP address."""
        start = datetime.now(UTC) - timedelta(days=1)
        builder = (
            self._leaf_builder(_name(address), key, ExtendedKeyUsageOID.SERVER_AUTH)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]),
                critical=False,
            )
            .not_valid_before(start)
            .not_valid_after(start + _LONG / 4)
        )
        return self._sign(builder, key)

    def check(
        self, leaf: x509.Certificate, intermediates: Sequence[x509.Certificate], now: float
    ) -> None:
        """Whether ``leaf`` was issued here, to an instance, and is valid at ``now``.

        Raises ``ValueError``, whose argument says what is wrong.
        """
        moment = _moment(now)
        issuers = [issuer for issuer in intermediates if _issued_by(leaf, issuer)]
        if not issuers:
            raise ValueError("none of intermediateCertificates has issued the certificate")
        if not any(_issued_by(issuer, self.root) for issuer in issuers):
            raise ValueError("the chain does not lead to the emulator's certificate authority")
        for what, certificate in (("certificate", leaf), *(("issuer", i) for i in issuers)):
            if not certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc:
                raise ValueError(
                    f"the {what} is valid from {certificate.not_valid_before_utc:%Y-%m-%dT%H:%M:%S}"
                    f" to {certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%S} UTC, and it is"
                    f" {moment:%Y-%m-%dT%H:%M:%S} UTC now"
                )
        if "instance" not in subject_attributes(leaf).get("opc-certtype", ()):
            raise ValueError("the subject has no OU=opc-certtype:instance")

    def _leaf_builder(
        self, subject: x509.Name, key: rsa.RSAPrivateKey, usage: x509.ObjectIdentifier
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.intermediate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    shared_key("intermediate authority").public_key()
                ),
                critical=False,
            )
        )

    def _sign(self, builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey) -> Leaf:
        certificate = builder.sign(shared_key("intermediate authority"), hashes.SHA256())
        return Leaf(
            certificate,
            certificate.public_bytes(Encoding.PEM),
            self.intermediate.public_bytes(Encoding.PEM),
            key,
        )


def subject_attributes(certificate: x509.Certificate) -> dict[str, list[str]]:
    """What a subject says in OCI's manner: ``opc-tenant:…`` and the like, by name."""
    found: dict[str, list[str]] = {}
    with warnings.catch_warnings():
        # cryptography warns of values longer than X.509 allows, and OCI's own are.
        warnings.simplefilter("ignore", UserWarning)
        for attribute in certificate.subject:
            name, colon, value = str(attribute.value).partition(":")
            if colon:
                found.setdefault(name, []).append(value)
    return found


def _certificate_authority(
    subject: x509.Name, key: rsa.RSAPrivateKey, issuer: x509.Name, issuer_key: rsa.RSAPrivateKey
) -> x509.Certificate:
    start = datetime.now(UTC) - timedelta(days=365)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + _LONG)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
            critical=False,
        )
        .sign(issuer_key, hashes.SHA256())
    )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return constraints.value.ca


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(int(seconds), UTC)
