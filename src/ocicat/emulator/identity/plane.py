"""Who may call the emulated OCI, and the controls with which tests change that.

This is what ``emulator.identity`` is. It holds certificates, tokens, policies and rules of
behaviour; the HTTP operations over it are in the files beside this one.
"""

from __future__ import annotations

import re
import secrets
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.home import (
    COMPARTMENT_ID,
    REGION,
    TENANCY_ID,
    USER_ID,
    Home,
    write_private,
)
from ocicat.emulator.identity.jwt import JwtIssuer
from ocicat.emulator.identity.keys import (
    new_key,
    private_pem,
    public_pem,
    read_public_key,
    shared_key,
)
from ocicat.emulator.identity.tokens import TokenRefused, Tokens
from ocicat.emulator.principals import Caller, Issued, Principal
from ocicat.emulator.script import Behaviour, Rule
from ocicat.emulator.tenancy import Tenancy
from ocicat.errors import InvalidSetting

if TYPE_CHECKING:
    from ocicat.emulator.identity.authority import Authority, Leaf

__all__ = ["IdentityPlane", "Session", "TlsAddress"]

INSTANCE_ID: Final = f"ocid1.instance.oc1.{REGION}.ocicatemulatorinstance"
RESOURCE_ID: Final = f"ocid1.fnfunc.oc1.{REGION}.ocicatemulatorfunction"
CLUSTER_ID: Final = f"ocid1.cluster.oc1.{REGION}.ocicatemulatorcluster"

_SERVICE_ACCOUNT: Final = re.compile(r"system:serviceaccount:([^:]+):([^:]+)")
_RESOURCE_VERSIONS: Final = ("1.1", "2.1", "2.1.1", "2.1.2", "2.2")
_OKE_PORT: Final = 12250


@dataclass(frozen=True, slots=True)
class Session:
    """A session as ``oci session authenticate`` leaves it: files, and a profile in the config."""

    profile: str
    token_file: Path
    key_file: Path
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TlsAddress:
    """Where the emulator answers over TLS, and the file with the certificate to trust."""

    host: str
    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        """The base URL, without a path."""
        return f"https://{self.host}:{self.port}"


