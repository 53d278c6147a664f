"""A resource principal: whatever runs inside an OCI resource, such as a function or a job.

The platform describes the resource in environment variables, and ``OCI_RESOURCE_PRINCIPAL_VERSION``
says how:

=======================  =========================================================================
2.2                      the token and its key are given, as they are or in files
2.1, 2.1.1, 2.1.2        a key is given, which signs a request for the token
1.1                      the instance that the resource runs on asks for the token
3.0                      a resource inside others: the innermost logs in by one of the above, and
                         asks for the token of the one around it, and so on
=======================  =========================================================================

Source: the ``oci`` SDK's ``get_resource_principals_signer`` and what it makes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import quote

from ocicat.auth import federation, files, region_metadata
from ocicat.auth.federation import Address, SessionKey, TokenIdentity
from ocicat.auth.instance import InstancePrincipalResolver
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidSetting,
    MalformedReply,
    MissingSetting,
)
from ocicat.routing import regions
from ocicat.signing import signer
from ocicat.signing.keys import PrivateKey, load_private_key
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity

__all__ = ["ResourcePrincipalResolver"]

_PREFIX: Final = "OCI_RESOURCE_PRINCIPAL_"
_LEAF: Final = "_FOR_LEAF_RESOURCE"
_PARENT: Final = "_FOR_PARENT_RESOURCE"
_METADATA_VARIABLE: Final = "OCI_METADATA_BASE_URL"

_KEY_PAIR_VERSIONS: Final = ("2.1", "2.1.1", "2.1.2")
_NESTED: Final = "3.0"
_DEEPEST: Final = 10
_NEXT_PARENT: Final = "opc-parent-rpt-url"

_HINT: Final = (
    "OCI sets it inside resources that support resource principals, such as functions and jobs."
)
_REFUSED_HINT: Final = "The resource must belong to a dynamic group that a policy lets in."
_TOKEN_SERVICE: Final = "The service of the resource"
_AUTH_SERVICE: Final = "OCI's auth service"
#: What may stand in the path of a URL as it is. Source: RFC 3986.
_PATH = re.compile(r"/[!-~]*")
_HEADER = re.compile(r"[!-~]([ -~]*[!-~])?")


class ResourcePrincipalResolver(RenewingResolver):
    """Logs in as the resource that this program runs in, which ``environment`` describes.

    Files that the environment names are read again for each log-in. ``instance`` is the instance
    that signs for version 1.1, by default the one that this program runs on.

    Raises :class:`~ocicat.errors.MissingSetting` or :class:`~ocicat.errors.InvalidSetting` for
    variables that are missing or wrong, by name. Logging in raises these and
    :class:`~ocicat.errors.ConfigurationError` kin for files, :class:`~ocicat.errors.APIStatusError`
    kin for what the services refuse, and :class:`~ocicat.errors.TransportError` kin.
    """

    def __init__(
        self, environment: Mapping[str, str], *, instance: InstancePrincipalResolver | None = None
    ) -> None:
        super().__init__()
        # The environment that the program was started with, whatever becomes of it.
        self._source = _source(dict(environment), instance)

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Get the resource's token."""
        session = yield from self._source.session(ambient)
        return Lease(session.identity(), session.lifetime)


@dataclass(frozen=True, slots=True)
class _Session:
    """A token with its key. ``lifetime`` is in seconds from now, ``None`` for ever."""

    token: SecurityToken
    key: SessionKey
    lifetime: float | None
    renewable: bool = True

    def identity(self) -> TokenIdentity:
        return TokenIdentity(self.token.text, self.key.private, renewable=self.renewable)


class _Source(Protocol):
    """One way to a session."""

    def session(self, ambient: Ambient) -> Flow[_Session]: ...


def _source(environment: Mapping[str, str], instance: InstancePrincipalResolver | None) -> _Source:
    own = _Variables(environment)
    version = own.require("VERSION")
    if version != _NESTED:
        return _plain_source(version, own, instance)
    leaf = _Variables(environment, _LEAF)
    return _Nested(
        _plain_source(leaf.require("VERSION"), leaf, instance), _Variables(environment, _PARENT)
    )


