"""What a call uses, and where each value came from: the one resolver behind every door.

The order is always the same: explicit argument, ``OCICAT_*`` variable, the variables that people
have set for OCI already, the profile in the config file, a default. A value that is present but
empty counts as absent.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypedDict

from ocicat.auth import config_file
from ocicat.auth.config_file import Profile
from ocicat.errors import InvalidSetting, MissingSetting

__all__ = ["DEFAULT_REGION", "ConnectionArguments", "Found", "Settings"]


class ConnectionArguments(TypedDict, total=False):
    """The connection arguments that every door takes, with the names of LiteLLM's OCI page.

    * ``oci_region``: region id or short code, such as ``us-chicago-1`` or ``ORD``.
    * ``oci_user``, ``oci_tenancy``, ``oci_fingerprint``: whose API key signs.
    * ``oci_key``: the private key as PEM text; or ``oci_key_file``: the path of such a file.
    * ``oci_key_passphrase``: of an encrypted key.
    * ``oci_compartment_id``: OCID of the compartment that is billed and whose policies apply.
    * ``oci_serving_mode``: ``ON_DEMAND`` (default) or ``DEDICATED``.
    * ``oci_endpoint_id``: OCID of a dedicated endpoint.
    * ``oci_api_format``: ``GENERIC``, ``COHERE`` or ``COHEREV2``: what a dedicated endpoint speaks,
      where it is not to be looked up.
    * ``oci_project_id``: OCID of the Generative AI project, which Responses need.
    * ``oci_profile``, ``oci_config_file``: which profile of which config file.
    * ``oci_auth_type``: the kind of identity.
    * ``oci_signer``: any signer of the ``oci`` SDK; ``oci_auth``: an auth object of ocicat, such as
      ``OciSessionAuth``; ``api_key``: a Generative AI API key. Each replaces all of the above.
    * ``api_base``: base URL instead of the region's.
    * ``transport``: ``openai``, ``native``, ``responses`` or ``auto`` (default).
    """

    oci_region: str | None
    oci_user: str | None
    oci_tenancy: str | None
    oci_fingerprint: str | None
    oci_key: str | None
    oci_key_file: str | None
    oci_key_passphrase: str | None
    oci_compartment_id: str | None
    oci_serving_mode: str | None
    oci_endpoint_id: str | None
    oci_api_format: str | None
    oci_project_id: str | None
    oci_profile: str | None
    oci_config_file: str | None
    oci_auth_type: str | None
    oci_signer: Any
    oci_auth: Any
    api_key: str | None
    api_base: str | None
    transport: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A value and where it came from, in words fit for people."""

    value: str
    source: str


@dataclass(frozen=True, slots=True)
class _Places:
    """Where one setting may be found, in order."""

    argument: str
    variables: tuple[str, ...] = ()
    profile_keys: tuple[str, ...] = ()
    #: In the CLI's own file, for the profile in use.
    cli_key: str = ""
    default: str | None = None
    #: Words for the hint when it is found nowhere.
    meaning: str = ""


