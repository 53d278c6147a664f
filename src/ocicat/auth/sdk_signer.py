"""A signer that the caller already has: any of the ``oci`` SDK's, or one that acts like them.

ocicat does not depend on the SDK for this. All that is asked of a signer is the SDK's protocol:
``do_request_sign(request)``, or being callable with a request, where the request has ``method``,
``url``, ``path_url``, ``headers`` and ``body``.
"""

from __future__ import annotations

from typing import Any

from ocicat.errors import InvalidSetting
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity

__all__ = ["SignerIdentity", "SignerResolver"]


class _Prepared:
    """A request as the SDK's signers see it, in the manner of ``requests.PreparedRequest``."""

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.url = request.url
        self.path_url = request.target
        self.body = request.body
        # The signer hashes bytes but leaves their length to the HTTP library.
        self.headers = {**request.headers, "content-length": str(len(request.body))}


class SignerIdentity:
    """Whoever the signer signs for."""

    __slots__ = ("_signer",)

    renewable = False

    def __init__(self, signer: Any) -> None:
        self._signer = signer

    def authorize(self, request: Request, now: float) -> None:
        """Let the signer sign; it keeps its own clock."""
        prepared = _Prepared(request)
        sign = getattr(self._signer, "do_request_sign", self._signer)
        sign(prepared)
        request.headers.update(
            {name.lower(): str(value) for name, value in prepared.headers.items()}
        )

    def __repr__(self) -> str:
        return f"<SignerIdentity {type(self._signer).__name__}>"


class SignerResolver:
    """Gives the identity of a signer.

    Raises :class:`~ocicat.errors.InvalidSetting` for an object that cannot sign.
    """

    def __init__(self, signer: Any) -> None:
        if not callable(getattr(signer, "do_request_sign", signer)):
            raise InvalidSetting(
                f"`oci_signer` is a {type(signer).__name__}, which cannot sign requests.",
                setting="oci_signer",
                hint="Give a signer of the oci SDK, such as oci.signer.Signer.",
            )
        self._identity = SignerIdentity(signer)

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity; the signer finds its own credentials."""
        yield from ()
        return self._identity
