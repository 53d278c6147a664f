"""Which door a call goes through: from a model's name and the caller's settings to a target.

One pure function, :func:`resolve`. It knows addresses and serving modes, and nothing of bodies,
credentials or the environment.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from ocicat.errors import InvalidParameter, InvalidSetting, MissingSetting, UnsupportedFeature
from ocicat.routing.catalog import facts, models
from ocicat.routing.regions import Region, inference_host, is_known, realm_domain
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import ServingMode, Target, Transport

__all__ = ["CHAT_PATHS", "Place", "bare_model", "resolve"]

#: The raw request target of a chat call on each transport.
CHAT_PATHS: dict[Transport, str] = {
    "openai": "/openai/v1/chat/completions",
    "native": "/20231130/actions/chat",
}
#: The older OpenAI-compatible surface, which an ``api_base`` may name.
LEGACY_OPENAI_PATH = "/20231130/actions/v1/chat/completions"

# "v1" and "sdk" are the names that Oracle's locus gives the two.
_TRANSPORTS: dict[str, Transport | None] = {
    "auto": None,
    "openai": "openai",
    "v1": "openai",
    "native": "native",
    "sdk": "native",
}
_DIALECTS = {"GENERIC": "oci_generic", "COHERE": "oci_cohere"}

# Ends of an api_base that stand for a surface and are not a prefix of it, the longest first.
_SURFACES = sorted(
    [
        *CHAT_PATHS.values(),
        LEGACY_OPENAI_PATH,
        "/openai/v1",
        "/20231130/actions/v1",
        "/20231130",
    ],
    key=len,
    reverse=True,
)

# RFC 3986, appendix B, with the parts told apart by group.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?")
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_VISIBLE_ASCII = re.compile(r"[!-~]+")


@dataclass(frozen=True, slots=True)
class Place:
    """What the caller's settings say about where to go. ``None`` leaves it to routing."""

    #: Gives way to the region in an OCID, which can be served nowhere else.
    region: str | None = None
    #: Base URL instead of the region's inference host.
    api_base: str | None = None
    transport: str | None = None
    serving_mode: str | None = None
    endpoint_id: str | None = None


def resolve(
    model: str,
    place: Place,
    *,
    extra_regions: tuple[Region, ...] = (),
    default_domain: str | None = None,
) -> Target:
    """Where a chat call for ``model`` goes.

    ``model`` is a model name, a model OCID or the OCID of a dedicated endpoint, with or without
    ``oci/`` or ``oci:`` before it. What is sent is the name as given, even where it is an alias.
    ``extra_regions`` and ``default_domain`` are for regions that the table has not, as in
    :func:`ocicat.routing.regions.inference_host`.

    Raises :class:`~ocicat.errors.InvalidParameter` for a model that is no name at all,
    :class:`~ocicat.errors.UnsupportedFeature` for one that cannot chat this way,
    :class:`~ocicat.errors.MissingSetting` and :class:`~ocicat.errors.InvalidSetting` for a place
    that leads nowhere.
    """
    if not isinstance(model, str):
        # Before the cache, which would raise a TypeError of its own for a list.
        raise InvalidParameter(
            f"model is {type(model).__name__}, not a text.",
            parameter="model",
            hint='Give a model such as "oci/meta.llama-3.3-70b-instruct".',
        )
    return _resolve(model, place, extra_regions, default_domain)


# Every call comes through here, mostly with the arguments of the call before.
@lru_cache(maxsize=1024)
def _resolve(
    model: str, place: Place, extra_regions: tuple[Region, ...], default_domain: str | None
) -> Target:
    name = bare_model(model)
    serving = _serving_mode(name, place)
    known = facts(name)
    _check_chats(known)
    transport = _transport(known, place, serving)
    dialect = "openai_chat" if transport == "openai" else _native_dialect(known)
    if place.api_base:
        scheme, host, path = _address(place.api_base, transport)
    else:
        scheme, path = "https", CHAT_PATHS[transport]
        host = _host(serving, place, extra_regions, default_domain)
    return Target(name, known, transport, dialect, scheme, host, path, serving)


