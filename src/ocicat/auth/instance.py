"""An instance principal: whatever runs on an OCI compute instance.

::

    metadata service ──> leaf certificate, its key, the intermediate certificate, the region
    auth service     <── both certificates and a new public key, signed with the leaf's key
                     ──> a security token

The metadata service answers on the instance only, and needs no proof. Its certificates change
several times a day, so they are fetched again for every token. Source: OCI's documentation of
"Calling Services from an Instance" and the ``oci`` SDK's
``InstancePrincipalsSecurityTokenSigner``.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.auth import federation
from ocicat.auth.federation import Address, SessionKey
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.errors import (
    APIConnectionError,
    AuthenticationError,
    ConfigurationError,
    InvalidKey,
    InvalidSetting,
    MalformedReply,
    TransportError,
)
from ocicat.routing import regions
from ocicat.routing.regions import Region
from ocicat.signing import signer
from ocicat.signing.keys import PrivateKey, fingerprint, load_private_key
from ocicat.vocabulary.flow import Ambient, Flow, Request, Response, Timeout
from ocicat.vocabulary.retry import RetryPolicy

__all__ = ["InstancePrincipalResolver"]

#: Where the metadata service is. An instance without IPv4 reaches it at the second address only.
_METADATA: Final = ("http://169.254.169.254/opc/v2", "http://[fd00:c1::a9fe:a9fe]/opc/v2")
#: It is on the machine itself: where nobody answers at once, nobody will.
_METADATA_TIMEOUT: Final = Timeout(connect=1.0, read=2.0)
#: It says "not found" for a while when an instance has just started, or changes its certificates.
_METADATA_RETRY: Final = RetryPolicy(max_retries=4, transient=frozenset({404}))
_HINT: Final = (
    "Instance principals work on OCI compute instances only; elsewhere, use an API key or a"
    " session."
)
_POLICY_HINT: Final = "The instance must belong to a dynamic group that a policy lets in."
_AUTH_SERVICE: Final = "OCI's auth service"
_METADATA_SERVICE: Final = "The metadata service"

_OCID = re.compile(r"[A-Za-z0-9._:-]+")
_TENANCY_MARKS: Final = ("opc-tenant:", "opc-identity:")
_WRONG_CERTIFICATE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion)
# Tags of ASN.1's DER.
_EXPLICIT_VERSION = 0xA0
_BMP_STRING = 0x1E


@dataclass(frozen=True, slots=True)
class _Leaf:
    """The instance's certificate, and what is needed to ask for a token with it."""

    tenancy: str
    #: Base64 of the DER, as it goes to the auth service.
    certificate: str
    intermediates: tuple[str, ...]
    sha1: str
    sha256: str
    key: PrivateKey


