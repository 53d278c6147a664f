"""Identities as ``auth=`` of an ``httpx`` or ``httpx2`` client, sync and async.

::

    client = httpx2.Client(auth=OciUserPrincipalAuth(profile_name="WORK"))

Any OCI REST call can be signed so, not only those of Generative AI. The classes have the names and
arguments of Oracle's ``oci-openai`` and ``oci-genai-auth``, and work with whichever of the two
libraries is installed: a class is both a ``httpx.Auth`` and a ``httpx2.Auth`` where both are.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Generator
from typing import Any, Self

from ocicat.auth.sdk_signer import SignerResolver
from ocicat.client.http_libraries import bases
from ocicat.client.identities import resolver_of
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Request
from ocicat.vocabulary.identity import Identity, IdentityResolver

__all__ = [
    "HttpxOciAuth",
    "OciApiKeyAuth",
    "OciDelegationTokenAuth",
    "OciInstancePrincipalAuth",
    "OciResourcePrincipalAuth",
    "OciSessionAuth",
    "OciSignerAuth",
    "OciTokenExchangeAuth",
    "OciUserPrincipalAuth",
    "OciWorkloadIdentityAuth",
]

# What SDKs of other services put in, which OCI must not see.
_FOREIGN = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "openai-organization")
_PROJECT = "openai-project"
_UNAUTHENTICATED = 401


class HttpxOciAuth(*bases("Auth")):  # type: ignore[misc]  # the bases are found at import
    """Signs each request as one identity.

    ``signer`` is a signer of the ``oci`` SDK, or any ocicat identity resolver. ``refresh_interval``
    is accepted for compatibility and not used: identities are renewed by their expiry.
    """

    requires_request_body = True

    def __new__(cls, *given: Any, **named: Any) -> Self:
        """Remember the arguments: an auth object pickles as them, without keys from files."""
        made = super().__new__(cls)
        made._arguments = (given, named)
        return made  # type: ignore[no-any-return]  # of whatever the libraries' classes are

    def __reduce__(self) -> tuple[Any, ...]:
        return _made_again, (type(self), *self._arguments)

    def __init__(self, signer: Any, refresh_interval: int | None = None) -> None:
        self.resolver: IdentityResolver = (
            signer if hasattr(signer, "resolve") else SignerResolver(signer)
        )

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Sign, send, and once more with a renewed identity after a 401."""
        from ocicat.transport import sync

        _describe_stream(request)
        request.read()
        identity = sync.run(self.resolver.resolve(SYSTEM))
        response = yield _signed(request, identity)
        if response.status_code == _UNAUTHENTICATED and identity.renewable:
            response.read()
            identity = sync.run(self.resolver.resolve(SYSTEM, refused=identity))
            yield _signed(request, identity)

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        """The same on an event loop."""
        from ocicat.transport import aio

        _describe_stream(request)
        await request.aread()
        identity = await aio.run(self.resolver.resolve(SYSTEM))
        response = yield _signed(request, identity)
        if response.status_code == _UNAUTHENTICATED and identity.renewable:
            await response.aread()
            identity = await aio.run(self.resolver.resolve(SYSTEM, refused=identity))
            yield _signed(request, identity)


def _made_again(
    kind: type[HttpxOciAuth], given: tuple[Any, ...], named: dict[str, Any]
) -> HttpxOciAuth:
    return kind(*given, **named)


def _describe_stream(request: Any) -> None:
    """Say that a body which comes in pieces is binary, unless it is said to be something else.

    The ``oci`` SDK takes it for that too, and any other body for JSON.
    """
    try:
        _ = request.content
    except RuntimeError:  # RequestNotRead, of either library
        request.headers.setdefault("content-type", "application/octet-stream")


def _signed(request: Any, identity: Identity) -> Any:
    """``request`` as it is, with a fresh date and signature over the bytes that will be sent."""
    _drop_key_parameter(request)
    headers = request.headers
    for name in (*_FOREIGN, "date", "x-date", "x-content-sha256"):
        headers.pop(name, None)
    if not headers.get(_PROJECT, "ocid1.").startswith("ocid1."):
        del headers[_PROJECT]
    body = request.content
    if "transfer-encoding" in headers:
        del headers["transfer-encoding"]
    if body or request.method in ("POST", "PUT", "PATCH"):
        headers["content-length"] = str(len(body))
        headers.setdefault("content-type", "application/json")
    # zstd comes in a frame an event, which many clients cannot decode as a stream.
    if "zstd" in headers.get("accept-encoding", ""):
        headers["accept-encoding"] = "gzip, deflate"
    ours = Request(
        request.method,
        request.url.scheme,
        headers["host"],
        request.url.raw_path.decode("ascii"),
        {name.lower(): value for name, value in headers.items()},
        body,
    )
    before = dict(ours.headers)
    identity.authorize(ours, SYSTEM.now())
    for name, value in ours.headers.items():
        if before.get(name) != value:
            headers[name] = value
    return request


