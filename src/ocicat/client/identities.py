"""From settings to who signs: which kind of identity is meant, and what it is made from.

Where nobody says which kind, the first that the settings, the environment or the machine speak of
is taken. What the settings speak of is meant: if it cannot be used, that is an error and no reason
to become somebody else. Only the last two kinds are guesses, and are tried one after the other.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from ocicat.auth import region_metadata
from ocicat.client.settings import Settings
from ocicat.errors import InvalidSetting
from ocicat.routing.regions import auth_host
from ocicat.vocabulary.identity import IdentityResolver

__all__ = ["KINDS", "identity_of", "resolver_of"]

_MOUNTED_TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount/token"


def resolver_of(arguments: Mapping[str, Any]) -> IdentityResolver:
    """The resolver for connection arguments (public names), the environment and the config file.

    Raises :class:`~ocicat.errors.ConfigurationError` kin for what is missing or wrong.
    """
    return identity_of(Settings(arguments), arguments)


def identity_of(
    settings: Settings, arguments: Mapping[str, Any], *, must_sign: bool = False
) -> IdentityResolver:
    """The same, for settings that have been begun already.

    ``must_sign`` passes over an API key of the service, which OCI's native API does not take.
    """
    given = arguments.get("oci_auth")
    if given is not None:
        resolver = getattr(given, "resolver", given)
        if not hasattr(resolver, "resolve"):
            raise InvalidSetting(
                f"`oci_auth` is a {type(given).__name__}, which is no identity.",
                setting="oci_auth",
                hint="Give one of ocicat's auth classes, such as OciSessionAuth().",
            )
        return resolver  # type: ignore[no-any-return]  # as far as can be seen
    signer = arguments.get("oci_signer")
    if signer is not None:
        from ocicat.auth.sdk_signer import SignerResolver

        return SignerResolver(signer)
    kind = settings.find("auth_type")
    if kind is None:
        return _automatic(settings, must_sign and not arguments.get("api_key"))
    make = KINDS.get(kind.value.strip().lower())
    if make is None:
        raise InvalidSetting(
            f"There is no identity kind {kind.value!r} ({kind.source}).",
            setting="auth_type",
            hint=f"The kinds are {', '.join(KINDS)}.",
        )
    return make(settings)


# --- one maker for each kind --------------------------------------------------------------------


def _user_key(settings: Settings) -> IdentityResolver:
    from ocicat.auth.user import UserKeyResolver

    key = settings.get("key")
    return UserKeyResolver(
        tenancy=settings.require("tenancy"),
        user=settings.require("user"),
        fingerprint=settings.require("fingerprint"),
        key=key,
        key_file=None if key else settings.require("key_file"),
        passphrase=settings.get("passphrase"),
    )


def _session(settings: Settings) -> IdentityResolver:
    from ocicat.auth.session import SessionResolver

    profile = settings.profile()
    return SessionResolver(
        token_file=settings.require("security_token_file"),
        key_file=settings.require("key_file"),
        auth_url=_auth_url(settings),
        passphrase=settings.get("passphrase"),
        profile=profile.name if profile else None,
    )


def _instance(settings: Settings) -> IdentityResolver:
    from ocicat.auth.instance import InstancePrincipalResolver

    endpoint = settings.get("auth_endpoint")
    return InstancePrincipalResolver(
        os.environ.get("OCI_METADATA_BASE_URL"),
        f"{endpoint}/v1/x509" if endpoint else None,
        extra_regions=region_metadata.extra_regions(os.environ),
        default_domain=region_metadata.default_domain(os.environ),
    )


def _resource(settings: Settings) -> IdentityResolver:
    from ocicat.auth.instance import InstancePrincipalResolver
    from ocicat.auth.resource import ResourcePrincipalResolver

    instance = _instance(settings)
    assert isinstance(instance, InstancePrincipalResolver)
    return ResourcePrincipalResolver(os.environ, instance=instance)


def _workload(settings: Settings) -> IdentityResolver:
    from ocicat.auth.workload import WorkloadIdentityResolver

    return WorkloadIdentityResolver(os.environ)


def _delegation(settings: Settings) -> IdentityResolver:
    from ocicat.auth.delegation import DelegationResolver

    is_resource = "OCI_RESOURCE_PRINCIPAL_VERSION" in os.environ
    principal = _resource(settings) if is_resource else _instance(settings)
    return DelegationResolver(principal, token_file=settings.require("delegation_token_file"))


def _exchanged_token(settings: Settings) -> IdentityResolver:
    from ocicat.auth.token_exchange import GitHubActions, TokenExchangeResolver

    token_file = settings.get("subject_token_file")
    return TokenExchangeResolver(
        domain_url=settings.require("domain_url"),
        client_id=settings.require("client_id"),
        client_secret=settings.require("client_secret"),
        subject_token=Path(token_file) if token_file else GitHubActions(),
    )


def _service_key(settings: Settings) -> IdentityResolver:
    from ocicat.auth.api_key import ApiKeyResolver

    return ApiKeyResolver(settings.require("api_key"))


def _auth_url(settings: Settings) -> str:
    """The base URL of the region's service that issues tokens."""
    endpoint = settings.get("auth_endpoint")
    if endpoint:
        return endpoint
    host = auth_host(
        settings.require("region"),
        extra=region_metadata.extra_regions(os.environ),
        default_domain=region_metadata.default_domain(os.environ),
    )
    return f"https://{host}"


