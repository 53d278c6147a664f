"""A delegation token: an instance or a resource that acts for a user, as in OCI's Cloud Shell.

The token travels beside the principal's own signature, in ``opc-obo-token``, and is signed with
it. Source: the ``oci`` SDK's ``InstancePrincipalsDelegationTokenSigner``.
"""

from __future__ import annotations

from pathlib import Path

from ocicat.auth import federation, files
from ocicat.errors import ConfigurationError, InvalidSetting, MissingSetting
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity, IdentityResolver

__all__ = ["DelegationResolver"]

_HEADER = "opc-obo-token"


class _DelegatedIdentity:
    """A principal that acts for the user whom a delegation token names."""

    __slots__ = ("_token", "principal", "renewable")

    def __init__(self, principal: Identity, token: str, *, renewable: bool) -> None:
        self.principal = principal
        self._token = token
        self.renewable = renewable

    def authorize(self, request: Request, now: float) -> None:
        """Add the token and sign the request, the token with it."""
        request.headers[_HEADER] = self._token
        self.principal.authorize(request, now)

    def has(self, token: str) -> bool:
        """Whether it acts with this token."""
        return self._token == token

    def __repr__(self) -> str:
        return f"<delegation over {self.principal!r}>"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a delegation token is not pickled; pickle the settings that it came from")


class DelegationResolver:
    """Acts for a user, through ``principal``, which finds an instance or a resource principal.

    ``token`` is the delegation token, or ``token_file`` the path of a file that holds it (``~`` is
    expanded); one of them is needed. The file is read again whenever it changes. Raises
    :class:`~ocicat.errors.MissingSetting` without a token, and
    :class:`~ocicat.errors.ConfigurationError` kin for what is none.
    """

    def __init__(
        self,
        principal: IdentityResolver,
        *,
        token: str | None = None,
        token_file: str | None = None,
    ) -> None:
        self._principal = principal
        self._token = ""
        self._path: Path | None = None
        self._stamp: files.Stamp | None = None
        if token:
            self._token = token.strip()
            if not federation.fits_header(self._token):
                raise InvalidSetting(
                    "The delegation token is empty, or has characters that no token has.",
                    setting="delegation_token",
                )
        elif token_file:
            self._path = Path(token_file).expanduser()
        else:
            raise MissingSetting(
                "There is no delegation token.",
                setting="delegation_token_file",
                hint="Put `delegation_token_file` into the profile, as Cloud Shell does.",
            )

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The principal's identity with the present token.

        Raises what finding the principal raises, and
        :class:`~ocicat.errors.ConfigurationError` for a token file that cannot be used.
        """
        token = self._present_token()
        principal: Identity | None = None
        # A token that has changed meanwhile is why the old one was refused, not the principal.
        if isinstance(refused, _DelegatedIdentity) and refused.has(token):
            principal = refused.principal
        identity = yield from self._principal.resolve(ambient, principal)
        renewable = identity.renewable or self._path is not None
        return _DelegatedIdentity(identity, token, renewable=renewable)

    def _present_token(self) -> str:
        path = self._path
        if path is None:
            return self._token
        stamp = files.stamp(path)
        if not self._token or stamp is None or stamp != self._stamp:
            where = f"The delegation token file {path}"
            content = files.read(path, where, ConfigurationError)
            token = content.decode("utf-8", "replace").strip()
            if not federation.fits_header(token):
                raise ConfigurationError(f"{where} holds no token.")
            self._token, self._stamp = token, stamp
        return self._token
