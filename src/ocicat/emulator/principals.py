"""Who calls the emulator: values that the identity plane makes and every other part may read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["Caller", "Issued", "Kind", "Principal"]

#: What kind of caller a principal is.
Kind = Literal["user", "instance", "resource", "workload"]


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who calls. ``id`` is an OCID, or a workload's ``namespace/service account``."""

    kind: Kind
    id: str
    tenancy_id: str
    compartment_id: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that was issued. ``expires`` and ``begun`` are in seconds since the epoch.

    * ``purpose``: ``"session"`` tokens sign requests; the others are handed over in them.
    * ``key``: the public key that requests with the token must verify with, if it is for signing.
    * ``begun``: when the log-in was; a token got by refreshing another keeps that one's.
    """

    text: str = field(repr=False)
    purpose: str
    principal: Principal
    key: rsa.RSAPublicKey | None
    expires: float
    begun: float


@dataclass(frozen=True, slots=True)
class Caller:
    """Whom a ``keyId`` names, and the public key that their requests must verify with.

    ``token`` is the security token, where the ``keyId`` is one.
    """

    principal: Principal
    key: rsa.RSAPublicKey
    token: Issued | None = None