#: The kinds by the names that ``oci_auth_type``, ``OCI_AUTH_TYPE`` and ``OCI_CLI_AUTH`` may give.
KINDS: dict[str, Callable[[Settings], IdentityResolver]] = {
    "api_key": _user_key,
    "user_principal": _user_key,
    "session_token": _session,
    "security_token": _session,
    "instance_principal": _instance,
    "resource_principal": _resource,
    "oke_workload_identity": _workload,
    "workload_identity": _workload,
    "instance_obo_user": _delegation,
    "token_exchange": _exchanged_token,
    "genai_api_key": _service_key,
}


# --- where nobody says --------------------------------------------------------------------------


def _automatic(settings: Settings, must_sign: bool) -> IdentityResolver:
    meant: list[tuple[str, Callable[[], str | None], Callable[[Settings], IdentityResolver]]] = [
        ("Generative AI API key", lambda: _no_service_key(settings, must_sign), _service_key),
        ("user's API key", lambda: _no_user(settings), _user_key),
        ("CLI session", lambda: _no_session(settings), _session),
        ("delegation token", lambda: _no_delegation(settings), _delegation),
        ("token exchange", lambda: _no_domain(settings), _exchanged_token),
        ("resource principal", _no_resource, _resource),
    ]
    for _, why_not, make in meant:
        if why_not() is None:
            return make(settings)
    from ocicat.auth.chain import METADATA_URL, ChainResolver, Step, metadata_answers

    base = os.environ.get("OCI_METADATA_BASE_URL") or METADATA_URL
    return ChainResolver(
        [
            *(Step(name, why_not, partial(make, settings)) for name, why_not, make in meant),
            Step("OKE workload identity", _no_pod, lambda: _workload(settings)),
            Step(
                "instance principal",
                lambda: None,
                lambda: _instance(settings),
                lambda ambient: metadata_answers(ambient, base),
            ),
        ]
    )


def _no_service_key(settings: Settings, must_sign: bool) -> str | None:
    if settings.find("api_key") is None:
        return "OCI_GENAI_API_KEY is not set"
    return "OCI's native API does not take it" if must_sign else None


def _no_user(settings: Settings) -> str | None:
    if _no_session(settings) is None:
        return "the profile holds a session"
    # The oci SDK knows this key too, with this one meaning.
    if settings.profile_value("authentication_type") and _no_delegation(settings) is None:
        return "the profile's authentication_type means its delegation token"
    # Half a user is meant to be one, and what is missing will be named.
    if any(settings.find(name) is not None for name in ("user", "fingerprint", "key")):
        return None
    profile = settings.profile()
    if profile is None:
        return "no variable names a user, and there is no config file"
    return f"neither the environment nor the profile {profile.name} names a user"


def _no_session(settings: Settings) -> str | None:
    if settings.find("security_token_file") is None:
        return "no security_token_file is named"
    user, profile = settings.find("user"), settings.profile()
    if user is None:
        return None
    # A profile with a session beside a [DEFAULT] with an API key inherits its user, and means the
    # session all the same.
    if profile and user.value == profile.values.get("user") and "user" not in profile.own:
        return None
    return "a user is named, whose API key is meant"


def _no_delegation(settings: Settings) -> str | None:
    if settings.find("delegation_token_file") is None:
        return "no delegation_token_file is named"
    return None


def _no_domain(settings: Settings) -> str | None:
    return None if settings.find("domain_url") else "OCICAT_DOMAIN_URL is not set"


def _no_resource() -> str | None:
    version = os.environ.get("OCI_RESOURCE_PRINCIPAL_VERSION")
    if not version:
        return "OCI_RESOURCE_PRINCIPAL_VERSION is not set"
    # The pods of a cluster have the version too, for the sake of the SDK, but no token.
    if version == "2.2" and not os.environ.get("OCI_RESOURCE_PRINCIPAL_RPST"):
        return "OCI_RESOURCE_PRINCIPAL_RPST is not set"
    return None


def _no_pod() -> str | None:
    if not os.environ.get("KUBERNETES_SERVICE_HOST"):
        return "KUBERNETES_SERVICE_HOST is not set"
    named = os.environ.get("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH") or _MOUNTED_TOKEN
    if (
        not os.environ.get("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING")
        and not Path(named).exists()
    ):
        return f"there is no service account token at {named}"
    return None
