"""From settings to what a call needs: who signs, where to, who pays.

Working that out takes far longer than looking it up, so it is kept, and made anew when an
argument, a variable or the config file changes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from ocicat.auth import files, region_metadata
from ocicat.call.learning import Learned
from ocicat.call.skew import ClockSkew
from ocicat.client import logs
from ocicat.client.identities import identity_of
from ocicat.client.settings import DEFAULT_REGION, Settings
from ocicat.routing import deployments
from ocicat.routing.addresses import Address
from ocicat.routing.deployments import Deployment
from ocicat.routing.regions import Region
from ocicat.routing.resolve import Place, management, resolve, service
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import Operation, Target, Transport

__all__ = ["Connection", "connect"]

_MAX_KEPT = 256


@dataclass(frozen=True, slots=True)
class Connection:
    """What the settings come to."""

    #: Who signs, by the transport that a call takes.
    identities: Callable[[Transport], IdentityResolver]
    #: Empty where the identity brings its own.
    compartment_id: str
    place: Place
    #: The model deployment of Data Science that ``place.api_base`` is the URL of.
    deployment: Deployment | None
    #: Whether the region is only a guess, which the identity may know better.
    region_is_guessed: bool
    #: Whether the transport was asked for in the call itself.
    transport_is_argument: bool
    #: Regions, and the domain of all others, that the table does not have.
    extra_regions: tuple[Region, ...]
    default_domain: str | None
    log: logs.Log | None
    skew: ClockSkew
    #: What models have been found to refuse.
    learned: Learned
    #: The models behind OCIDs that have been looked up; ``None`` where OCI would not say.
    endpoints: dict[str, ModelFacts | None]
    #: OCID of the Generative AI project; empty where none is set.
    project_id: str
    #: Where the config file was, and its state, if one was read.
    profile_path: Path | None
    profile_stamp: files.Stamp | None

    def route(
        self, model: str, region: Region | None = None, *, operation: Operation = "chat"
    ) -> Target:
        """Where a call to ``model`` goes; in ``region``, if it is given."""
        place, extra = self._in(region)
        if operation != "chat" and not self.transport_is_argument:
            place = replace(place, transport=None)  # a habit for chats is no wish for these
        return resolve(
            model,
            place,
            operation=operation,
            extra_regions=extra,
            default_domain=self.default_domain,
        )

    def management(self, ocid: str = "", region: Region | None = None) -> Address:
        """Where OCI describes what ``ocid`` names; in ``region``, if the OCID does not say."""
        place, extra = self._in(region)
        return management(place, ocid=ocid, extra_regions=extra, default_domain=self.default_domain)

    def service(self, region: Region | None = None) -> Address:
        """Where calls go that are the service's and no model's; in ``region``, if it is given."""
        place, extra = self._in(region)
        return service(place, extra_regions=extra, default_domain=self.default_domain)

    def _in(self, region: Region | None) -> tuple[Place, tuple[Region, ...]]:
        if region is None:
            return self.place, self.extra_regions
        return replace(self.place, region=region.id), (*self.extra_regions, region)

    def is_current(self) -> bool:
        """Whether the config file is still as it was."""
        return self.profile_path is None or files.stamp(self.profile_path) == self.profile_stamp


_kept: dict[tuple[object, ...], Connection] = {}


def connect(arguments: Mapping[str, Any]) -> Connection:
    """The connection for these arguments (public names), the environment and the config file.

    Raises :class:`~ocicat.errors.ConfigurationError` kin for what is missing or wrong.
    """
    key = (*arguments.items(), *_environment())
    try:
        kept = _kept.get(key)
    except TypeError:  # an argument that no dictionary takes, such as a list: looked at below
        return _make(arguments)
    if kept is not None and kept.is_current():
        return kept
    if len(_kept) >= _MAX_KEPT:
        _kept.clear()
    made = _make(arguments)
    if kept is None:
        # Threads that come here together go on with one connection, and so with one log-in.
        return _kept.setdefault(key, made)
    _kept[key] = made
    return made


def _identities(
    settings: Settings, arguments: Mapping[str, Any]
) -> Callable[[Transport], IdentityResolver]:
    usual = identity_of(settings, arguments)

    @cache
    def find(transport: Transport) -> IdentityResolver:
        # The service's own API keys are for its OpenAI-compatible surface alone.
        if transport in ("native", "deployment") and settings.find("api_key") is not None:
            return identity_of(settings, arguments, must_sign=True)
        return usual

    return find


def _environment() -> list[tuple[str, str]]:
    """The variables that matter and their values, in an order that stays the same."""
    # Looking through those that are set costs a third of asking for all that could be.
    return [(name, os.environ[name]) for name in sorted(filter(_matters, os.environ))]


def _matters(name: str) -> bool:
    return name.startswith(("OCI", "KUBERNETES_SERVICE_HOST", "LOCUS_OCI_TRANSPORT"))


def _make(arguments: Mapping[str, Any]) -> Connection:
    settings = Settings(arguments)
    region, api_base = settings.get("region"), settings.get("api_base")
    if api_base and api_base == settings.profile_value("endpoint") and "://" not in api_base:
        # As the SDK reads this key: the domain that follows the service's name.
        region, api_base = api_base, None
    place = Place(
        region=region,
        api_base=api_base,
        transport=settings.get("transport"),
        serving_mode=settings.get("serving_mode"),
        endpoint_id=settings.get("endpoint_id"),
        api_format=settings.get("api_format"),
    )
    identities = _identities(settings, arguments)
    profile = settings.profile()
    # An API key of the service belongs to a compartment already, and so does a deployment.
    deployment = deployments.find("", api_base)
    needs_compartment = deployment is None and settings.find("api_key") is None
    return Connection(
        identities=identities,
        compartment_id=(
            settings.require("compartment_id")
            if needs_compartment
            else settings.get("compartment_id") or ""
        ),
        place=place,
        deployment=deployment,
        region_is_guessed=api_base is None and settings.find("region") == DEFAULT_REGION,
        transport_is_argument=arguments.get("transport") is not None,
        extra_regions=region_metadata.extra_regions(os.environ),
        default_domain=region_metadata.default_domain(os.environ),
        log=logs.log if settings.flag("log_requests") else None,
        skew=ClockSkew(),
        learned=Learned(),
        endpoints={},
        project_id=settings.get("project_id") or "",
        profile_path=profile.path if profile else None,
        profile_stamp=files.stamp(profile.path) if profile else None,
    )
