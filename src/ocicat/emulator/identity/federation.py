"""The exchange of an instance's certificate for a security token.

Source: the ``oci`` SDK's ``X509FederationClient``; the ``fed-x509-sha256`` form is that of the SDKs
for Go and Java.
"""

from __future__ import annotations

import base64
from typing import Any, Final

from aiohttp import web
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.call import Call
from ocicat.emulator.identity.authority import subject_attributes
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.reading import invalid, public_key, read_object, text
from ocicat.emulator.principals import Caller, Principal
from ocicat.emulator.signatures import check_signature, unauthenticated
from ocicat.signing.verify import KeyId, read_key_id

__all__ = ["exchange_certificate"]

_PURPOSES: Final = (None, "DEFAULT")
_ALGORITHMS: Final = (None, "SHA1", "SHA256")


def exchange_certificate(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``POST /v1/x509``. Raises :class:`~ocicat.emulator.refusals.Refused`."""
    body = read_object(
        call,
        ("certificate", "publicKey"),
        ("intermediateCertificates", "purpose", "fingerprintAlgorithm"),
    )
    session_key = public_key(body, "publicKey")
    leaf = _certificate(text(body, "certificate"), "certificate")
    intermediates = _intermediates(body)
    if body.get("purpose") not in _PURPOSES:
        raise invalid(f"purpose is {body['purpose']!r}, not DEFAULT")
    if body.get("fingerprintAlgorithm") not in _ALGORITHMS:
        raise invalid(f"fingerprintAlgorithm is {body['fingerprintAlgorithm']!r}, not SHA256")
    leaf_key = leaf.public_key()
    if not isinstance(leaf_key, rsa.RSAPublicKey):
        raise invalid("certificate: its key is not an RSA key")

    def key_of(key_id: str) -> rsa.RSAPublicKey:
        _check_key_id(read_key_id(key_id), leaf, body.get("fingerprintAlgorithm"))
        return leaf_key

    # The signature proves only that the caller holds the certificate's key; the chain says more.
    check_signature(call, key_of, plane.now(), host_required=False)
    try:
        plane.authority.check(leaf, intermediates, plane.now())
    except ValueError as problem:
        call.verified = False
        raise unauthenticated(f"certificate: {problem}") from None
    principal = _principal(leaf)
    call.caller = Caller(principal, leaf_key)
    token = plane.issue_session(
        principal, session_key, ttype="x509", fprint=_fingerprint(leaf, hashes.SHA256())
    )
    call.record(200)
    return call.json_reply({"token": token.text})


def _certificate(body: object, where: str) -> x509.Certificate:
    try:
        if not isinstance(body, str):
            raise ValueError
        certificate = x509.load_der_x509_certificate(base64.b64decode(body, validate=True))
        # Read lazily, so what is wrong with them would come out anywhere.
        subject_attributes(certificate)
        certificate.public_key()
        return certificate
    except (ValueError, UnsupportedAlgorithm):
        raise invalid(
            f"{where} is no X.509 certificate in base64, without line breaks or BEGIN and END"
        ) from None


def _intermediates(body: dict[str, Any]) -> list[x509.Certificate]:
    items = body.get("intermediateCertificates") or []
    if not isinstance(items, list):
        raise invalid("intermediateCertificates is not a list")
    return [
        _certificate(item, f"intermediateCertificates[{index}]") for index, item in enumerate(items)
    ]


def _check_key_id(key_id: KeyId, leaf: x509.Certificate, algorithm: object) -> None:
    """The ``keyId`` names this certificate, and the tenancy in it."""
    if key_id.kind != "federation":
        raise unauthenticated(
            "the keyId is not <tenancy>/fed-x509/<SHA-1> or <tenancy>/fed-x509-sha256/<SHA-256>"
        )
    is_sha256 = "/fed-x509-sha256/" in key_id.text
    if algorithm is not None and is_sha256 != (algorithm == "SHA256"):
        raise unauthenticated(f"fingerprintAlgorithm is {algorithm}, and the keyId is not of it")
    algorithm_used = hashes.SHA256() if is_sha256 else hashes.SHA1()  # noqa: S303
    if key_id.fingerprint.lower() != _fingerprint(leaf, algorithm_used):
        raise unauthenticated(
            f"the fingerprint in the keyId is not the certificate's {algorithm_used.name}"
        )
    if key_id.tenancy not in subject_attributes(leaf).get("opc-tenant", ()):
        raise unauthenticated("the tenancy in the keyId is not the certificate's opc-tenant")


def _principal(leaf: x509.Certificate) -> Principal:
    subject = subject_attributes(leaf)
    return Principal(
        "instance",
        subject["opc-instance"][0],
        subject["opc-tenant"][0],
        subject["opc-compartment"][0],
    )


def _fingerprint(leaf: x509.Certificate, algorithm: hashes.HashAlgorithm) -> str:
    return leaf.fingerprint(algorithm).hex(":")
