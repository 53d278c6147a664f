"""Who makes a call, and where that is found out.

An *identity* says who: it can put a signature on one request. A *resolver* finds the identity and
may have to wait for it (a file, a metadata service, a log-in), so resolving is a flow. The
arithmetic of the signature itself belongs to ``signing``.
"""

from __future__ import annotations

from typing import Protocol

from ocicat.vocabulary.flow import Ambient, Flow, Request

__all__ = ["Identity", "IdentityResolver"]


class Identity(Protocol):
    """Somebody whom OCI knows."""

    @property
    def renewable(self) -> bool:
        """Whether asking the resolver again can give a better identity after a 401."""
        ...

    def authorize(self, request: Request, now: float) -> None:
        """Add to ``request.headers`` what proves who is calling, at ``now`` (epoch seconds)."""
        ...


class IdentityResolver(Protocol):
    """Finds an identity."""

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity to use now; not ``refused``, which OCI has just answered with a 401."""
        ...
