"""Which door a call goes through: from a model's name and the caller's settings to a target.

:func:`resolve` answers for calls to a model, :func:`service` and :func:`management` for calls to
the service itself. They know addresses and serving modes, and nothing of bodies, credentials or the
environment.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import get_args

from ocicat.errors import InvalidParameter, InvalidSetting, MissingSetting, UnsupportedFeature
from ocicat.routing import addresses, catalog, deployments, ocids, regions
from ocicat.routing.addresses import Address
from ocicat.routing.deployments import Deployment
from ocicat.routing.regions import Region
from ocicat.vocabulary.model import ApiFormat, ModelFacts
from ocicat.vocabulary.target import Operation, ServingMode, Target, Transport

__all__ = [
    "DIALECTS",
    "GUARDRAILS_PATH",
    "NATIVE_PATHS",
    "Place",
    "bare_model",
    "management",
    "resolve",
    "service",
]

#: The raw request target of each operation on the native API.
NATIVE_PATHS: dict[Operation, str] = {
    "chat": "/20231130/actions/chat",
    "embeddings": "/20231130/actions/embedText",
    "rerank": "/20231130/actions/rerankText",
}
#: That of guardrails, which are the service's and no model's.
GUARDRAILS_PATH = "/20231130/actions/applyGuardrails"
#: The dialect of chats in each format of the native API.
DIALECTS: dict[ApiFormat, str] = {
    "GENERIC": "oci_generic",
    "COHERE": "oci_cohere",
    "COHEREV2": "oci_cohere_v2",
}

_OPENAI = "/openai/v1"
# The older base of the same surface, which an ``api_base`` may name.
_LEGACY_OPENAI = "/20231130/actions/v1"
_OPENAI_PATHS = {"openai": "/chat/completions", "responses": "/responses"}

# Ends of an api_base that stand for a surface and are not a prefix of it, the longest first.
_SURFACES = sorted(
    [
        *(
            base + path
            for base in (_OPENAI, _LEGACY_OPENAI)
            for path in ("", *_OPENAI_PATHS.values())
        ),
        *NATIVE_PATHS.values(),
        GUARDRAILS_PATH,
        "/20231130",
    ],
    key=len,
    reverse=True,
)

# "v1" and "sdk" are the names that Oracle's locus gives the two.
_TRANSPORTS: dict[str, Transport | None] = {
    "auto": None,
    "openai": "openai",
    "v1": "openai",
    "native": "native",
    "sdk": "native",
    "responses": "responses",
}
_SURFACE_NAMES: dict[Transport, str] = {
    "openai": "on its OpenAI-compatible surface",
    "responses": "through the Responses API",
    "native": "on its native API",
}
_CAPABILITIES: dict[Operation, str] = {
    "chat": "CHAT",
    "embeddings": "TEXT_EMBEDDINGS",
    "rerank": "TEXT_RERANK",
}
_EXAMPLES: dict[Operation, str] = {
    "chat": "a chat model such as meta.llama-3.3-70b-instruct",
    "embeddings": "an embedding model such as cohere.embed-v4.0",
    "rerank": "a reranking model such as cohere.rerank-v4.0-fast",
}


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
    #: The format of native chats, where the model's name does not tell it.
    api_format: str | None = None


def resolve(
    model: str,
    place: Place,
    *,
    operation: Operation = "chat",
    extra_regions: tuple[Region, ...] = (),
    default_domain: str | None = None,
) -> Target:
    """Where a call to ``model`` goes.

    ``model`` is a model name, with or without ``oci/`` or ``oci:`` before it, or the OCID of a
    model, an imported model, a dedicated endpoint, a routing profile or a model deployment of Data
    Science, or the URL of such a deployment. What is sent is the name as given, even where it is
    an alias. ``extra_regions`` and ``default_domain`` are for regions that the table has not, as
    in :func:`ocicat.routing.regions.inference_host`.

    Raises :class:`~ocicat.errors.InvalidParameter` for a model that is no name at all,
    :class:`~ocicat.errors.UnsupportedFeature` for one that cannot do this, or not this way,
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
    return _resolve(model, place, operation, extra_regions, default_domain)