_ASHBURN = "us-ashburn-1"
#: What is found for the region where nothing gives one; LiteLLM's default.
DEFAULT_REGION = Found(_ASHBURN, "default")
_PLACES: dict[str, _Places] = {
    "config_file": _Places(
        "oci_config_file", ("OCICAT_CONFIG_FILE", "OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE")
    ),
    "profile": _Places(
        "oci_profile", ("OCICAT_PROFILE", "OCI_PROFILE", "OCI_CLI_PROFILE"), default="DEFAULT"
    ),
    "auth_type": _Places("oci_auth_type", ("OCICAT_AUTH_TYPE", "OCI_AUTH_TYPE", "OCI_CLI_AUTH")),
    "region": _Places(
        "oci_region",
        ("OCICAT_REGION", "OCI_REGION", "OCI_CLI_REGION", "OCI_RESOURCE_PRINCIPAL_REGION"),
        ("region",),
        default=_ASHBURN,
    ),
    "user": _Places(
        "oci_user", ("OCI_USER", "OCI_CLI_USER"), ("user",), meaning="your user's OCID"
    ),
    "tenancy": _Places(
        "oci_tenancy",
        ("OCI_TENANCY", "OCI_CLI_TENANCY"),
        ("tenancy",),
        meaning="the tenancy's OCID",
    ),
    "fingerprint": _Places(
        "oci_fingerprint",
        ("OCI_FINGERPRINT", "OCI_CLI_FINGERPRINT"),
        ("fingerprint",),
        meaning="the API key's fingerprint",
    ),
    "key": _Places("oci_key", ("OCI_KEY", "OCI_CLI_KEY_CONTENT"), ("key_content",)),
    "key_file": _Places(
        "oci_key_file",
        ("OCI_KEY_FILE", "OCI_CLI_KEY_FILE"),
        ("key_file",),
        meaning="the private key's path",
    ),
    "passphrase": _Places("oci_key_passphrase", ("OCI_CLI_PASSPHRASE",), ("pass_phrase",)),
    "compartment_id": _Places(
        "oci_compartment_id",
        ("OCICAT_COMPARTMENT_ID", "OCI_COMPARTMENT_ID", "OCI_CLI_COMPARTMENT_ID"),
        ("compartment_id", "compartment-id"),
        cli_key="compartment-id",
        meaning="the compartment's OCID",
    ),
    "api_base": _Places("api_base", ("OCICAT_API_BASE", "OCI_CLI_ENDPOINT"), ("endpoint",)),
    "transport": _Places("transport", ("OCICAT_TRANSPORT", "LOCUS_OCI_TRANSPORT"), default="auto"),
    "api_key": _Places("api_key", ("OCICAT_API_KEY", "OCI_GENAI_API_KEY")),
    "security_token_file": _Places(
        "", ("OCI_CLI_SECURITY_TOKEN_FILE",), ("security_token_file",), meaning="the token's path"
    ),
    "delegation_token_file": _Places(
        "",
        ("OCI_CLI_DELEGATION_TOKEN_FILE",),
        ("delegation_token_file",),
        meaning="the delegation token's path",
    ),
    "domain_url": _Places("", ("OCICAT_DOMAIN_URL",), meaning="the identity domain's URL"),
    "client_id": _Places(
        "", ("OCICAT_CLIENT_ID",), meaning="the id of the domain's confidential application"
    ),
    "client_secret": _Places(
        "", ("OCICAT_CLIENT_SECRET",), meaning="the secret of the domain's confidential application"
    ),
    "subject_token_file": _Places("", ("OCICAT_SUBJECT_TOKEN_FILE",)),
    "auth_endpoint": _Places("", ("OCICAT_AUTH_ENDPOINT",)),
    "serving_mode": _Places("oci_serving_mode"),
    "endpoint_id": _Places("oci_endpoint_id"),
    "api_format": _Places("oci_api_format"),
    "project_id": _Places("oci_project_id", ("OCICAT_PROJECT_ID", "OCI_GENAI_PROJECT_ID")),
    "log_requests": _Places("", ("OCICAT_LOG_REQUESTS", "OCI_LOG_REQUESTS"), ("log_requests",)),
}
_TRUE = frozenset({"1", "yes", "true", "on"})


