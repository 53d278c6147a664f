"""A signer that the caller already has: any of the ``oci`` SDK's, or one that acts like them.

ocicat does not depend on the SDK for this. All that is asked of a signer is the SDK's protocol: to
be callable with a request, or to have ``do_request_sign(request)``, where the request has
``method``, ``url``, ``path_url``, ``headers`` and ``body``. A signer that holds a token and has
``refresh_security_token()`` is refreshed before the token expires, and once after a 401. The SDK
does so over the network, in the calling thread; here it happens in a thread of its own.
"""

from __future__ import annotations

from typing import Any

from ocicat.auth.background import in_background
from ocicat.auth.renewal import Lease, RenewingResolver
from ocicat.auth.tokens import SecurityToken
from ocicat.errors import ConfigurationError, InvalidSetting, OcicatError
from ocicat.vocabulary.flow import Ambient, Flow, Request

__all__ = ["SignerIdentity", "SignerResolver"]

_TOKEN_KEY_ID = "ST$"


class _Prepared:
    """A request as the SDK's signers see it, in the manner of ``requests.PreparedRequest``."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.url = request.url
        self.path_url = request.target
        self.body = request.body
        self.headers = dict(request.headers)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            # The signer hashes bytes but leaves their length to the HTTP library.
            self.headers["content-length"] = str(len(request.body))


class SignerIdentity:
    """Whoever the signer signs for."""

    __slots__ = ("_signer", "renewable")

    def __init__(self, signer: Any) -> None:
        self._signer = signer
        self.renewable = callable(getattr(signer, "refresh_security_token", None))

    def authorize(self, request: Request, now: float) -> None:
        """Let the signer sign; it keeps its own clock."""
        prepared = _Prepared(request)
        # Called, the SDK's signers look at their token first; do_request_sign alone does not.
        sign = self._signer if callable(self._signer) else self._signer.do_request_sign
        sign(prepared)
        request.headers.update(
            {name.lower(): str(value) for name, value in prepared.headers.items()}
        )

    def __repr__(self) -> str:
        return f"<SignerIdentity {type(self._signer).__name__}>"


class SignerResolver(RenewingResolver):
    """Gives the identity of a signer.

    Raises :class:`~ocicat.errors.InvalidSetting` for an object that cannot sign.
    """

    def __init__(self, signer: Any) -> None:
        super().__init__()
        if not callable(signer) and not callable(getattr(signer, "do_request_sign", None)):
            raise InvalidSetting(
                f"`oci_signer` is a {type(signer).__name__}, which cannot sign requests.",
                setting="oci_signer",
                hint="Give a signer of the oci SDK, such as oci.signer.Signer.",
            )
        self._signer = signer
        self._is_fresh = True

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Take the signer as it is the first time, and refreshed after that."""
        identity = SignerIdentity(self._signer)
        if self._is_fresh:
            self._is_fresh = False
        elif identity.renewable:
            try:
                yield from in_background(self._signer.refresh_security_token)
            except OcicatError:
                raise
            except Exception as problem:
                # Its message may hold anything, a token too; what is chained is only for debugging.
                raise ConfigurationError(
                    f"The signer {type(self._signer).__name__} could not refresh its token:"
                    f" {type(problem).__name__}.",
                    hint="Its own error is this one's cause.",
                ) from problem
        return Lease(identity, self._lifetime(ambient.now()) if identity.renewable else None)

    def _lifetime(self, now: float) -> float | None:
        """Seconds that the signer's token still lives, as far as can be seen."""
        key_id = getattr(self._signer, "api_key", None)
        if not isinstance(key_id, str) or not key_id.startswith(_TOKEN_KEY_ID):
            return None
        expires = SecurityToken.read(key_id.removeprefix(_TOKEN_KEY_ID)).expires
        return None if expires is None else expires - now
