"""Signers of the ``oci`` SDK for principals of the emulator, without a log-in."""

from __future__ import annotations

from typing import Any

from oci.auth.signers import SecurityTokenSigner

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import public_pem, shared_key
from ocicat.emulator.principals import Principal

__all__ = ["instance", "session_key", "token_signer"]


def instance(emulator: Emulator) -> Principal:
    """The emulated instance."""
    identity = emulator.identity
    return Principal("instance", identity.instance_id, identity.tenancy_id, identity.compartment_id)


def token_signer(emulator: Emulator, principal: Principal, **more: Any) -> Any:
    """A signer with a new token for ``principal``."""
    key = shared_key("session")
    issued = emulator.identity.issue_session(principal, key.public_key(), **more)
    return SecurityTokenSigner(issued.text, key)


def session_key(purpose: str = "session") -> str:
    """A public key as bodies hold it."""
    return "".join(public_pem(shared_key(purpose).public_key()).decode().splitlines()[1:-1])