class IdentityPlane:
    """The identities of an emulator. It may be used from any thread.

    Attributes that tests may set, in seconds:

    * ``token_lifetime``: of the security tokens that are issued from now on (20 minutes).
    * ``certificate_lifetime``: of the instance certificates made from now on (a day).
    * ``session_limit``: how long after its log-in a session can be refreshed (a day).
    """

    def __init__(
        self,
        tenancy: Tenancy,
        *,
        clock: Callable[[], float],
        url: Callable[[], str],
        home: Callable[[], Home],
        listen: Callable[[str | None, int, Callable[[str], ssl.SSLContext]], tuple[str, int]],
    ) -> None:
        self.token_lifetime = 1200.0
        self.certificate_lifetime = 86_400.0
        self.session_limit = 86_400.0
        self.tenancy_id = TENANCY_ID
        self.compartment_id = COMPARTMENT_ID
        self.user_id = USER_ID
        self.instance_id = INSTANCE_ID
        self.resource_id = RESOURCE_ID
        self.cluster_id = CLUSTER_ID
        self.region = REGION
        #: The OAuth client that may exchange tokens, and its secret.
        self.client_id = f"ocicat-{secrets.token_hex(8)}"
        self.client_secret = secrets.token_urlsafe(24)
        #: What the emulator issued, and what of it is still good.
        self.tokens = Tokens()
        self._tenancy = tenancy
        self._clock = clock
        self._url = url
        self._home = home
        self._listen = listen
        self._cluster = JwtIssuer("https://kubernetes.default.svc.cluster.local")
        self._provider = JwtIssuer("https://identity-provider.ocicat.example")
        self._lock = threading.RLock()
        self._authority: Authority | None = None
        self._leaf: Leaf | None = None
        self._denied: set[str] = set()
        self._rules: list[tuple[str, Rule]] = []
        self._parents: dict[str, str] = {}
        self._resources: dict[str, Principal] = {}
        self._api_keys: set[str] = set()

    @property
    def authority(self) -> Authority:
        """Who issues certificates here."""
        # Loading X.509 takes longer than all else that an emulator needs, and few need it.
        from ocicat.emulator.identity.authority import Authority

        with self._lock:
            if self._authority is None:
                self._authority = Authority()
            return self._authority

    # --- where it is -----------------------------------------------------------------------------

    @property
    def metadata_url(self) -> str:
        """The base of the instance metadata service, for ``OCI_METADATA_BASE_URL``."""
        return f"{self._url()}/opc/v2"

    @property
    def auth_url(self) -> str:
        """The base of OCI's Auth service, in place of ``https://auth.<region>.<domain>``."""
        return self._url()

    @property
    def federation_endpoint(self) -> str:
        """Where an instance's certificate is exchanged for a token."""
        return f"{self._url()}/v1/x509"

    @property
    def domain_url(self) -> str:
        """The URL of the identity domain that exchanges foreign tokens."""
        return self._url()

    def serve_tls(self, address: str | None = None, port: int = 0) -> TlsAddress:
        """Answer over TLS too, at a loopback address, with a certificate of the emulator's.

        Without ``address`` it is ``127.0.0.1``, or for a given ``port`` the first address of
        127.0.0.0/8 at which that port is free. Raises :class:`~ocicat.errors.InvalidSetting` if
        none is, and ``RuntimeError`` if the emulator is not running.
        """
        directory = self._home().path

        def context_for(host: str) -> ssl.SSLContext:
            leaf = self.authority.issue_server(shared_key("TLS server"), host)
            chain = write_private(
                directory / "tls_server.pem",
                leaf.key_pem + leaf.certificate_pem + leaf.intermediate_pem,
            )
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(chain)
            return context

        host, bound = self._listen(address, port, context_for)
        return TlsAddress(host, bound, write_private(directory / "ca.pem", self.authority.root_pem))

    # --- instance principals ---------------------------------------------------------------------

    @property
    def certificate(self) -> Leaf:
        """The instance's present certificate with its key. One that has expired is replaced."""
        with self._lock:
            if self._leaf is None:
                self._leaf = self._new_leaf(shared_key("instance"), self.tenancy_id)
            elif self._leaf.certificate.not_valid_after_utc.timestamp() <= self.now():
                return self.rotate_certificate()
            return self._leaf

    def rotate_certificate(self, *, tenancy_id: str | None = None) -> Leaf:
        """Give the instance another certificate, with a new key. The old one stays valid.

        ``tenancy_id`` moves the instance to another tenancy, which clients must notice.
        """
        key = new_key()
        with self._lock:
            self._leaf = self._new_leaf(key, tenancy_id or self.tenancy_id)
            return self._leaf

    def instance_environment(self) -> dict[str, str]:
        """The variables with which clients take this machine for the emulated instance."""
        return {"OCI_METADATA_BASE_URL": self.metadata_url}

    # --- resource principals ---------------------------------------------------------------------

    def resource_environment(self, version: str = "2.2") -> dict[str, str]:
        """The variables that make a process a resource principal of a version of the protocol.

        For 2.2 they hold a new token and its key; for the others, where to log in (1.1 as the
        instance, 2.1, 2.1.1 and 2.1.2 with a key of the resource's own). Raises
        :class:`~ocicat.errors.InvalidSetting` for another version.
        """
        variables = {
            "OCI_RESOURCE_PRINCIPAL_VERSION": version,
            "OCI_RESOURCE_PRINCIPAL_REGION": self.region,
        }
        key = shared_key("resource")
        if version == "2.2":
            token = self.resource_token(key.public_key())
            return variables | {
                "OCI_RESOURCE_PRINCIPAL_RPST": token,
                "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": private_pem(key).decode(),
            }
        if version not in _RESOURCE_VERSIONS:
            raise InvalidSetting(
                f"The emulator has no resource principals of version {version!r}.",
                setting="version",
                hint=f"It has {', '.join(_RESOURCE_VERSIONS)}.",
            )
        variables |= {
            "OCI_RESOURCE_PRINCIPAL_RPT_ENDPOINT": self._url(),
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT": self._url(),
        }
        if version == "1.1":
            variables |= self.instance_environment()
            return variables | {"OCI_RESOURCE_PRINCIPAL_RPT_ID": self.resource_id}
        self.add_resource(self.resource_id, public_pem(key.public_key()))
        variables |= {
            "OCI_RESOURCE_PRINCIPAL_RESOURCE_ID": self.resource_id,
            "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM": private_pem(key).decode(),
        }
        if version != "2.1":
            variables["OCI_RESOURCE_PRINCIPAL_TENANCY_ID"] = self.tenancy_id
        if version == "2.1.2":
            variables["OCI_RESOURCE_PRINCIPAL_SECURITY_CONTEXT"] = "ocicat-emulator"
        return variables

    def add_resource(self, resource_id: str, public_key_pem: bytes | str) -> None:
        """Make a resource known that logs in with a key of its own (versions 2.1 to 2.1.2)."""
        text = public_key_pem.decode() if isinstance(public_key_pem, bytes) else public_key_pem
        key = read_public_key(text)
        principal = self.resource(resource_id)
        for key_id in (
            f"resource/v2.1/{resource_id}",
            f"resource/v2.1.1/{self.tenancy_id}/{resource_id}",
            f"resource/v2.1.2/{self.tenancy_id}/{resource_id}",
        ):
            self._tenancy.register(key_id, key)
            with self._lock:
                self._resources[key_id] = principal

    def add_parent(self, resource_id: str, parent_id: str) -> None:
        """Say that a resource lies within another (version 3.0 of the protocol)."""
        with self._lock:
            self._parents[resource_id] = parent_id

    def resource_token(self, key: rsa.RSAPublicKey, resource_id: str | None = None) -> str:
        """A resource's session token (RPST) for a key."""
        return self.issue_session(self.resource(resource_id or self.resource_id), key).text

    # --- sessions of users -----------------------------------------------------------------------

    def session(self, profile: str = "SESSION", *, lifetime: float | None = None) -> Session:
        """A user's session, as ``oci session authenticate`` leaves it in the home.

        The profile has ``security_token_file`` and ``key_file``. ``lifetime`` is in seconds.
        """
        home = self._home()
        key = shared_key("session")
        token = self.issue_session(self.user(), key.public_key(), lifetime=lifetime).text
        token_file, key_file = home.add_session(profile, token, private_pem(key))
        return Session(profile, token_file, key_file, token)

    def identity_token(self, user: Principal, *, audience: str, nonce: str) -> str:
        """What tells the client ``audience`` who has logged in, and at which request of its."""
        return self.tokens.issue(
            "identity",
            user,
            {"aud": audience, "nonce": nonce},
            key=None,
            now=self.now(),
            lifetime=self.token_lifetime,
        ).text

    # --- workloads of Kubernetes -----------------------------------------------------------------

    def serve_workloads(self, address: str | None = None, port: int = _OKE_PORT) -> TlsAddress:
        """Listen as an OKE cluster does for the log-ins of its workloads: over TLS, at port 12250.

        SDKs fix the port, so the emulator looks for a loopback address where it is free. On
        systems that have only 127.0.0.1 there is only one such. Errors are those of
        :meth:`serve_tls`.
        """
        return self.serve_tls(address, port)

    def workload_environment(self, cluster: TlsAddress) -> dict[str, str]:
        """The variables that a pod of the cluster has. Its service account's token is extra."""
        return {
            "KUBERNETES_SERVICE_HOST": cluster.host,
            "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH": str(cluster.ca_file),
            "OCI_RESOURCE_PRINCIPAL_VERSION": "2.2",
            "OCI_RESOURCE_PRINCIPAL_REGION": self.region,
        }

    def service_account_token(
        self, namespace: str = "default", account: str = "default", *, lifetime: float = 3600.0
    ) -> str:
        """A Kubernetes service account's token. ``lifetime`` is in seconds."""
        now = int(self.now())
        return self._cluster.issue(
            {
                "aud": ["api"],
                "iat": now,
                "exp": int(now + lifetime),
                "sub": f"system:serviceaccount:{namespace}:{account}",
            }
        )

    # --- tokens of others ------------------------------------------------------------------------

    def subject_token(
        self, subject: str = "workload@example.com", *, lifetime: float = 3600.0
    ) -> str:
        """A token of the identity provider whose users the identity domain trusts."""
        now = int(self.now())
        return self._provider.issue({"sub": subject, "iat": now, "exp": int(now + lifetime)})

    def delegation_token(self, user: str | None = None, *, lifetime: float | None = None) -> str:
        """A token with which others act for a user (header ``opc-obo-token``).

        ``user`` is an OCID, by default that of the emulator's home.
        """
        return self.tokens.issue(
            "delegation",
            self.user(user),
            {},
            key=None,
            now=self.now(),
            lifetime=self.token_lifetime if lifetime is None else lifetime,
        ).text

    def add_api_key(self) -> str:
        """A new Generative AI API key, which OpenAI's surface takes as a bearer token."""
        key = f"sk-ocicat-{secrets.token_urlsafe(32)}"
        with self._lock:
            self._api_keys.add(key)
        return key

    def revoke(self, token: str) -> None:
        """Make a token or an API key bad. A leading ``ST$`` does not matter."""
        self.tokens.revoke(token.removeprefix("ST$"))
        with self._lock:
            self._api_keys.discard(token)

    def revoke_all(self) -> None:
        """Make all tokens bad that were issued up to now."""
        self.tokens.revoke_all()

    # --- policies and behaviour ------------------------------------------------------------------

    def deny(self, principal_id: str) -> None:
        """Take from a principal the permission to use Generative AI.

        It is named by its OCID, a workload by ``namespace/service account``. It can still log in;
        its other requests get the 404 with which OCI hides what one may not see.
        """
        with self._lock:
            self._denied.add(principal_id)

    def allow(self, principal_id: str) -> None:
        """Give the permission back."""
        with self._lock:
            self._denied.discard(principal_id)

    def when(self, path: str) -> Rule:
        """A new rule for the requests to an identity operation: ``when("/v1/x509").fail(503)``.

        ``path`` is a whole path, or its beginning up to a slash. Rules are asked before anything is
        checked; ``fail``, ``reply_raw``, ``reset``, ``stall`` and ``times`` work as for chats.
        """
        rule = Rule(None)
        with self._lock:
            self._rules.append((path.rstrip("/"), rule))
        return rule

    # --- for the operations ----------------------------------------------------------------------

    def now(self) -> float:
        """The emulator's time, in seconds since the epoch."""
        return self._clock()

    def behaviour(self, path: str) -> Behaviour:
        """How a request to this path is met."""
        with self._lock:
            rules = list(self._rules)
        for place, rule in rules:
            if path == place or path.startswith(place + "/"):
                behaviour = rule.take()
                if behaviour is not None:
                    return behaviour
        return Behaviour()

    def is_denied(self, principal: Principal) -> bool:
        """Whether the principal lacks the permission to use Generative AI."""
        with self._lock:
            return principal.id in self._denied

    def is_api_key(self, text: str) -> bool:
        """Whether there is such an API key."""
        with self._lock:
            return text in self._api_keys

    def has_compartment(self, ocid: str) -> bool:
        """Whether there is such a compartment."""
        return self._tenancy.has_compartment(ocid)

    def resource_token_url(self, resource_id: str) -> str:
        """Where a resource's token (RPT) is to be had."""
        return f"{self._url()}/20180711/resourcePrincipalToken/{resource_id}"

    def user(self, user_id: str | None = None) -> Principal:
        """A user of the tenancy."""
        return Principal("user", user_id or self.user_id, self.tenancy_id)

    def resource(self, resource_id: str) -> Principal:
        """A resource of the tenancy."""
        return Principal("resource", resource_id, self.tenancy_id, self.compartment_id)

    def parent_of(self, resource_id: str) -> str | None:
        """The resource that this one lies within."""
        with self._lock:
            return self._parents.get(resource_id)

    def issue_session(
        self,
        principal: Principal,
        key: rsa.RSAPublicKey,
        *,
        lifetime: float | None = None,
        begun: float | None = None,
        **claims: Any,
    ) -> Issued:
        """A token with which the principal signs requests under that key."""
        about = {
            "resource": {
                "res_tenant": principal.tenancy_id,
                "res_compartment": principal.compartment_id,
                "res_id": principal.id,
            },
            "instance": {
                "opc-certtype": "instance",
                "opc-tenant": principal.tenancy_id,
                "opc-compartment": principal.compartment_id,
                "opc-instance": principal.id,
            },
            "workload": {
                "res_tenant": principal.tenancy_id,
                "res_compartment": principal.compartment_id,
                "cluster_id": self.cluster_id,
            },
            "user": {},
        }[principal.kind]
        return self.tokens.issue(
            "session",
            principal,
            {**about, **claims},
            key=key,
            now=self.now(),
            lifetime=self.token_lifetime if lifetime is None else lifetime,
            begun=begun,
        )

    def caller(self, key_id: str) -> Caller | None:
        """Whom a ``keyId`` names, or ``None`` if there is no such caller.

        Raises :class:`TokenRefused` for a security token that is not good.
        """
        known = self._tenancy.public_key(key_id)
        if key_id.startswith("ST$") and known is None:
            token = self.tokens.find(key_id.removeprefix("ST$"), "session", self.now())
            assert token.key is not None
            return Caller(token.principal, token.key, token)
        if known is None:
            return None
        with self._lock:
            resource = self._resources.get(key_id)
        if resource is not None:
            return Caller(resource, known)
        tenancy_id, _, rest = key_id.partition("/")
        user_id = rest.partition("/")[0]
        return Caller(Principal("user", user_id or key_id, tenancy_id), known)

    def read_service_account(self, token: str) -> Principal:
        """The workload whose token this is. Raises :class:`TokenRefused`."""
        subject = str(self._read_foreign(self._cluster, token).get("sub"))
        match = _SERVICE_ACCOUNT.fullmatch(subject)
        if match is None:
            raise TokenRefused("the token is not that of a service account")
        id = f"{match[1]}/{match[2]}"
        return Principal("workload", id, self.tenancy_id, self.compartment_id)

    def read_subject(self, token: str) -> Principal:
        """The user whom the identity provider's token names. Raises :class:`TokenRefused`."""
        subject = str(self._read_foreign(self._provider, token).get("sub"))
        return Principal("user", subject, self.tenancy_id)

    def _read_foreign(self, issuer: JwtIssuer, token: str) -> dict[str, Any]:
        try:
            claims = issuer.read(token)
        except ValueError as problem:
            raise TokenRefused(str(problem.args[0])) from None
        expires = claims["exp"]
        if self.now() >= expires:
            raise TokenRefused(f"it expired {self.now() - expires:.0f} seconds ago")
        return claims

    def _new_leaf(self, key: rsa.RSAPrivateKey, tenancy_id: str) -> Leaf:
        return self.authority.issue_instance(
            key,
            tenancy_id=tenancy_id,
            compartment_id=self.compartment_id,
            instance_id=self.instance_id,
            now=self.now(),
            lifetime=self.certificate_lifetime,
        )
