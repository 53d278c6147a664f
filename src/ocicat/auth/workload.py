"""A workload identity: whatever runs in a pod of an OKE cluster (OCI's Kubernetes).

The pod shows the token of its service account to the cluster, and gets a security token for a new
key. The cluster vouches for itself with an authority of its own, whose certificate Kubernetes puts
into every pod. Source: the ``oci`` SDK's ``OkeWorkloadIdentityResourcePrincipalSigner``.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography import x509

from ocicat.auth import federation, files
from ocicat.auth.federation import Address, SessionKey
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import (
    ConfigurationError,
    InvalidSetting,
    MalformedReply,
    MissingSetting,
    PermissionDeniedError,
)
from ocicat.vocabulary.flow import Ambient, Flow, Request

__all__ = ["WorkloadIdentityResolver"]

_HOST: Final = "KUBERNETES_SERVICE_HOST"
_PORT: Final = 12250
_PATH: Final = "/resourcePrincipalSessionTokens"
_AUTHORITY: Final = "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"
_TOKEN: Final = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING"
_TOKEN_FILE: Final = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"
_MOUNTED: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
_SERVICE: Final = "The cluster's token service"

_HINT: Final = "Workload identities work in pods of an OKE cluster only."
_ENHANCED_HINT: Final = (
    "Workload identities need an enhanced cluster: check the type of the cluster in OCI's console."
)
_NAME = re.compile(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")


class WorkloadIdentityResolver(RenewingResolver):
    """Logs in as the workload that this program belongs to, in the pod that ``environment`` is of.

    The variables are those of the ``oci`` SDK and CLI: ``KUBERNETES_SERVICE_HOST``, and, for what
    is not where Kubernetes puts it, ``OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH`` and
    ``OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH``, or ``…_TOKEN_STRING`` for the token itself.

    The service account's token is read again for each log-in, since Kubernetes renews it. Raises
    :class:`~ocicat.errors.MissingSetting` or :class:`~ocicat.errors.InvalidSetting` for variables;
    logging in raises :class:`~ocicat.errors.ConfigurationError` kin for what they lead to,
    :class:`~ocicat.errors.APIStatusError` kin for what the cluster refuses, and
    :class:`~ocicat.errors.TransportError` kin.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__()
        host = _value(environment, _HOST)
        if host is None:
            raise MissingSetting(f"{_HOST} is not set.", setting=_HOST, hint=_HINT)
        if not _NAME.fullmatch(host):
            raise InvalidSetting(f"{_HOST} is no host name.", setting=_HOST, hint=_HINT)
        host = f"[{host}]" if ":" in host else host
        self._service = Address("https", f"{host}:{_PORT}", _PATH)
        self._authority = Path(_value(environment, _AUTHORITY) or f"{_MOUNTED}/ca.crt")
        self._token = _value(environment, _TOKEN)
        token_file = _value(environment, _TOKEN_FILE)
        self._token_file = Path(token_file or f"{_MOUNTED}/token").expanduser()

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Get a token for the pod, with a new session key."""
        proof = self._service_account_token(ambient.now())
        self._check_authority()
        key = yield from federation.new_session_key()
        service = f"{_SERVICE} at {self._service.host}"
        try:
            answer = yield from federation.call(
                lambda: self._request(proof, key, ambient), ambient, service=service, hint=_HINT
            )
        except PermissionDeniedError as refused:
            refused.hint = _ENHANCED_HINT
            raise
        token = federation.issued(
            federation.json_object(_decoded(answer.body, service), service), service
        )
        return federation.lease(token, key, ambient.now())

    def _request(self, proof: str, key: SessionKey, ambient: Ambient) -> Request:
        request = federation.json_request(
            "POST", self._service, ambient, body={"podKey": key.public}
        )
        request.headers["authorization"] = f"Bearer {proof}"
        request.headers["opc-request-id"] = "/".join(ambient.token().lower() for _ in range(3))
        request.authority = str(self._authority)
        request.direct = True
        return request

    def _service_account_token(self, now: float) -> str:
        """The token that Kubernetes gave the pod."""
        where, text = f"The token in {_TOKEN}", self._token or ""
        if self._token is None:
            where = f"The service account token file {self._token_file}"
            text = files.read(self._token_file, where, ConfigurationError).decode(
                "utf-8", "replace"
            )
        token = SecurityToken.read(text)
        if not federation.fits_header(token.text) or token.expires is None:
            raise ConfigurationError(f"{where} holds no token that says when it ends.", hint=_HINT)
        if token.expires <= now:
            raise ConfigurationError(
                f"{where} has expired.",
                hint="Kubernetes renews the token it mounts; let ocicat read that file.",
            )
        return token.text

    def _check_authority(self) -> None:
        """Find out what is wrong with the authority's file, while it can be told clearly."""
        where = f"The cluster's authority {self._authority}"
        content = files.read(self._authority, where, ConfigurationError)
        try:
            x509.load_pem_x509_certificates(content)
        except (ValueError, x509.InvalidVersion):
            raise ConfigurationError(f"{where} is not a certificate in PEM.", hint=_HINT) from None


def _value(environment: Mapping[str, str], name: str) -> str | None:
    return (environment.get(name) or "").strip() or None


def _decoded(body: bytes, service: str) -> bytes:
    """The JSON in an answer of the cluster, which comes as base64."""
    try:
        return base64.b64decode(body)
    except (binascii.Error, ValueError):
        raise MalformedReply(f"{service} answered with something that is not base64.") from None
