"""Sessions for tests: their files, and a service that refreshes and begins them."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.signing.verify import SignatureRefused, verify
from ocicat.vocabulary.flow import Request, Response
from support.principals import TENANCY, Answer, Cloud, jwt, key, pem
from support.raw_server import RawServer, raw_server, reply

__all__ = ["GENERATE", "REFRESH", "USER", "SessionFiles", "SessionService", "public_der"]

USER = "ocid1.user.oc1..aaaaaaaa" + "u" * 52
REFRESH = "/v1/authentication/refresh"
GENERATE = "/v1/token/upst/actions/GenerateUpst"


def public_der(public_key: rsa.RSAPublicKey) -> str:
    """The base64 of a public key's DER."""
    der = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return base64.b64encode(der).decode()


class SessionService(Cloud):
    """OCI's auth service, as far as sessions go, and an API to call with them."""

    #: How many tokens it gave for others.
    refreshes = 0
    #: Whether it refreshes no more.
    over = False

    def issue(self, public_key: str) -> str:
        found = serialization.load_der_public_key(base64.b64decode(public_key, validate=True))
        assert isinstance(found, rsa.RSAPublicKey)
        self.log_ins += 1
        now = self.now()
        token = jwt(
            sub=USER, tenant=TENANCY, iat=now, exp=now + self.lifetime, jti=str(self.log_ins)
        )
        self.keys[f"ST${token}"] = found
        return token

    def _answer(self, request: Request) -> Answer:
        if request.target not in (REFRESH, GENERATE):
            return super()._answer(request)
        self.requests.append(request)
        for prefix, answers in self.wrong.items():
            if request.target.startswith(prefix) and answers:
                return answers.pop(0)
        try:
            verified = verify(
                request.method,
                request.target,
                request.headers,
                request.body,
                keys=self.keys.get,
                now=self.now(),
            )
        except SignatureRefused as refused:
            return answer({"code": refused.code, "message": refused.message}, 401)
        body = self.bodies[request.target] = json.loads(request.body)
        if request.target == GENERATE:
            assert set(body) <= {"publicKey", "sessionExpirationInMinutes"}
            self.lifetime = 60.0 * body.get("sessionExpirationInMinutes", 60)
            found = serialization.load_pem_public_key(body["publicKey"].encode())
            assert isinstance(found, rsa.RSAPublicKey)
            return answer({"token": self.issue(public_der(found))})
        assert body == {"currentToken": verified.key_id.token}
        if self.over:
            message = f"no more, {body['currentToken']}"
            return answer({"code": "NotAuthenticated", "message": message}, 401)
        self.refreshes += 1
        return answer({"token": self.issue(public_der(self.keys[verified.key_id.text]))})

    @contextmanager
    def served(self) -> Iterator[RawServer]:
        """This service behind a socket, over plain HTTP."""
        with raw_server(self._serve) as server:
            yield server

    def _serve(self, server: RawServer, connection: socket.socket, data: bytes) -> bool:
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        fields = (line.partition(":") for line in lines)
        headers = {name.lower(): value.strip() for name, _, value in fields}
        answered = self.answer(Request(method, "http", headers["host"], target, headers, body))
        assert isinstance(answered, Response)
        connection.sendall(reply(answered.body, f"{answered.status} x", **answered.headers))
        return True


def answer(body: Any, status: int = 200) -> Response:
    """An answer in JSON."""
    headers = {"content-type": "application/json", "opc-request-id": "A/B/C"}
    return Response(status, headers, json.dumps(body).encode())


class SessionFiles:
    """A session's directory, with a token that ``service`` issued."""

    def __init__(
        self, directory: Path, service: SessionService, *, passphrase: str | None = None
    ) -> None:
        self.service = service
        self.token_file = directory / "token"
        self.key_file = directory / "oci_api_key.pem"
        self.key_file.write_text(pem(key("session"), passphrase))
        self.token = self.renew()

    def issue(self, key_name: str = "session") -> str:
        """A new token, which is in no file yet."""
        return self.service.issue(public_der(key(key_name).public_key()))

    def renew(self, key_name: str = "session", *, end: str = "\n") -> str:
        """What another process does: a new token in the file."""
        self.token = self.issue(key_name)
        self.write(self.token + end)
        return self.token

    def write(self, content: str | bytes) -> None:
        """Put this into the token file, noticeably."""
        data = content.encode() if isinstance(content, str) else content
        new = self.token_file.with_name("token.other")
        new.write_bytes(data)
        new.replace(self.token_file)