def bare_model(model: str) -> str:
    """``model`` without ``oci/`` or ``oci:``. Raises ``InvalidParameter`` if nothing is left."""
    name = model.strip()
    if name.startswith(("oci/", "oci:")):
        name = name[4:]
    if not name or not name.isprintable():
        raise InvalidParameter(
            f"model is {model[:80]!r}, which names no model.",
            parameter="model",
            hint='Give a model such as "oci/meta.llama-3.3-70b-instruct".',
        )
    return name


# --- the model ----------------------------------------------------------------------------------


def _check_chats(known: ModelFacts) -> None:
    if "CHAT" not in known.capabilities:
        raise UnsupportedFeature(
            f"{known.id} is no chat model: its capability is {', '.join(known.capabilities)}.",
            parameter="model",
            hint="Give a chat model such as meta.llama-3.3-70b-instruct.",
        )
    if "openai" not in known.transports and "native" not in known.transports:
        raise UnsupportedFeature(
            f"{known.id} is served through the Responses API only, not as chat.",
            parameter="model",
            hint=_instead(known, "openai"),
        )


def _native_dialect(known: ModelFacts) -> str:
    dialect = _DIALECTS.get(known.api_format)
    if dialect:
        return dialect
    raise UnsupportedFeature(
        f"{known.id} speaks the API format {known.api_format}, which comes later.",
        parameter="model",
        hint=_instead(known, "native"),
    )


def _instead(known: ModelFacts, transport: Transport) -> str:
    """What to say of a model of the same vendor that can be called today."""
    for other in models():
        if (
            other.vendor == known.vendor
            and other.id != known.id
            and not other.deprecated
            and "CHAT" in other.capabilities
            and transport in other.transports
            and (transport == "openai" or other.api_format in _DIALECTS)
        ):
            return f"Use {other.id} until then." if transport == "native" else f"Use {other.id}."
    return ""


# --- transport and serving mode -----------------------------------------------------------------


def _serving_mode(name: str, place: Place) -> ServingMode:
    asked = (place.serving_mode or "").strip().upper()
    endpoint = (place.endpoint_id or "").strip()
    if asked not in ("", "ON_DEMAND", "DEDICATED"):
        raise InvalidSetting(
            f"serving_mode is {asked[:80]!r}.",
            setting="serving_mode",
            hint="The serving modes are ON_DEMAND and DEDICATED.",
        )
    if _is_endpoint(name):
        if asked == "ON_DEMAND":
            raise InvalidSetting(
                "serving_mode is ON_DEMAND, but the model is the OCID of a dedicated endpoint.",
                setting="serving_mode",
                hint="Leave serving_mode out, or give a model name such as xai.grok-4.3.",
            )
        if endpoint and endpoint != name:
            raise InvalidSetting(
                "endpoint_id is the OCID of one endpoint and the model that of another.",
                setting="endpoint_id",
                hint="Leave one of them out.",
            )
        return ServingMode("DEDICATED", name)
    if asked == "DEDICATED" and not endpoint:
        raise MissingSetting(
            "serving_mode is DEDICATED and no endpoint is given.",
            setting="endpoint_id",
            hint="Give the OCID of the endpoint of your dedicated AI cluster as oci_endpoint_id=,"
            " or as the model.",
        )
    if endpoint and asked != "ON_DEMAND":
        if not _is_endpoint(endpoint) or not endpoint.isprintable():
            raise InvalidSetting(
                f"endpoint_id is {endpoint[:80]!r}, which is not the OCID of an endpoint.",
                setting="endpoint_id",
                hint="It begins with ocid1.generativeaiendpoint.",
            )
        return ServingMode("DEDICATED", endpoint)
    return ServingMode("ON_DEMAND", name)


