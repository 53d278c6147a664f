"""Identities as ``auth=`` of an ``httpx`` or ``httpx2`` client, sync and async.

::

    client = httpx2.Client(auth=OciUserPrincipalAuth(profile_name="WORK"))

Any OCI REST call can be signed so, not only those of Generative AI. The classes have the names and
arguments of Oracle's ``oci-openai`` and ``oci-genai-auth``, and work with whichever of the two
libraries is installed: a class is both a ``httpx.Auth`` and a ``httpx2.Auth`` where both are.
"""

from __future__ import annotations

import importlib
from collections.abc import AsyncGenerator, Generator
from typing import Any

from ocicat.auth import config_file
from ocicat.auth.sdk_signer import SignerResolver
from ocicat.client.identities import resolver_of
from ocicat.errors import ConfigurationError
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Request
from ocicat.vocabulary.identity import Identity, IdentityResolver

__all__ = ["HttpxOciAuth", "OciSignerAuth", "OciUserPrincipalAuth"]

# What SDKs of other services put in, which OCI must not see.
_FOREIGN = ("authorization", "x-api-key", "x-goog-api-key", "api-key", "openai-organization")
_PROJECT = "openai-project"
_UNAUTHENTICATED = 401


def _auth_bases() -> tuple[type, ...]:
    found = []
    for name in ("httpx2", "httpx"):
        try:
            found.append(importlib.import_module(name).Auth)
        except ImportError:
            pass
    if not found:
        raise ConfigurationError(
            "The auth classes need httpx2 or httpx, and neither is installed.",
            hint="pip install httpx2",
        )
    return tuple(found)


class HttpxOciAuth(*_auth_bases()):  # type: ignore[misc]  # the bases are found at import
    """Signs each request as one identity.

    ``signer`` is a signer of the ``oci`` SDK, or any ocicat identity resolver. ``refresh_interval``
    is accepted for compatibility and not used: identities are renewed by their expiry.
    """

    requires_request_body = True

    def __init__(self, signer: Any, refresh_interval: int | None = None) -> None:
        self.resolver: IdentityResolver = (
            signer if hasattr(signer, "resolve") else SignerResolver(signer)
        )

    def sync_auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        """Sign, send, and once more with a renewed identity after a 401."""
        from ocicat.transport import sync

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

        await request.aread()
        identity = await aio.run(self.resolver.resolve(SYSTEM))
        response = yield _signed(request, identity)
        if response.status_code == _UNAUTHENTICATED and identity.renewable:
            await response.aread()
            identity = await aio.run(self.resolver.resolve(SYSTEM, refused=identity))
            yield _signed(request, identity)


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
    """Take out the API key that Google's SDK puts into the query, and nothing else."""
    query = request.url.query
    if b"key=" not in query:
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
        self, config_file: str | None = None, profile_name: str = config_file.DEFAULT_PROFILE
    ) -> None:
        super().__init__(
            resolver_of(
                {
                    "oci_auth_type": "api_key",
                    "oci_config_file": config_file,
                    "oci_profile": profile_name,
                }
            )
        )
