"""A user's API key: the identity of laptops and of most scripts."""

from __future__ import annotations

from pathlib import Path

from ocicat.auth import files
from ocicat.errors import InvalidKey, InvalidSetting
from ocicat.signing import signer
from ocicat.signing.keys import PrivateKey, load_private_key
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity

__all__ = ["UserIdentity", "UserKeyResolver"]

_MD5_PAIRS = 16


class UserIdentity:
    """A user of a tenancy, with the key that proves it."""

    __slots__ = ("_key", "key_id")

    renewable = False

    def __init__(self, tenancy: str, user: str, key: PrivateKey, fingerprint: str) -> None:
        self._key = key
        self.key_id = f"{tenancy}/{user}/{fingerprint}"

    def authorize(self, request: Request, now: float) -> None:
        """Sign the request."""
        signer.sign_request(request, self.key_id, self._key, now)

    def __repr__(self) -> str:
        return f"<UserIdentity {self.key_id}>"


class UserKeyResolver:
    """Finds a user's identity from the four facts that make one.

    ``key`` is PEM text, ``key_file`` the path of such text (``~`` is expanded); one of them is
    needed. The key is read on the first call and again only when its file changes. Raises
    :class:`~ocicat.errors.InvalidKey`, :class:`~ocicat.errors.WrongPassphrase` or
    :class:`~ocicat.errors.InvalidSetting` then.
    """

    def __init__(
        self,
        *,
        tenancy: str,
        user: str,
        fingerprint: str,
        key: str | None = None,
        key_file: str | None = None,
        passphrase: str | None = None,
    ) -> None:
        self._tenancy = tenancy
        self._user = user
        self._fingerprint = fingerprint.strip().lower()
        self._pem = key
        self._path = Path(key_file).expanduser() if key_file else None
        self._passphrase = passphrase
        self._stamp: files.Stamp | None = None
        self._identity: UserIdentity | None = None

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity; nothing is sent to find it."""
        yield from ()  # every resolver is a generator, though this one has nothing to wait for
        return self._identity_now()

    def _identity_now(self) -> UserIdentity:
        if self._pem is not None:
            if self._identity is None:
                self._identity = self._read(self._pem, "The private key in `oci_key`")
            return self._identity
        path = self._path
        if path is None:
            raise InvalidKey("There is no private key.", hint="Give `oci_key` or `oci_key_file`.")
        stamp = files.stamp(path)
        if self._identity is None or stamp != self._stamp:
            where = f"The private key file {path}"
            self._identity = self._read(files.read(path, where, InvalidKey), where)
            self._stamp = stamp
        return self._identity

    def _read(self, pem: str | bytes, where: str) -> UserIdentity:
        key = load_private_key(pem, self._passphrase, where=where)
        if self._fingerprint.count(":") == _MD5_PAIRS - 1 and self._fingerprint != key.fingerprint:
            raise InvalidSetting(
                f"{where} has the fingerprint {key.fingerprint}, but the fingerprint given is"
                f" {self._fingerprint}.",
                setting="fingerprint",
                hint="They belong together: take both from the same API key.",
            )
        return UserIdentity(self._tenancy, self._user, key, self._fingerprint)