class InstancePrincipalResolver(RenewingResolver):
    """Logs in as the instance that this program runs on.

    * ``metadata_base_url``: where the metadata service is, with its ``/opc/v2``; what
      ``OCI_METADATA_BASE_URL`` says.
    * ``federation_endpoint``: the whole URL to ask for tokens, instead of the region's
      ``https://auth.<region>.<domain>/v1/x509``.
    * ``region``: id or short code of the region whose auth service is asked; the instance's own by
      default.
    * ``extra_regions``, ``default_domain``: regions, and the domain of all others, that the table
      of ``routing.regions`` does not have.

    The request for a token is signed the way the Python SDK does it, with the SHA-1 fingerprint of
    the certificate. Where that is answered with a 401, the SHA-256 form of OCI's newer SDKs is
    tried as well, and kept if it is accepted: a realm that has done away with SHA-1 then works, at
    the price of one more request before a real 401.

    Raises :class:`~ocicat.errors.InvalidSetting` for URLs and regions that cannot be used. Logging
    in raises :class:`~ocicat.errors.APIConnectionError` where there is no metadata service,
    :class:`~ocicat.errors.APIStatusError` kin for what the services refuse,
    :class:`~ocicat.errors.MalformedReply` for answers that cannot be understood, and
    :class:`~ocicat.errors.ConfigurationError` if the instance's tenancy has changed.
    """

    def __init__(
        self,
        metadata_base_url: str | None = None,
        federation_endpoint: str | None = None,
        region: str | None = None,
        *,
        extra_regions: Sequence[Region] = (),
        default_domain: str | None = None,
    ) -> None:
        super().__init__()
        bases = (metadata_base_url,) if metadata_base_url else _METADATA
        self._bases = tuple(federation.address(base, "metadata_base_url") for base in bases)
        self._metadata_found = False
        self._endpoint = (
            federation.address(federation_endpoint, "federation_endpoint")
            if federation_endpoint
            else None
        )
        self._extra_regions = tuple(extra_regions)
        self._default_domain = default_domain
        if region is not None and self._endpoint is None:
            self._endpoint = self._auth_service(region, self._extra_regions)
        self._region: Region | None = None
        self._tenancy: str | None = None
        self._with_sha256 = False

    # --- what the metadata service says -----------------------------------------------------------

    def find_region(self, ambient: Ambient) -> Flow[Region]:
        """The region that the instance is in.

        Raises :class:`~ocicat.errors.APIConnectionError` where there is no metadata service.
        """
        if self._region is not None:
            return self._region
        answer = yield from self._metadata("/instance/region", ambient)
        name = answer.decode("utf-8", "replace").strip().lower()
        try:
            if regions.is_known(name, extra=self._extra_regions):
                id = regions.region_id(name, extra=self._extra_regions)
                domain = regions.domain_of(id, extra=self._extra_regions)
                realm = regions.realm_of(id, extra=self._extra_regions)
                self._region = Region(id, name, realm, domain)
                return self._region
        except InvalidSetting:
            raise MalformedReply(f"{_METADATA_SERVICE} gives a region that is none.") from None
        self._region = yield from self._describe_region(ambient)
        return self._region

    def find_instance_id(self, ambient: Ambient) -> Flow[str]:
        """The OCID of the instance. Raises as :meth:`find_region` does."""
        answer = yield from self._metadata("/instance/id", ambient)
        id = answer.decode("utf-8", "replace").strip().lower()
        if not _OCID.fullmatch(id):
            raise MalformedReply(f"{_METADATA_SERVICE} gives an instance id that is none.")
        return id

    def _describe_region(self, ambient: Ambient) -> Flow[Region]:
        """The region, where it is newer than our table."""
        answer = yield from self._metadata("/instance/regionInfo", ambient)
        described = federation.json_object(answer, _METADATA_SERVICE)
        names = ("regionIdentifier", "regionKey", "realmKey", "realmDomainComponent")
        region = Region(
            *(
                federation.text_in(described, name, _METADATA_SERVICE).strip().lower()
                for name in names
            )
        )
        try:
            regions.auth_host(region.id, extra=(region,))
        except InvalidSetting:
            raise MalformedReply(f"{_METADATA_SERVICE} gives a region that is none.") from None
        return region

    def _metadata(self, path: str, ambient: Ambient) -> Flow[bytes]:
        """What the metadata service has at ``path``."""
        failure: TransportError | None = None
        for base in self._bases:
            try:
                response = yield from federation.call(
                    lambda base=base: _metadata_request(base, path),  # type: ignore[misc]
                    ambient,
                    service=f"{_METADATA_SERVICE} at {base.host}",
                    hint=_HINT,
                    retry=_METADATA_RETRY,
                    reconnect=self._metadata_found,
                )
            except TransportError as problem:
                failure = failure or problem
                continue
            self._bases, self._metadata_found = (base,), True
            return response.body
        where = " or ".join(base.host for base in self._bases)
        missing = APIConnectionError(
            f"There is no metadata service at {where}: {failure and failure.message}", hint=_HINT
        )
        missing.attempts = len(self._bases)
        raise missing from failure

    def _leaf(self, ambient: Ambient) -> Flow[_Leaf]:
        """The present certificates, and the key that belongs to them."""
        for _ in range(2):
            certificate = yield from self._metadata("/identity/cert.pem", ambient)
            key = yield from self._metadata("/identity/key.pem", ambient)
            intermediates = yield from self._metadata("/identity/intermediate.pem", ambient)
            leaf = _read_leaf(certificate, key, intermediates)
            if leaf is not None:
                return leaf
            # They were being changed between one request and the next: once more, all of them.
        raise MalformedReply(
            f"{_METADATA_SERVICE} gives a certificate and a key that do not belong together."
        )

    # --- the token --------------------------------------------------------------------------------

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Get a token for the instance, with a new session key."""
        key = yield from federation.new_session_key()
        leaf = yield from self._leaf(ambient)
        if self._tenancy not in (None, leaf.tenancy):
            raise ConfigurationError(
                f"The instance belonged to the tenancy {self._tenancy}, and its certificate now"
                f" says {leaf.tenancy}.",
                hint="Start the program again if the instance has really moved.",
            )
        endpoint = self._endpoint
        if endpoint is None:
            region = yield from self.find_region(ambient)
            endpoint = self._auth_service(region.id, (*self._extra_regions, region))
        response = yield from self._federate(endpoint, leaf, key, ambient)
        service = f"{_AUTH_SERVICE} at {endpoint.host}"
        token = federation.issued(federation.json_object(response.body, service), service)
        self._tenancy = leaf.tenancy
        return federation.lease(token, key, ambient.now())

    def _auth_service(self, region: str, extra_regions: Sequence[Region]) -> Address:
        host = regions.auth_host(region, extra=extra_regions, default_domain=self._default_domain)
        return Address("https", host, "/v1/x509")

    def _federate(
        self, endpoint: Address, leaf: _Leaf, key: SessionKey, ambient: Ambient
    ) -> Flow[Response]:
        with_sha256 = self._with_sha256
        try:
            return (yield from _ask_for_token(endpoint, leaf, key, with_sha256, ambient))
        except AuthenticationError as refused:
            try:
                answer = yield from _ask_for_token(endpoint, leaf, key, not with_sha256, ambient)
            except AuthenticationError:
                raise refused from None
        self._with_sha256 = not with_sha256
        return answer


def _ask_for_token(
    endpoint: Address, leaf: _Leaf, key: SessionKey, with_sha256: bool, ambient: Ambient
) -> Flow[Response]:
    body: dict[str, object] = {
        "certificate": leaf.certificate,
        "publicKey": key.public,
        "intermediateCertificates": list(leaf.intermediates),
    }
    key_id = f"{leaf.tenancy}/fed-x509/{leaf.sha1}"
    if with_sha256:
        body["fingerprintAlgorithm"] = "SHA256"
        key_id = f"{leaf.tenancy}/fed-x509-sha256/{leaf.sha256}"

    def make() -> Request:
        request = federation.json_request("POST", endpoint, ambient, body=body)
        _sign_without_host(request, key_id, leaf.key, ambient.now())
        return request

    return (
        yield from federation.call(
            make, ambient, service=f"{_AUTH_SERVICE} at {endpoint.host}", hint=_POLICY_HINT
        )
    )


def _sign_without_host(request: Request, key_id: str, key: PrivateKey, now: float) -> None:
    """Sign as OCI's auth service wants it. Source: the oci SDK's ``AuthTokenRequestSigner``."""
    headers = request.headers
    described = signer.content_headers(request.body, headers["content-type"])
    headers |= {"date": signer.http_date(now), **described}
    names = ("date", "(request-target)", *described)
    signature = key.sign(signer.signing_string(request.method, request.target, headers, names))
    headers["authorization"] = signer.authorization(key_id, names, signature)


def _metadata_request(base: Address, path: str) -> Request:
    headers = {
        "host": base.host,
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": "Bearer Oracle",
    }
    return Request(
        "GET",
        base.scheme,
        base.host,
        f"{base.path}{path}",
        headers,
        timeout=_METADATA_TIMEOUT,
        direct=True,
    )


# --- certificates ---------------------------------------------------------------------------------


def _read_leaf(certificate: bytes, key: bytes, intermediates: bytes) -> _Leaf | None:
    """The three answers as one; ``None`` if the key is not the certificate's."""
    try:
        leaf = x509.load_pem_x509_certificate(certificate)
        chain = x509.load_pem_x509_certificates(intermediates)
        public_key = leaf.public_key()
        tenancy = _tenancy_of(leaf)
    except _WRONG_CERTIFICATE:
        raise MalformedReply(f"{_METADATA_SERVICE} gives a certificate that is none.") from None
    if not isinstance(public_key, rsa.RSAPublicKey):
        raise MalformedReply(f"{_METADATA_SERVICE} gives a certificate without an RSA key.")
    if tenancy is None:
        raise MalformedReply(f"{_METADATA_SERVICE} gives a certificate that names no tenancy.")
    try:
        private_key = load_private_key(key, None, where=f"The key that {_METADATA_SERVICE} gives")
    except InvalidKey as problem:
        raise MalformedReply(problem.message) from None
    if private_key.fingerprint != fingerprint(public_key):
        return None
    return _Leaf(
        tenancy=tenancy,
        certificate=_body(leaf),
        intermediates=tuple(_body(issuer) for issuer in chain),
        # Letter cases as in the Python SDK and the Go SDK, which each form comes from.
        sha1=leaf.fingerprint(hashes.SHA1()).hex(":").upper(),  # noqa: S303
        sha256=leaf.fingerprint(hashes.SHA256()).hex(":"),
        key=private_key,
    )


