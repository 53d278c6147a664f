"""From settings to what a call needs: who signs, where to, who pays.

Working that out takes far longer than looking it up, so it is kept, and made anew when an
argument, a variable or the config file changes.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ocicat.auth import files, region_metadata
from ocicat.client import logs
from ocicat.client.identities import identity_of
from ocicat.client.settings import VARIABLES, Settings
from ocicat.routing.regions import Region
from ocicat.routing.resolve import Place
from ocicat.vocabulary.identity import IdentityResolver

__all__ = ["Connection", "connect"]

_MAX_KEPT = 256
_VARIABLES = VARIABLES.union(region_metadata.VARIABLES)


@dataclass(frozen=True, slots=True)
class Connection:
    """What the settings come to."""

    identities: IdentityResolver
    compartment_id: str
    place: Place
    #: Regions, and the domain of all others, that the table does not have.
    extra_regions: tuple[Region, ...]
    default_domain: str | None
    log: logs.Log | None
    #: Where the config file was, and its state, if one was read.
    profile_path: Path | None
    profile_stamp: files.Stamp | None

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


def _environment() -> list[tuple[object, object]]:
    """The variables that matter and their values, in an order that stays the same."""
    # Looking for the few that are set costs a third of asking for all that could be.
    return [(name, os.environ[name]) for name in sorted(_VARIABLES.intersection(os.environ))]


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
    )
    identities = identity_of(settings, arguments)
    profile = settings.profile()
    return Connection(
        identities=identities,
        compartment_id=settings.require("compartment_id"),
        place=place,
        extra_regions=region_metadata.extra_regions(os.environ),
        default_domain=region_metadata.default_domain(os.environ),
        log=logs.log if settings.flag("log_requests") else None,
        profile_path=profile.path if profile else None,
        profile_stamp=files.stamp(profile.path) if profile else None,
    )