def _plain_source(
    version: str, variables: _Variables, instance: InstancePrincipalResolver | None
) -> _Source:
    if version == "2.2":
        return _Given(variables)
    if version in _KEY_PAIR_VERSIONS:
        return _KeyPair(version, variables)
    if version == "1.1":
        return _OnInstance(variables, instance)
    name = variables.name("VERSION")
    known = ", ".join(("1.1", *_KEY_PAIR_VERSIONS, "2.2"))
    raise InvalidSetting(
        f"{name} is {version[:20]!r}.",
        setting=name,
        hint=f"The versions of resource principals are {known} and, around one of them, {_NESTED}.",
    )


# --- what the environment says --------------------------------------------------------------------


class _Variables:
    """The variables of one resource, which differ from another's by how their names end."""

    def __init__(self, environment: Mapping[str, str], suffix: str = "") -> None:
        self._environment = environment
        self._suffix = suffix

    def name(self, what: str) -> str:
        return f"{_PREFIX}{what}{self._suffix}"

    def get(self, what: str) -> str | None:
        """The value, without space around it; ``None`` for one that is absent or empty."""
        return (self._environment.get(self.name(what)) or "").strip() or None

    def require(self, what: str) -> str:
        value = self.get(what)
        if value is None:
            name = self.name(what)
            raise MissingSetting(f"{name} is not set.", setting=name, hint=_HINT)
        return value

    def address(self, what: str) -> Address:
        return federation.address(self.require(what), self.name(what))

    def identifier(self, what: str) -> str:
        """An OCID, which becomes part of a key id and of a path."""
        value = self.require(what)
        if not re.fullmatch(r"[A-Za-z0-9._:-]+", value):
            raise self.wrong(what, "is not an OCID")
        return value

    def wrong(self, what: str, why: str) -> InvalidSetting:
        name = self.name(what)
        return InvalidSetting(f"{name} {why}.", setting=name, hint=_HINT)

    def instance(self) -> InstancePrincipalResolver:
        """The instance that this program runs on."""
        return InstancePrincipalResolver(
            metadata_base_url=(self._environment.get(_METADATA_VARIABLE) or "").strip() or None,
            extra_regions=region_metadata.extra_regions(self._environment),
            default_domain=region_metadata.default_domain(self._environment),
        )

    def auth_service(self, region: regions.Region) -> Address:
        """The auth service of the instance's region."""
        known = (*region_metadata.extra_regions(self._environment), region)
        domain = region_metadata.default_domain(self._environment)
        return Address(
            "https", regions.auth_host(region.id, extra=known, default_domain=domain), ""
        )


def _is_path(value: str) -> bool:
    return Path(value).is_absolute()


class _Secret:
    """A variable that holds a secret, or the absolute path of a file that does."""

    def __init__(self, variables: _Variables, what: str, *, may_be_path: bool = True) -> None:
        value = variables.require(what)
        self.variable = variables.name(what)
        self.path = Path(value) if may_be_path and _is_path(value) else None
        self._value = value

    @property
    def where(self) -> str:
        """Words for it in an error."""
        return self.variable if self.path is None else f"{self.variable} (the file {self.path})"

    def read(self) -> str:
        if self.path is None:
            return self._value
        content = files.read(self.path, self.where, ConfigurationError)
        # No key, token or pass phrase has anything else in it; what reads it complains if it does.
        return content.decode("utf-8", "replace").strip()


class _Key:
    """The private key in the environment. It is parsed once, and again when it has changed."""

    def __init__(self, variables: _Variables) -> None:
        self.pem = _Secret(variables, "PRIVATE_PEM")
        what = "PRIVATE_PEM_PASSPHRASE"
        self._passphrase = (
            # Where the key is in a file, so is its pass phrase.
            _Secret(variables, what, may_be_path=self.pem.path is not None)
            if variables.get(what)
            else None
        )
        self._parsed: tuple[tuple[str, str | None], SessionKey] | None = None

    def read(self) -> SessionKey:
        read = self.pem.read(), self._passphrase.read() if self._passphrase else None
        parsed = self._parsed
        if parsed is None or parsed[0] != read:
            key = load_private_key(*read, where=self.pem.where)
            parsed = self._parsed = read, SessionKey.of(key)
        return parsed[1]