def _body(certificate: x509.Certificate) -> str:
    """PEM without its first line, its last line and its line ends."""
    return base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode("ascii")


def _tenancy_of(certificate: x509.Certificate) -> str | None:
    """The tenancy that the certificate's subject names."""
    for value in _subject_values(certificate.tbs_certificate_bytes):
        for mark in _TENANCY_MARKS:
            tenancy = value.removeprefix(mark)
            if tenancy != value and _OCID.fullmatch(tenancy):
                return tenancy
    return None


def _subject_values(certificate: bytes) -> Iterator[str]:
    """The values of the subject's attributes, in order, from a TBSCertificate in DER.

    ``cryptography`` warns about every certificate of an instance, whose common name is longer than
    X.509 allows, and Python's warnings cannot be silenced in one thread alone.
    """
    fields = _elements(_elements(certificate)[0][1])
    if fields[0][0] == _EXPLICIT_VERSION:
        fields = fields[1:]
    _serial, _algorithm, _issuer, _validity, subject = fields[:5]
    for _, relative_name in _elements(subject[1]):
        for _, attribute in _elements(relative_name):
            _type, (tag, value) = _elements(attribute)
            yield value.decode("utf-16-be" if tag == _BMP_STRING else "utf-8", "replace")


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    """The DER elements in ``data``, as tag and content. Raises ``ValueError`` for anything else."""
    found = []
    at = 0
    while at < len(data):
        head = data[at : at + 2]
        if len(head) < 2:
            raise ValueError("an element without a length")
        tag, length = head
        at += 2
        if length & 0x80:
            size = length & 0x7F
            length = int.from_bytes(data[at : at + size], "big")
            at += size
        content = data[at : at + length]
        if len(content) < length:
            raise ValueError("an element longer than what holds it")
        found.append((tag, content))
        at += length
    return found
