"""A small OCI for log-ins: what instances, resources and pods talk to before they have a token.

It is a function from a request to a response, so that flows can be fed with it by hand, and it
checks signatures with the verifier. The functions at the end make real calls to the emulator.
"""

from __future__ import annotations

import asyncio
import base64
import functools
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from ocicat.emulator import Emulator
from ocicat.errors import OcicatError, TransportError
from ocicat.signing.verify import SignatureRefused, verify
from ocicat.transport import aio, sync
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Ambient, Flow, Join, Pause, Request, Response
from support.flows import Stopped

__all__ = [
    "RESOURCE",
    "TENANCY",
    "Cloud",
    "Driven",
    "asked",
    "authority_pem",
    "call_models",
    "drive",
    "jwt",
    "key",
    "models_async",
    "models_in_task",
    "models_sync",
    "pem",
]

TENANCY = "ocid1.tenancy.oc1..aaaaaaaa" + "t" * 52
RESOURCE = "ocid1.fnfunc.oc1.iad.aaaaaaaa" + "r" * 52
INSTANCE = "ocid1.instance.oc1.iad.aaaaaaaa" + "i" * 52


@functools.cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A key of this name, made once."""
    return rsa.generate_private_key(65537, 2048)


def pem(private_key: rsa.RSAPrivateKey, passphrase: str | None = None) -> str:
    """A private key in PEM."""
    encryption: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if passphrase:
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
    return private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
    ).decode()


def jwt(**claims: Any) -> str:
    """A token with these claims, signed by nobody."""
    parts = [{"alg": "RS256"}, claims]
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()) for part in parts]
    return ".".join(part.rstrip(b"=").decode() for part in encoded) + ".c2lnbmF0dXJl"


@functools.cache
def _authority() -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "PKISVC Identity Intermediate")])
    return _certificate(name, name, key("authority").public_key())


def authority_pem() -> bytes:
    """The certificate that the leaves are signed with."""
    return _authority().public_bytes(serialization.Encoding.PEM)


def _certificate(
    subject: x509.Name, issuer: x509.Name, public_key: rsa.RSAPublicKey
) -> x509.Certificate:
    start = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start - timedelta(days=1))
        .not_valid_after(start + timedelta(days=1))
        .sign(key("authority"), hashes.SHA256())
    )


def _leaf(tenancy: str | None, key_name: str, mark: str, common_name: str) -> x509.Certificate:
    """An instance's certificate."""
    units = ["opc-certtype:instance", f"opc-instance:{INSTANCE}"]
    units += [f"{mark}{tenancy}"] if tenancy is not None else []
    names = [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    # The usual check refuses common names as long as OCI's.
    common = x509.NameAttribute(NameOID.COMMON_NAME, common_name, _validate=False)
    subject = x509.Name([common, *names])
    return _certificate(subject, _authority().subject, key(key_name).public_key())


Answer = Response | TransportError


class Cloud:
    """Metadata, auth, resource and cluster services, and one API to call with what they give.

    ``wrong`` holds answers to give instead of the right ones, by path, in order.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now
        self.lifetime = 1200.0
        self.region = "iad"
        self.log_ins = 0
        self.refuse_sha1 = False
        self.requests: list[Request] = []
        self.calls: list[int] = []
        self.bodies: dict[str, Any] = {}
        self.wrong: dict[str, list[Answer]] = {}
        self.parents: dict[str, str] = {}
        self.keys: dict[str, rsa.RSAPublicKey] = {}
        self._lock = threading.Lock()
        self.certify(TENANCY, "leaf")

    def certify(
        self,
        tenancy: str | None,
        key_name: str,
        mark: str = "opc-tenant:",
        name: str = "instance",
    ) -> None:
        """Give the instance a certificate."""
        self.leaf = _leaf(tenancy, key_name, mark, name)
        self.leaf_key = key(key_name)
        for name, digest in (("fed-x509", hashes.SHA1()), ("fed-x509-sha256", hashes.SHA256())):
            text = self.leaf.fingerprint(digest).hex(":")
            text = text.upper() if name == "fed-x509" else text
            self.keys[f"{tenancy}/{name}/{text}"] = key(key_name).public_key()

    def revoke(self) -> None:
        """Forget all tokens."""
        self.keys = {name: known for name, known in self.keys.items() if not name.startswith("ST$")}

    def issue(self, public_key: str) -> str:
        """A token for a public key (the base64 of its DER)."""
        found = serialization.load_der_public_key(base64.b64decode(public_key, validate=True))
        assert isinstance(found, rsa.RSAPublicKey)
        self.log_ins += 1
        now = self.now()
        token = jwt(iat=now, exp=now + self.lifetime, jti=self.log_ins)
        self.keys[f"ST${token}"] = found
        return token

    def answer(self, request: Request) -> Answer:
        """What comes back."""
        with self._lock:
            return self._answer(request)

    def _answer(self, request: Request) -> Answer:
        self.requests.append(request)
        path = request.target
        for prefix, answers in self.wrong.items():
            if path.startswith(prefix) and answers:
                return answers.pop(0)
        if path.startswith("/opc/v2/"):
            return self._metadata(request, path.removeprefix("/opc/v2"))
        if path == "/resourcePrincipalSessionTokens":
            return self._cluster(request)
        try:
            verified = verify(
                request.method,
                path,
                request.headers,
                request.body,
                keys=self.keys.get,
                now=self.now(),
                host_required=path != "/v1/x509",
            )
        except SignatureRefused as refused:
            if path == "/20231130/models":
                self.calls.append(401)
            return _json({"code": refused.code, "message": refused.message}, 401)
        body = json.loads(request.body) if request.body else {}
        self.bodies[path] = body
        if path == "/v1/x509":
            if self.refuse_sha1 and "fingerprintAlgorithm" not in body:
                return _json({"code": "NotAuthenticated", "message": "SHA-1 is too old"}, 401)
            assert verified.signed_headers[:2] == ("date", "(request-target)")
            assert ("fed-x509-sha256" in verified.key_id.text) == ("fingerprintAlgorithm" in body)
            return _json({"token": self.issue(body["publicKey"])})
        if path.startswith(("/20180711/", "/parents/", "/own/")):
            tokens = {"resourcePrincipalToken": "rpt", "servicePrincipalSessionToken": "spst"}
            parent = self.parents.get(path)
            return _json(tokens, **({"opc-parent-rpt-url": parent} if parent else {}))
        if path == "/v1/resourcePrincipalSessionToken":
            assert body["resourcePrincipalToken"] == "rpt"
            assert body["servicePrincipalSessionToken"] == "spst"
            return _json({"token": self.issue(body["sessionPublicKey"])})
        if path == "/20231130/models":
            self.calls.append(200)
            return _json({"items": []})
        return _json({"code": "NotAuthorizedOrNotFound", "message": path}, 404)

    def _metadata(self, request: Request, path: str) -> Response:
        assert request.direct
        assert request.headers["authorization"] == "Bearer Oracle"
        pems = serialization.Encoding.PEM
        texts: dict[str, bytes | str] = {
            "/instance/region": self.region,
            "/instance/id": INSTANCE.upper() + "\n",
            "/instance/regionInfo": json.dumps(
                {
                    "realmKey": "OC77",
                    "realmDomainComponent": "oraclecloud77.example",
                    "regionKey": "XYZ",
                    "regionIdentifier": "xx-new-1",
                }
            ),
            "/identity/cert.pem": self.leaf.public_bytes(pems),
            "/identity/key.pem": pem(self.leaf_key),
            "/identity/intermediate.pem": authority_pem(),
        }
        text = texts[path]
        return Response(
            200,
            {"content-type": "text/plain"},
            text.encode() if isinstance(text, str) else text,
        )

    def _cluster(self, request: Request) -> Response:
        assert request.headers["authorization"].startswith("Bearer ey")
        body = json.loads(request.body)
        answer = json.dumps({"token": "ST$" + self.issue(body["podKey"])})
        return Response(200, {"content-type": "text/plain"}, base64.b64encode(answer.encode()))


def _json(body: Any, status: int = 200, **headers: str) -> Response:
    return Response(
        status,
        {"content-type": "application/json", "opc-request-id": "A/B/C", **headers},
        json.dumps(body).encode(),
    )


class Driven:
    """What came of driving a flow by hand."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.pauses: list[float] = []
        self.joins = 0
        self.result: Any = None
        self.error: OcicatError | None = None


def drive(
    flow: Flow[Any], answer: Callable[[Request], Answer], ambient: Stopped | None = None
) -> Driven:
    """Drive ``flow``; requests go to ``answer``, pauses move the clock, joins really wait."""
    driven = Driven()
    try:
        effect = next(flow)
        while True:
            outcome: Any = None
            if isinstance(effect, Request):
                driven.requests.append(effect)
                outcome = answer(effect)
                if isinstance(outcome, Exception):
                    effect = flow.throw(outcome)
                    continue
            elif isinstance(effect, Pause):
                driven.pauses.append(effect.seconds)
                if ambient:
                    ambient.time += effect.seconds
            else:
                assert isinstance(effect, Join)
                driven.joins += 1
                happened = threading.Event()
                effect.latch.add_done_callback(lambda _, e=happened: e.set())
                assert happened.wait(30)
            effect = flow.send(outcome)
    except StopIteration as end:
        driven.result = end.value
    except OcicatError as error:
        driven.error = error
    return driven


def call_models(
    resolver: Any, host: str, ambient: Ambient, target: str = "/20231130/models"
) -> Flow[Response]:
    """A signed call, with one renewal after a 401, as every call of ocicat makes it."""
    identity = yield from resolver.resolve(ambient)
    for _ in range(2):
        request = Request("GET", "http", host, target, {"host": host})
        identity.authorize(request, ambient.now())
        response: Response = yield request
        if response.status != 401 or not identity.renewable:
            break
        identity = yield from resolver.resolve(ambient, refused=identity)
    return response


def models_sync(emulator: Emulator, resolver: Any) -> int:
    """The status of a signed call to the emulator, made in this thread."""
    return sync.run(_models(emulator, resolver)).status


def models_async(emulator: Emulator, resolver: Any) -> int:
    """The same, made on an event loop."""
    return asyncio.run(aio.run(_models(emulator, resolver))).status


async def models_in_task(emulator: Emulator, resolver: Any) -> int:
    """The same, made on the running event loop."""
    return (await aio.run(_models(emulator, resolver))).status


def _models(emulator: Emulator, resolver: Any) -> Flow[Response]:
    host = emulator.url.removeprefix("http://")
    target = f"/20231130/models?compartmentId={emulator.compartment_id}"
    return call_models(resolver, host, SYSTEM, target)


def asked(emulator: Emulator, path: str) -> list[int | None]:
    """The statuses of the requests to a path, in order."""
    return [entry.status for entry in emulator.ledger if entry.path == path]
