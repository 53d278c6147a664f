"""Workloads outside OCI: a token of their own identity provider, exchanged for one of OCI's.

An identity domain that trusts the provider takes its token (a JWT) together with the public half of
a new key, and issues a security token for that key. Before it expires, all of this is done again.
Source: the ``oci`` SDK's ``TokenExchangeSigner`` and OCI's documentation of token exchange.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote, urlencode

from ocicat.auth import federation
from ocicat.auth.background import in_background
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.errors import InvalidSetting, MissingSetting
from ocicat.vocabulary.flow import Ambient, Flow, Request

__all__ = ["GitHubActions", "SubjectToken", "TokenExchangeResolver"]

_PATH: Final = "/oauth2/v1/token"
_DOMAIN_ID: Final = re.compile(r"[A-Za-z0-9_-]+")
_GITHUB: Final = "GitHub's token service"
_HINT: Final = (
    "Check the client's id and secret, that the identity domain trusts the token's issuer (an"
    " identity propagation trust), and that the token has not expired."
)


class GitHubActions:
    """The token that GitHub issues to a job of GitHub Actions.

    ``audience`` is what the token says it is for; GitHub has a default. The job needs
    ``permissions: id-token: write``. Source: GitHub's documentation of OpenID Connect.
    """

    def __init__(
        self, audience: str | None = None, *, environment: Mapping[str, str] | None = None
    ) -> None:
        self._audience = audience
        self._environment = os.environ if environment is None else environment

    def token(self, ambient: Ambient) -> Flow[str]:
        """A new token.

        Raises :class:`~ocicat.errors.MissingSetting` outside such a job, and what
        :func:`ocicat.auth.federation.call` raises.
        """
        url = self._variable("ACTIONS_ID_TOKEN_REQUEST_URL")
        bearer = self._variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        endpoint = federation.address(url, "ACTIONS_ID_TOKEN_REQUEST_URL")
        asked = ""
        if self._audience is not None:
            asked = f"{'&' if '?' in endpoint.path else '?'}audience={quote(self._audience, '')}"

        def make() -> Request:
            request = federation.json_request("GET", endpoint, ambient, path=asked)
            request.headers["authorization"] = f"Bearer {bearer}"
            return request

        response = yield from federation.call(make, ambient, service=_GITHUB)
        return federation.text_in(federation.json_object(response.body, _GITHUB), "value", _GITHUB)

    def _variable(self, name: str) -> str:
        value = self._environment.get(name, "").strip()
        if not value or not value.isascii() or not value.isprintable():
            raise MissingSetting(
                f"{name} is not set: this is no job of GitHub Actions that may have a token.",
                setting=name,
                hint="Give the job `permissions: id-token: write`; elsewhere, name the file that"
                " holds a token in OCICAT_SUBJECT_TOKEN_FILE.",
            )
        return value


#: The token itself, something that gives a current one, or the path of a file that holds it.
SubjectToken = str | Callable[[], str] | os.PathLike[str] | GitHubActions


class TokenExchangeResolver(RenewingResolver):
    """Finds the identity for which an identity domain exchanges a token.

    * ``domain_url``: of the identity domain, as the console shows it; or its bare id.
    * ``client_id``, ``client_secret``: of the confidential application in that domain.
    * ``subject_token``: a function is called in a thread of its own, a file read, each time anew.

    Resolving raises :class:`~ocicat.errors.InvalidSetting` for a subject token that is none,
    :class:`~ocicat.errors.APIStatusError` kin where the exchange is refused, and
    :class:`~ocicat.errors.TransportError` kin.
    """

    def __init__(
        self,
        *,
        domain_url: str,
        client_id: str,
        client_secret: str,
        subject_token: SubjectToken,
    ) -> None:
        super().__init__()
        url = domain_url.strip()
        if _DOMAIN_ID.fullmatch(url):
            url = f"https://{url}.identity.oraclecloud.com"
        self._domain = federation.address(url, "domain_url")
        # RFC 6749, section 2.3.1, would quote both. The oci SDK does not, nor do we.
        login = f"{client_id}:{client_secret}".encode()
        self._authorization = f"Basic {base64.b64encode(login).decode('ascii')}"
        self._subject_token = subject_token

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Exchange the subject token, for a key that is made for it."""
        subject = yield from self._subject(ambient)
        key = yield from federation.new_session_key()
        body = urlencode(
            {
                "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
                "requested_token_type": "urn:oci:token-type:oci-upst",
                "subject_token": subject,
                "subject_token_type": "jwt",
                "public_key": key.public,
            }
        ).encode("ascii")

        def make() -> Request:
            request = federation.json_request("POST", self._domain, ambient, path=_PATH)
            request.headers["authorization"] = self._authorization
            request.headers["content-type"] = "application/x-www-form-urlencoded"
            request.body = body
            return request

        service = f"The identity domain at {self._domain.host}"
        response = yield from federation.call(make, ambient, service=service, hint=_HINT)
        token = federation.issued(federation.json_object(response.body, service), service)
        return federation.lease(token, key, ambient.now())

    def _subject(self, ambient: Ambient) -> Flow[str]:
        given = self._subject_token
        if isinstance(given, GitHubActions):
            text = yield from given.token(ambient)
        elif isinstance(given, str):
            text = given
        elif isinstance(given, os.PathLike):
            path = Path(given).expanduser()
            text = _read(path)
        else:
            text = yield from in_background(given)
        text = text.strip() if isinstance(text, str) else ""
        if not federation.fits_header(text):
            raise InvalidSetting(
                "The subject token is empty, or no token.",
                setting="subject_token",
                hint="Give the JWT that the workload's identity provider has issued.",
            )
        return text


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig", "replace")
    except OSError as problem:
        raise InvalidSetting(
            f"The subject token file {path} cannot be read: {problem.strerror}.",
            setting="subject_token",
        ) from None