# --- 2.2 ------------------------------------------------------------------------------------------


class _Given:
    """Token and key are given; where they are files, the platform writes new ones in time."""

    def __init__(self, variables: _Variables) -> None:
        self._token = _Secret(variables, "RPST")
        self._key = _Key(variables)

    def session(self, ambient: Ambient) -> Flow[_Session]:
        yield from ()
        token = SecurityToken.read(self._token.read().removeprefix("ST$"))
        if not federation.fits_header(token.text):
            raise InvalidSetting(
                f"{self._token.where} holds no token.", setting=self._token.variable, hint=_HINT
            )
        # It may have been issued long ago, so only its end counts.
        left = None if token.expires is None else token.expires - ambient.now()
        if self._token.path is None:
            # Nothing better will come, so it is used until OCI refuses it.
            return _Session(token, self._key.read(), None, renewable=False)
        return _Session(token, self._key.read(), left)


# --- 1.1 and 2.1 ----------------------------------------------------------------------------------


class _KeyPairIdentity:
    """A resource that signs with its key, before it has a token."""

    __slots__ = ("_key", "_key_id")

    renewable = False

    def __init__(self, key_id: str, key: PrivateKey) -> None:
        self._key_id = key_id
        self._key = key

    def authorize(self, request: Request, now: float) -> None:
        signer.sign_request(request, self._key_id, self._key, now)


class _KeyPair:
    """The resource's own key signs the request for its token, and then goes on signing."""

    def __init__(self, version: str, variables: _Variables) -> None:
        resource = variables.identifier("RESOURCE_ID")
        self._key_id = f"resource/v{version}/{resource}"
        if version != "2.1":
            tenancy = variables.identifier("TENANCY_ID")
            self._key_id = f"resource/v{version}/{tenancy}/{resource}"
        self._key = _Key(variables)
        self._from = variables.address("RPT_ENDPOINT")
        self._exchange = variables.address("RPST_ENDPOINT")
        self._headers: dict[str, str] = {}
        self._path = f"/20180711/resourcePrincipalTokenV2/{resource}"
        if version == "2.1.2":
            self._path = _path_with_id(variables, resource)
            context = variables.get("SECURITY_CONTEXT")
            if context is not None:
                if not _HEADER.fullmatch(context):
                    raise variables.wrong("SECURITY_CONTEXT", "cannot be sent in a header")
                self._headers["security-context"] = context

    def session(self, ambient: Ambient) -> Flow[_Session]:
        key = self._key.read()
        identity = _KeyPairIdentity(self._key_id, key.private)
        source = Address(self._from.scheme, self._from.host, f"{self._from.path}{self._path}")
        session, _ = yield from _exchange(
            ambient, identity, source, self._exchange, key, self._headers
        )
        return session


def _path_with_id(variables: _Variables, resource: str) -> str:
    path = variables.get("RPT_PATH")
    if path is None:
        return f"/20180711/resourcePrincipalTokenV212/{resource}"
    if path.endswith("{}"):
        return _checked_path(variables, path[:-2] + resource)
    return _checked_path(variables, f"{path.rstrip('/')}/{resource}")


def _checked_path(variables: _Variables, path: str) -> str:
    if not _PATH.fullmatch(path) or "#" in path:
        raise variables.wrong("RPT_PATH", "is not the path of a URL")
    return path