def _drop_key_parameter(request: Any) -> None:
    """Take out the API key that Google's SDKs put into the query, and nothing else."""
    query = request.url.query
    # Elsewhere `key` is a parameter of OCI's own, as of its Data Integration service.
    if b"key=" not in query or not request.url.path.startswith("/google/"):
        return
    kept = b"&".join(part for part in query.split(b"&") if not part.startswith(b"key="))
    if kept != query:
        request.url = request.url.copy_with(query=kept or None)


class OciSignerAuth(HttpxOciAuth):
    """Any signer of the ``oci`` SDK."""

    def __init__(self, signer: Any) -> None:
        super().__init__(signer)


class OciUserPrincipalAuth(HttpxOciAuth):
    """A user's API key, from a profile of the OCI config file."""

    def __init__(
        self,
        config_file: str | None = None,
        profile_name: str | None = None,
        refresh_interval: int | None = None,
    ) -> None:
        super().__init__(_from_profile("api_key", config_file, profile_name))


class OciSessionAuth(HttpxOciAuth):
    """A CLI session, from a profile of the OCI config file; refreshed as long as OCI allows."""

    def __init__(
        self,
        config_file: str | None = None,
        profile_name: str | None = None,
        refresh_interval: int | None = None,
    ) -> None:
        super().__init__(_from_profile("security_token", config_file, profile_name))


class OciInstancePrincipalAuth(HttpxOciAuth):
    """The instance that this program runs on."""

    def __init__(self, refresh_interval: int | None = None) -> None:
        super().__init__(resolver_of({"oci_auth_type": "instance_principal"}))


class OciResourcePrincipalAuth(HttpxOciAuth):
    """The resource that this program runs in: a function, a job, a notebook."""

    def __init__(self, refresh_interval: int | None = None) -> None:
        super().__init__(resolver_of({"oci_auth_type": "resource_principal"}))


class OciWorkloadIdentityAuth(HttpxOciAuth):
    """The workload of a Kubernetes cluster (OKE) that this program belongs to."""

    def __init__(self) -> None:
        super().__init__(resolver_of({"oci_auth_type": "oke_workload_identity"}))


class OciDelegationTokenAuth(HttpxOciAuth):
    """A user, through the instance or resource that this program runs on, as in Cloud Shell.

    ``delegation_token`` is the token, or ``delegation_token_file`` the path of a file that holds
    it; without either it is looked for in the settings.
    """

    def __init__(
        self, delegation_token: str | None = None, delegation_token_file: str | None = None
    ) -> None:
        if delegation_token is None and delegation_token_file is None:
            super().__init__(resolver_of({"oci_auth_type": "instance_obo_user"}))
            return
        from ocicat.auth.delegation import DelegationResolver

        is_resource = "OCI_RESOURCE_PRINCIPAL_VERSION" in os.environ
        kind = "resource_principal" if is_resource else "instance_principal"
        super().__init__(
            DelegationResolver(
                resolver_of({"oci_auth_type": kind}),
                token=delegation_token,
                token_file=delegation_token_file,
            )
        )


class OciTokenExchangeAuth(HttpxOciAuth):
    """Whoever an identity domain knows by another issuer's token, such as a GitHub Actions job.

    ``subject_token`` is the token, a function that gives one, the path of a file that holds one, or
    a flow's source such as ``ocicat.auth.token_exchange.GitHubActions``.
    """

    def __init__(
        self, *, domain_url: str, client_id: str, client_secret: str, subject_token: Any
    ) -> None:
        from ocicat.auth.token_exchange import TokenExchangeResolver

        super().__init__(
            TokenExchangeResolver(
                domain_url=domain_url,
                client_id=client_id,
                client_secret=client_secret,
                subject_token=subject_token,
            )
        )


class OciApiKeyAuth(HttpxOciAuth):
    """A Generative AI API key, for the OpenAI-compatible surface only.

    ``api_key`` is looked for in ``OCI_GENAI_API_KEY`` if it is not given.
    """

    def __init__(self, api_key: str | None = None) -> None:
        super().__init__(resolver_of({"oci_auth_type": "genai_api_key", "api_key": api_key}))


def _from_profile(kind: str, config_file: str | None, profile_name: str | None) -> IdentityResolver:
    return resolver_of(
        {"oci_auth_type": kind, "oci_config_file": config_file, "oci_profile": profile_name}
    )