def service(
    place: Place, *, extra_regions: tuple[Region, ...] = (), default_domain: str | None = None
) -> Address:
    """Where calls go that are the inference service's and no model's, such as guardrails.

    The address's path is what precedes the raw target of a call; mostly empty. Raises
    :class:`~ocicat.errors.MissingSetting` and :class:`~ocicat.errors.InvalidSetting`.
    """
    if place.api_base:
        return _base(place.api_base)[0]
    region, domain = _region("", place, extra_regions, default_domain)
    host = regions.inference_host(region, extra=extra_regions, default_domain=domain)
    return Address("https", host, "")


def management(
    place: Place,
    *,
    ocid: str = "",
    extra_regions: tuple[Region, ...] = (),
    default_domain: str | None = None,
) -> Address:
    """Where OCI lists and describes models and endpoints; in the region of ``ocid``, if given.

    Under an ``api_base`` it is the same base. Otherwise as :func:`service`.
    """
    if place.api_base:
        base = _base(place.api_base)[0]
        if base.host.startswith("inference.generativeai."):
            return base._replace(host=base.host.removeprefix("inference."))
        return base
    region, domain = _region(ocid, place, extra_regions, default_domain)
    host = regions.management_host(region, extra=extra_regions, default_domain=domain)
    return Address("https", host, "")


# Every call comes through here, mostly with the arguments of the call before.
@lru_cache(maxsize=1024)
def _resolve(
    model: str,
    place: Place,
    operation: Operation,
    extra_regions: tuple[Region, ...],
    default_domain: str | None,
) -> Target:
    name = bare_model(model)
    deployment = deployments.find(name, place.api_base)
    if deployment:
        return _deployed(name, deployment, place, operation, extra_regions, default_domain)
    serving = _serving_mode(name, place)
    known = _facts(name, place)
    _check_can(known, operation)
    transport = _transport(known, place, serving, operation)
    if place.api_base:
        base, legacy = _base(place.api_base)
    else:
        region, domain = _region(serving.id, place, extra_regions, default_domain)
        host = regions.inference_host(region, extra=extra_regions, default_domain=domain)
        base, legacy = Address("https", host, ""), False
    if transport == "native":
        path = NATIVE_PATHS[operation]
        dialect = DIALECTS[known.api_format] if operation == "chat" else operation
    else:
        path = (_LEGACY_OPENAI if legacy else _OPENAI) + _OPENAI_PATHS[transport]
        dialect = f"openai_{'chat' if transport == 'openai' else transport}"
    return Target(
        model=name,
        facts=known,
        transport=transport,
        dialect=dialect,
        scheme=base.scheme,
        host=base.host,
        path=base.path + path,
        serving=serving,
        format_is_assumed=(
            (transport, operation) == ("native", "chat")
            and not place.api_format
            and not known.family
            and ocids.is_of(serving.id, "generativeaiendpoint", "generativeaimodel")
        ),
    )


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


def _facts(name: str, place: Place) -> ModelFacts:
    """The model's facts, in the API format that the place gives."""
    known = catalog.facts(name)
    asked = (place.api_format or "").strip().upper()
    if not asked:
        return known
    for api_format in get_args(ApiFormat):
        if asked == api_format:
            # What speaks Cohere's formats is not to be had on the OpenAI-compatible surface.
            transports = known.transports if api_format == "GENERIC" else ("native",)
            return replace(known, api_format=api_format, transports=transports)
    raise InvalidSetting(
        f"api_format is {asked[:80]!r}.",
        setting="api_format",
        hint=f"The API formats are {', '.join(get_args(ApiFormat))}.",
    )


def _check_can(known: ModelFacts, operation: Operation) -> None:
    if _CAPABILITIES[operation] in known.capabilities:
        return
    if not known.known and "CHAT" in known.capabilities:
        return  # which is only what most models can
    raise UnsupportedFeature(
        f"{known.id} is not for {operation}: its capability is {', '.join(known.capabilities)}.",
        parameter="model",
        hint=f"Give {_EXAMPLES[operation]}.",
    )


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


def _is_endpoint(id: str) -> bool:
    return ocids.is_of(id, "generativeaiendpoint")


def _asked_transport(place: Place) -> Transport | None:
    asked = (place.transport or "auto").strip().lower()
    if asked not in _TRANSPORTS:
        raise InvalidSetting(
            f"transport is {asked[:80]!r}.",
            setting="transport",
            hint="Choose openai (or v1), responses, native (or sdk), or auto.",
        )
    return _TRANSPORTS[asked]