class Settings:
    """Looks settings up, in the order above. Nothing is read before it is asked for.

    ``arguments`` holds connection arguments by their public names.
    """

    def __init__(self, arguments: Mapping[str, Any], environment: Mapping[str, str] | None = None):
        self._arguments = arguments
        self._environment = os.environ if environment is None else environment
        self._profile: Profile | None = None
        self._profile_looked_up = False

    def find(self, name: str) -> Found | None:
        """The setting's value and source, or ``None`` where nothing gives it.

        Raises :class:`~ocicat.errors.ConfigFileNotFound`, :class:`~ocicat.errors.ProfileNotFound`
        or :class:`~ocicat.errors.InvalidSetting` if the config file has to be read and cannot be.
        """
        places = _PLACES[name]
        given = self._arguments.get(places.argument)
        if given is not None and given != "":
            if not isinstance(given, (str, os.PathLike)):
                raise InvalidSetting(
                    f"`{places.argument}` must be a text, not {type(given).__name__}.",
                    setting=places.argument,
                )
            return Found(os.fspath(given), f"argument {places.argument}")
        for variable in places.variables:
            value = self._environment.get(variable)
            if value:
                return Found(value, variable)
        if places.profile_keys:
            profile = self.profile()
            for key in places.profile_keys if profile else ():
                assert profile is not None
                value = profile.values.get(key)
                if value:
                    return Found(value, f"profile {profile.name} in {profile.path}")
        if places.cli_key and (profile := self.profile()):
            value = config_file.cli_defaults(self._cli_file(), profile.name).get(places.cli_key)
            if value:
                return Found(value, f"{profile.name} in the CLI's own file")
        if name == "profile" and (value := config_file.cli_default_profile(self._cli_file())):
            return Found(value, "default_profile in the CLI's own file")
        return Found(places.default, "default") if places.default is not None else None

    def _cli_file(self) -> str | None:
        return self._environment.get("OCI_CLI_RC_FILE")

    def get(self, name: str) -> str | None:
        """The setting's value alone."""
        found = self.find(name)
        return found.value if found else None

    def require(self, name: str) -> str:
        """The setting's value. Raises :class:`~ocicat.errors.MissingSetting` for none."""
        found = self.find(name)
        if found is not None:
            return found.value
        places = _PLACES[name]
        ways = [f"`{places.argument}=`"] if places.argument else []
        ways += [variable for variable in places.variables if not variable.startswith("OCI_CLI_")]
        if places.profile_keys:
            ways.append(f"`{places.profile_keys[0]}` in a profile of ~/.oci/config")
        *others, last = ways
        hint = f"Give {places.meaning} as {', '.join(others)}{' or ' if others else ''}{last}."
        if name == "compartment_id":
            tenancy = self.get("tenancy")
            if tenancy:
                hint += f" The tenancy's root compartment is {tenancy}."
        raise MissingSetting(f"There is no {name}.", setting=name, hint=hint)

    def profile(self) -> Profile | None:
        """The profile in use, or ``None`` where there is none, or no need of one.

        Arguments that make a whole identity stand alone: unless a profile is named as well, no
        config file adds to them, or stops a call that does not need it.
        """
        if not self._profile_looked_up and not self._stands_alone():
            path = config_file.locate(self.get("config_file"))
            name = self.find("profile")
            assert name is not None
            if path is not None:
                self._profile = config_file.read_profile(path, name.value)
            elif name.source != "default":
                # Asked for by name, so its absence is no reason to go on without it.
                raise MissingSetting(
                    f"There is no OCI config file to find the profile {name.value!r} in.",
                    setting="config_file",
                    hint="Give its path in OCI_CONFIG_FILE, or create one with `oci setup config`.",
                )
            self._profile_looked_up = True
        return self._profile

    def profile_value(self, key: str) -> str | None:
        """What the profile, if one is in use, says under ``key``."""
        profile = self.profile()
        return profile.values.get(key) if profile else None

    def _stands_alone(self) -> bool:
        given = {name for name, value in self._arguments.items() if value is not None}
        if given & {"oci_profile", "oci_config_file"}:
            return False
        whole_key = {"oci_user", "oci_tenancy", "oci_fingerprint"} <= given
        whole = given & {"oci_signer", "oci_auth", "api_key"}
        return bool(whole) or (whole_key and bool(given & {"oci_key", "oci_key_file"}))

    def flag(self, name: str) -> bool:
        """Whether a yes-or-no setting says yes."""
        found = self.find(name)
        return found is not None and found.value.strip().lower() in _TRUE