class _OnInstance:
    """The instance that the resource runs on signs the request for the resource's token."""

    def __init__(self, variables: _Variables, instance: InstancePrincipalResolver | None) -> None:
        self._variables = variables
        self._instance = instance or variables.instance()
        self._from = variables.address("RPT_ENDPOINT")
        self._exchange = (
            variables.address("RPST_ENDPOINT") if variables.get("RPST_ENDPOINT") else None
        )
        self._id = variables.identifier("RPT_ID") if variables.get("RPT_ID") else None
        path = variables.get("RPT_PATH") or "/20180711/resourcePrincipalToken/{id}"
        self._path = _checked_path(variables, path)

    def session(self, ambient: Ambient) -> Flow[_Session]:
        key = yield from federation.new_session_key()
        path = self._path
        if "{id}" in path:
            id = self._id or (yield from self._instance.find_instance_id(ambient))
            path = path.replace("{id}", quote(id, safe=":"))
        source = Address(self._from.scheme, self._from.host, f"{self._from.path}{path}")
        exchange = self._exchange
        if exchange is None:
            region = yield from self._instance.find_region(ambient)
            exchange = self._variables.auth_service(region)
        identity = yield from self._instance.resolve(ambient)
        try:
            session, _ = yield from _exchange(ambient, identity, source, exchange, key)
        except AuthenticationError:
            identity = yield from self._instance.resolve(ambient, refused=identity)
            session, _ = yield from _exchange(ambient, identity, source, exchange, key)
        return session


# --- 3.0 ------------------------------------------------------------------------------------------


class _Nested:
    """A resource inside others: each signs the request for the token of the one around it."""

    def __init__(self, leaf: _Source, variables: _Variables) -> None:
        self._leaf = leaf
        self._first_parent = variables.address("RPT_URL")
        self._exchange = variables.address("RPST_ENDPOINT")

    def session(self, ambient: Ambient) -> Flow[_Session]:
        session = yield from self._leaf.session(ambient)
        parent: Address | None = self._first_parent
        asked: list[Address] = []
        while parent is not None:
            if parent in asked or len(asked) == _DEEPEST:
                raise MalformedReply(
                    f"The resource is inside more than {_DEEPEST} others, or they are inside each"
                    f" other: the last one asked was {asked[-1].host}."
                )
            asked.append(parent)
            # The same key all the way: each token is bound to it.
            session, following = yield from _exchange(
                ambient, session.identity(), parent, self._exchange, session.key
            )
            parent = _parent(following, parent) if following else None
        return session


def _parent(url: str, asked: Address) -> Address:
    """The address that a service names as that of the next parent."""
    try:
        found = federation.address(url, _NEXT_PARENT)
    except InvalidSetting as problem:
        raise MalformedReply(f"{asked.host} answered badly: {problem.message}") from None
    if asked.scheme == "https" and found.scheme != "https":
        raise MalformedReply(f"{asked.host} leads to a parent without TLS.")
    return found


# --- the exchange ---------------------------------------------------------------------------------


def _exchange(
    ambient: Ambient,
    identity: Identity,
    source: Address,
    exchange: Address,
    key: SessionKey,
    headers: Mapping[str, str] | None = None,
) -> Flow[tuple[_Session, str | None]]:
    """A session for ``key``, and where the token of the next parent is, if there is one.

    ``source`` gives two tokens, of the resource and of the service that vouches for it, and
    ``exchange`` makes them one.
    """

    def ask() -> Request:
        request = federation.json_request("GET", source, ambient)
        request.headers.update(headers or {})
        identity.authorize(request, ambient.now())
        return request

    service = f"{_TOKEN_SERVICE} at {source.host}"
    answer = yield from federation.call(ask, ambient, service=service, hint=_REFUSED_HINT)
    given = federation.json_object(answer.body, service)
    body = {
        name: federation.text_in(given, name, service)
        for name in ("resourcePrincipalToken", "servicePrincipalSessionToken")
    }
    body["sessionPublicKey"] = key.public

    def swap() -> Request:
        request = federation.json_request(
            "POST", exchange, ambient, path="/v1/resourcePrincipalSessionToken", body=body
        )
        identity.authorize(request, ambient.now())
        return request

    service = f"{_AUTH_SERVICE} at {exchange.host}"
    swapped = yield from federation.call(swap, ambient, service=service, hint=_REFUSED_HINT)
    token = federation.issued(federation.json_object(swapped.body, service), service)
    session = _Session(token, key, token.lifetime(ambient.now()))
    return session, answer.headers.get(_NEXT_PARENT) or None
