"""Beginning a session: a new key, a token for it, and the files from which others use them.

OCI issues the token either to a browser in which the user has logged in, or to somebody who signs
with an API key. The files are those of ``oci session authenticate``, so the OCI CLI, the SDKs and
ocicat all find the session. Source: the OCI CLI's ``session`` commands.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.auth import config_editor, federation, files
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import InvalidSetting, MalformedReply
from ocicat.signing.keys import fingerprint
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import IdentityResolver

__all__ = ["NewSession", "authorize_url", "generate_token"]

_AUTHORIZE: Final = "/v1/oauth2/authorize"
_GENERATE: Final = "/v1/token/upst/actions/GenerateUpst"
_AUTH_SERVICE: Final = "OCI's auth service"
#: The client that the CLI and the console's own log-in page are.
_CLIENT_ID: Final = "iaas_console"
#: What the OCI CLI writes behind a key, and warns about where it is missing.
_LABEL: Final = b"OCI_API_KEY\n"


def _number(value: int) -> str:
    data = value.to_bytes((value.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


@dataclass(frozen=True, slots=True)
class NewSession:
    """The key of a session that is about to begin."""

    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def make(cls) -> NewSession:
        """With a new RSA key of 2048 bits; takes some 100 ms of computing."""
        return cls(rsa.generate_private_key(public_exponent=65537, key_size=2048))

    @property
    def public_pem(self) -> str:
        """The public half, as SubjectPublicKeyInfo in PEM."""
        return (
            self.key.public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            .decode("ascii")
        )

    @property
    def jwk(self) -> str:
        """The public half, as the log-in page takes it: a JSON Web Key in base64url."""
        numbers = self.key.public_key().public_numbers()
        described = {
            "kty": "RSA",
            "n": _number(numbers.n),
            "e": _number(numbers.e),
            "kid": "Ignored",
        }
        return base64.urlsafe_b64encode(msgspec.json.encode(described)).decode("ascii")

    def is_for_us(self, token: SecurityToken) -> bool:
        """Whether the token was issued for this key, as far as it says for which."""
        described: Any = token.claims.get("jwk")
        if isinstance(described, str):
            try:
                described = msgspec.json.decode(described)
            except (ValueError, RecursionError):
                return False
        if described is None:
            return True
        return isinstance(described, dict) and described.get("n") == _number(
            self.key.public_key().public_numbers().n
        )

    def save(self, config_file: Path, profile: str, token: SecurityToken, region: str) -> None:
        """Write the session's files, readable for their owner only, and then the profile.

        Raises :class:`~ocicat.errors.MalformedReply` for a token that names no tenancy, and
        :class:`~ocicat.errors.InvalidSetting` for what cannot be written.
        """
        tenancy = token.claims.get("tenant")
        if not isinstance(tenancy, str) or not tenancy.isprintable() or not tenancy:
            raise MalformedReply("The session token that was issued does not name a tenancy.")
        config_editor.own_values(config_file, profile)  # to fail before anything is written
        directory = config_file.parent.resolve() / "sessions" / profile
        private = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            files.write_private(directory / "oci_api_key.pem", private + _LABEL)
            files.write_private(directory / "oci_api_key_public.pem", self.public_pem.encode())
            files.write_private(directory / "token", token.text.encode())
        except OSError as problem:
            raise InvalidSetting(
                f"The session cannot be written to {directory}: {problem.strerror}.",
                setting="config_file",
            ) from None
        config_editor.write_profile(
            config_file,
            profile,
            {
                "fingerprint": fingerprint(self.key.public_key()),
                "key_file": str(directory / "oci_api_key.pem"),
                "tenancy": tenancy,
                "region": region,
                "security_token_file": str(directory / "token"),
            },
        )


def authorize_url(login_url: str, session: NewSession, *, nonce: str, redirect_uri: str) -> str:
    """Where the user logs in; the page then leads the browser to ``redirect_uri``.

    ``login_url`` is the base URL of the region's log-in host.
    """
    query = {
        "action": "login",
        "client_id": _CLIENT_ID,
        "response_type": "token id_token",
        "nonce": nonce,
        "scope": "openid",
        "public_key": session.jwk,
        "redirect_uri": redirect_uri,
    }
    return f"{federation.address(login_url, 'login_url')}{_AUTHORIZE}?{urlencode(query)}"


def generate_token(
    auth_url: str,
    session: NewSession,
    identities: IdentityResolver,
    ambient: Ambient,
    *,
    minutes: int | None = None,
) -> Flow[SecurityToken]:
    """A session token for whoever ``identities`` finds, which lives for ``minutes`` (5 to 60).

    Raises what resolving raises, :class:`~ocicat.errors.APIStatusError` kin for a refusal,
    :class:`~ocicat.errors.MalformedReply` and :class:`~ocicat.errors.TransportError` kin.
    """
    identity = yield from identities.resolve(ambient)
    endpoint = federation.address(auth_url, "auth_url")
    service = f"{_AUTH_SERVICE} at {endpoint.host}"
    body: dict[str, object] = {"publicKey": session.public_pem}
    if minutes is not None:
        body["sessionExpirationInMinutes"] = minutes

    def make() -> Request:
        request = federation.json_request("POST", endpoint, ambient, path=_GENERATE, body=body)
        identity.authorize(request, ambient.now())
        return request

    response = yield from federation.call(
        make,
        ambient,
        service=service,
        hint="Is the API key in the profile still one of the user's keys?",
    )
    return federation.issued(federation.json_object(response.body, service), service)