def _transport(
    known: ModelFacts, place: Place, serving: ServingMode, operation: Operation
) -> Transport:
    possible = _possible(known, serving) if operation == "chat" else ("native",)
    chosen = _asked_transport(place) or possible[0]
    if chosen in possible:
        return chosen
    what = known.id if operation == "chat" else f"{operation} of {known.id}"
    raise UnsupportedFeature(
        f"OCI does not serve {what} {_SURFACE_NAMES[chosen]}.",
        parameter="transport",
        hint=f"What is possible is transport={' or '.join(possible)}; left out, the right one is"
        " chosen.",
    )


def _possible(known: ModelFacts, serving: ServingMode) -> tuple[Transport, ...]:
    """The transports over which a chat may go, the preferred one first."""
    if ocids.is_of(serving.id, "generativeairoutingprofile"):
        return "openai", "responses"
    possible: list[Transport] = [each for each in _SURFACE_NAMES if each in known.transports]
    possible.sort(key=known.transports.index)
    if not known.known and "openai" in possible and "responses" not in possible:
        possible.append("responses")  # for all that is known of such a model
    if ocids.kind(serving.id) and "native" in possible:
        # Endpoints, and models by OCID, are what OCI documents for the native API.
        possible.sort(key=lambda transport: transport != "native")
    return tuple(possible)


# --- model deployments of Data Science ----------------------------------------------------------


def _deployed(
    name: str,
    deployment: Deployment,
    place: Place,
    operation: Operation,
    extra_regions: tuple[Region, ...],
    default_domain: str | None,
) -> Target:
    if operation == "rerank" or _asked_transport(place) not in (None, "openai"):
        raise UnsupportedFeature(
            "A model deployment of Data Science takes chats and texts to embed, in the form of"
            " OpenAI's Chat Completions and Embeddings.",
            parameter="model" if operation == "rerank" else "transport",
            hint=f"Give {_EXAMPLES['rerank']}."
            if operation == "rerank"
            else "Leave transport out.",
        )
    if place.endpoint_id:
        raise InvalidSetting(
            "endpoint_id is an endpoint of Generative AI, and the model a deployment of Data"
            " Science.",
            setting="endpoint_id",
            hint="Leave one of them out.",
        )
    base = deployment.address
    if base is None or not place.api_base:
        region, domain = _region(deployment.id, place, extra_regions, default_domain)
        hosts = regions.deployment_hosts(region, extra=extra_regions, default_domain=domain)
        if base and (base.scheme != "https" or base.host.lower() not in hosts or base.path):
            # A model's name may come from somebody who must not choose who gets a signed request.
            raise InvalidParameter(
                "model is the URL of a deployment at a host that is not OCI's.",
                parameter="model",
                hint=f"Its host is {hosts[0]}. Another one can be given as api_base=.",
            )
        base = base or Address("https", hosts[0], "")
    path, stream_path = deployment.paths(operation)
    return Target(
        model=name,
        facts=catalog.facts(
            deployment.id
            if deployment.served_name == deployments.SERVED_NAME
            else deployment.served_name
        ),
        transport="deployment",
        dialect=f"openai_{operation}",
        scheme=base.scheme,
        host=base.host,
        path=base.path + path,
        serving=ServingMode("ON_DEMAND", deployment.served_name),
        stream_path=base.path + stream_path if stream_path else "",
    )


# --- address ------------------------------------------------------------------------------------


def _region(
    id: str, place: Place, extra_regions: tuple[Region, ...], default_domain: str | None
) -> tuple[str, str | None]:
    """The region of what is called, by its OCID or else by the place, and the default domain."""
    realm, region = ocids.realm_and_region(id)
    if region:
        # The OCID of a region that is newer than the table still says which realm it is in.
        if not regions.is_known(region, extra=extra_regions):
            default_domain = regions.realm_domain(realm) or default_domain
    else:
        region = (place.region or "").strip()
    if not region:
        raise MissingSetting(
            "No region is given.",
            setting="region",
            hint="Give oci_region=, set OCI_REGION, or put region= into the profile of your OCI"
            " config file.",
        )
    return region, default_domain


def _base(api_base: str) -> tuple[Address, bool]:
    """What precedes the paths of all surfaces, and whether it named the legacy OpenAI surface."""
    address = addresses.read(api_base)
    for surface in _SURFACES:
        if address.path.endswith(surface):
            prefix = address.path[: -len(surface)]
            return address._replace(path=prefix), surface.startswith(_LEGACY_OPENAI)
    return address, False
