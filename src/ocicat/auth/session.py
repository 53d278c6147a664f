"""A session of the OCI CLI: a token that a log-in has left in a file, with a key of its own.

``oci session authenticate`` and ``ocicat login`` write both. The token lives for an hour at most;
before it ends it is exchanged for a new one, which is written over the old one, so that all who use
the session go on. Whoever finds a newer token in the file takes that instead.
Source: the OCI CLI's ``session`` commands.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from ocicat.auth import federation, files
from ocicat.auth.background import in_background
from ocicat.auth.federation import TokenIdentity
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import AuthenticationError, InvalidKey, InvalidSetting, OcicatError
from ocicat.signing.keys import PrivateKey, load_private_key
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity

__all__ = ["SessionResolver"]

_PATH = "/v1/authentication/refresh"
_AUTH_SERVICE = "OCI's auth service"
#: A token found in the file with less than this left (seconds) is refreshed before its first use.
_SOON = 60.0


class SessionResolver(RenewingResolver):
    """Finds the identity of a session, and keeps the session alive.

    * ``token_file``, ``key_file``: paths (``~`` is expanded) of the token and of the PEM key.
    * ``auth_url``: base URL of the region's service, as ``https://auth.us-chicago-1.oraclecloud.com``.
    * ``passphrase``: of an encrypted key.
    * ``profile``: whose session it is, for the hint that says how to log in again.

    Both files are read on the first call and again only when they change. Resolving raises
    :class:`~ocicat.errors.InvalidSetting` for a token that has expired or is none,
    :class:`~ocicat.errors.InvalidKey` kin, :class:`~ocicat.errors.AuthenticationError` for a
    session that cannot be refreshed any more, and :class:`~ocicat.errors.TransportError` kin.
    """

    def __init__(
        self,
        *,
        token_file: str | os.PathLike[str],
        key_file: str | os.PathLike[str],
        auth_url: str,
        passphrase: str | None = None,
        profile: str | None = None,
    ) -> None:
        super().__init__()
        self._token_path = Path(token_file).expanduser()
        self._key_path = Path(key_file).expanduser()
        self._endpoint = federation.address(auth_url, "auth_url")
        self._passphrase = passphrase
        self._hint = (
            f"Log in again with `ocicat login --profile {profile}`."
            if profile
            else "Log in again with `ocicat login`."
        )
        self._token: SecurityToken | None = None
        self._key: PrivateKey | None = None
        self._in_file = ""  # the token as it was last read from the file, or written to it
        self._beyond_refresh = ""  # the token for which OCI has refused another
        self._token_stamp: files.Stamp | None = None
        self._key_stamp: files.Stamp | None = None

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity to use now; not ``refused``, which OCI has just answered with a 401."""
        held = self._held
        if held is not None and self._has_changed():
            held.renew_at = ambient.monotonic()
        return (yield from super().resolve(ambient, refused))

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Take the token in the file, if it is new to us, or else exchange ours for a new one."""
        is_new = yield from self._reload()
        token, key = self._pair()
        left = self._left(token, ambient.now())
        if is_new and (left is None or left > _soon(token)):
            return Lease(TokenIdentity(token.text, key), left)
        try:
            return (yield from self._exchange(ambient))
        except OcicatError:
            if not is_new:
                raise
            return Lease(TokenIdentity(token.text, key), left)

    def refresh(self, ambient: Ambient) -> Flow[float | None]:
        """Exchange the token now, however long it would live; until when (epoch seconds) it does.

        Raises as resolving does.
        """
        yield from self._reload()
        self._left(self._pair()[0], ambient.now())
        yield from self._exchange(ambient)
        return self._pair()[0].expires

    def _exchange(self, ambient: Ambient) -> Flow[Lease]:
        token, key = self._pair()
        if token.text == self._beyond_refresh:
            raise self._ended()
        identity = TokenIdentity(token.text, key)
        service = f"{_AUTH_SERVICE} at {self._endpoint.host}"

        def make() -> Request:
            request = federation.json_request(
                "POST", self._endpoint, ambient, path=_PATH, body={"currentToken": token.text}
            )
            identity.authorize(request, ambient.now())
            return request

        try:
            response = yield from federation.call(make, ambient, service=service, hint=self._hint)
        except AuthenticationError as refusal:
            # Somebody may have refreshed it, or logged in, while we waited.
            if not (yield from self._reload_if_changed()):
                if refusal.hint == self._hint:  # else this machine's clock is to blame
                    self._beyond_refresh = token.text
                raise self._ended(refusal) from refusal
        else:
            renewed = federation.issued(federation.json_object(response.body, service), service)
            if not (yield from self._reload_if_changed()):
                self._token = renewed
                yield from in_background(lambda: self._write(renewed))
                lifetime = renewed.lifetime(ambient.now())
                return Lease(TokenIdentity(renewed.text, key), lifetime)
        token, key = self._pair()
        return Lease(TokenIdentity(token.text, key), self._left(token, ambient.now()))

    def _ended(self, refusal: AuthenticationError | None = None) -> AuthenticationError:
        return AuthenticationError(
            "The session has ended: OCI does not refresh it any more.",
            status=401,
            code="NotAuthenticated",
            opc_request_id=refusal.opc_request_id if refusal else "",
            hint=refusal.hint if refusal else self._hint,
        )

    def _left(self, token: SecurityToken, now: float) -> float | None:
        """Seconds that a token from the file still lives, by our clock."""
        if token.expires is None:
            return None
        left = token.expires - now
        if left <= 0:
            raise InvalidSetting(
                f"The session of the token file {self._token_path} has ended{_at(token.expires)}.",
                setting="security_token_file",
                hint=self._hint,
            )
        return left

    def _write(self, token: SecurityToken) -> None:
        try:
            files.write_private(self._token_path, token.text.encode())
        except OSError as problem:
            import logging  # hardly ever needed

            # This process goes on with the token in memory.
            logging.getLogger("ocicat").warning(
                "The refreshed session token cannot be written to %s: %s.",
                self._token_path,
                problem.strerror,
            )
            return
        self._in_file = token.text
        self._token_stamp = files.stamp(self._token_path)

    # --- the files ------------------------------------------------------------------------------

    def _has_changed(self) -> bool:
        return (
            files.stamp(self._token_path) != self._token_stamp
            or files.stamp(self._key_path) != self._key_stamp
        )

    def _reload_if_changed(self) -> Flow[bool]:
        """Whether the file has a token that is new to us, which then is ours."""
        if not self._has_changed():
            return False
        return (yield from self._reload())

    def _reload(self) -> Flow[bool]:
        """Read what has changed; whether the file's token is new to us."""
        yield from self._reload_key()
        stamp = files.stamp(self._token_path)
        if self._token is not None and stamp == self._token_stamp:
            return False
        ours, self._token = self._token, None
        # Noted before reading: a change in between is seen the next time.
        self._token_stamp = stamp
        token = self._read_token()
        if ours is not None and token.text == self._in_file:
            self._token = ours
            return False
        self._in_file, self._token = token.text, token
        return True

    def _reload_key(self) -> Flow[None]:
        stamp = files.stamp(self._key_path)
        if self._key is not None and stamp == self._key_stamp:
            return
        self._key, self._key_stamp = None, stamp
        where = f"The session's private key file {self._key_path}"
        pem = files.read(self._key_path, where, InvalidKey)
        if b"ENCRYPTED" in pem:
            # Deriving a key from a pass phrase takes a while, on purpose.
            self._key = yield from in_background(
                lambda: load_private_key(pem, self._passphrase, where=where)
            )
        else:
            self._key = load_private_key(pem, self._passphrase, where=where)

    def _read_token(self) -> SecurityToken:
        where = f"The session's token file {self._token_path}"
        try:
            data = self._token_path.read_bytes()
        except OSError as problem:
            missing = isinstance(problem, FileNotFoundError)
            why = "does not exist" if missing else f"cannot be read: {problem.strerror}"
            raise InvalidSetting(
                f"{where} {why}.",
                setting="security_token_file",
                hint=self._hint,
            ) from None
        text = data.decode("utf-8-sig", "replace").strip()
        if not federation.fits_header(text):
            raise InvalidSetting(
                f"{where} {'holds no token' if text else 'is empty'}.",
                setting="security_token_file",
                hint=self._hint,
            )
        return SecurityToken.read(text)

    def _pair(self) -> tuple[SecurityToken, PrivateKey]:
        assert self._token is not None
        assert self._key is not None
        return self._token, self._key


def _soon(token: SecurityToken) -> float:
    if token.expires is None or token.issued is None:
        return _SOON
    return min(_SOON, (token.expires - token.issued) / 2)


def _at(seconds: float) -> str:
    try:
        return f", at {datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, OSError, ValueError):
        return ""  # no time that a calendar knows
