"""From settings to who signs: which kind of identity is meant, and what it is made from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.auth.user import UserKeyResolver
from ocicat.client.settings import Settings
from ocicat.errors import InvalidSetting
from ocicat.vocabulary.identity import IdentityResolver

__all__ = ["identity_of", "resolver_of"]

_USER_KEY = frozenset({"api_key", "user_principal"})


def resolver_of(arguments: Mapping[str, Any]) -> IdentityResolver:
    """The resolver for connection arguments (public names), the environment and the config file.

    Raises :class:`~ocicat.errors.ConfigurationError` kin for what is missing or wrong.
    """
    return identity_of(Settings(arguments), arguments)


def identity_of(settings: Settings, arguments: Mapping[str, Any]) -> IdentityResolver:
    """The same, for settings that have been begun already."""
    signer = arguments.get("oci_signer")
    if signer is not None:
        from ocicat.auth.sdk_signer import SignerResolver

        return SignerResolver(signer)
    return _user_key(settings)


def _user_key(settings: Settings) -> UserKeyResolver:
    kind = settings.find("auth_type")
    if kind is not None and kind.value not in _USER_KEY:
        raise InvalidSetting(
            f"The identity kind {kind.value!r} ({kind.source}) is not supported yet.",
            setting="auth_type",
            hint="Use api_key, or pass a signer of the oci SDK as `oci_signer=`.",
        )
    profile = settings.profile()
    if profile and "security_token_file" in profile.values and not settings.get("user"):
        raise InvalidSetting(
            f"The profile {profile.name} in {profile.path} holds a CLI session, which is not"
            " supported yet.",
            setting="profile",
            hint="Use a profile with an API key, or pass a signer of the oci SDK as `oci_signer=`.",
        )
    key = settings.get("key")
    return UserKeyResolver(
        tenancy=settings.require("tenancy"),
        user=settings.require("user"),
        fingerprint=settings.require("fingerprint"),
        key=key,
        key_file=None if key else settings.require("key_file"),
        passphrase=settings.get("passphrase"),
    )