def _transport(known: ModelFacts, place: Place, serving: ServingMode) -> Transport:
    asked = (place.transport or "auto").strip().lower()
    if asked not in _TRANSPORTS:
        raise InvalidSetting(
            f"transport is {asked[:80]!r}.",
            setting="transport",
            hint="Choose openai (or v1), native (or sdk), or auto.",
        )
    chosen = _TRANSPORTS[asked]
    if chosen is None:
        # Dedicated endpoints and models by OCID are what OCI documents for the native API.
        if serving.kind == "DEDICATED" or _is_ocid_of(serving.id, "generativeaimodel"):
            return "native"
        return "openai" if "openai" in known.transports else "native"
    if chosen not in known.transports:
        raise UnsupportedFeature(
            f"OCI does not serve {known.id} on its OpenAI-compatible surface."
            if chosen == "openai"
            else f"OCI does not serve {known.id} on its native API.",
            parameter="transport",
            hint="Leave transport out and the right one is chosen.",
        )
    return chosen


# --- address ------------------------------------------------------------------------------------


def _host(
    serving: ServingMode,
    place: Place,
    extra_regions: tuple[Region, ...],
    default_domain: str | None,
) -> str:
    """The inference host of the region in the OCID that is called, else of the place's region."""
    realm, region = _realm_and_region(serving.id)
    if region:
        # The OCID of a region that is newer than the table still says which realm it is in.
        if not is_known(region, extra=extra_regions):
            default_domain = realm_domain(realm) or default_domain
    else:
        region = (place.region or "").strip()
    if not region:
        raise MissingSetting(
            "No region is given.",
            setting="region",
            hint="Give oci_region=, set OCI_REGION, or put region= into the profile of your OCI"
            " config file.",
        )
    return inference_host(region, extra=extra_regions, default_domain=default_domain)


def _realm_and_region(id: str) -> tuple[str, str]:
    """The realm and the region (id or short code) in an OCID; both empty if there are none.

    Source: OCI's documentation, ``ocid1.<type>.<realm>.[region].<unique id>``.
    """
    parts = id.split(".")
    if parts[0] == "ocid1" and len(parts) >= 5:
        return parts[2], parts[3]
    return "", ""


def _is_endpoint(id: str) -> bool:
    return _is_ocid_of(id, "generativeaiendpoint")


def _is_ocid_of(id: str, kind: str) -> bool:
    return id.startswith(f"ocid1.{kind}.")


def _address(api_base: str, transport: Transport) -> tuple[str, str, str]:
    """Scheme, authority and chat path under an ``api_base``."""
    text = api_base.strip()
    whole = _URL.fullmatch(text) if _VISIBLE_ASCII.fullmatch(text) else None
    if whole is None:
        raise _bad_base("is not a URL", "Write it whole and in ASCII, as in https://host/path.")
    scheme, authority, path, query, fragment = whole.groups()
    scheme = scheme.lower()
    if scheme not in ("http", "https"):
        raise _bad_base("is neither http nor https", "Write it as https://host/path.")
    if "@" in authority:
        raise _bad_base(
            "contains user information", "Credentials do not belong there; remove what is before @."
        )
    if query is not None or fragment is not None:
        raise _bad_base("has a query or a fragment", "Remove what begins with ? or #.")
    match = _AUTHORITY.fullmatch(authority)
    if match is None or (match[1] and not 0 < int(match[1]) < 65536):
        raise _bad_base("has no valid host and port", "Write it as https://host:port/path.")

    path = path.rstrip("/")
    for surface in _SURFACES:
        if path.endswith(surface):
            prefix = path[: -len(surface)]
            if transport == "openai" and surface.startswith("/20231130/actions/v1"):
                return scheme, authority, prefix + LEGACY_OPENAI_PATH
            return scheme, authority, prefix + CHAT_PATHS[transport]
    return scheme, authority, path + CHAT_PATHS[transport]


def _bad_base(what: str, hint: str) -> InvalidSetting:
    # The value stays out of the message: a URL is where people put credentials.
    return InvalidSetting(f"api_base {what}.", setting="api_base", hint=hint)
