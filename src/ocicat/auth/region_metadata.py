"""Regions that no table knows: what the machine's owner says of them.

Sources, as the ``oci`` SDK reads them: ``~/.oci/regions-config.json`` (a list of regions), the
variable ``OCI_REGION_METADATA`` (one region), and ``OCI_DEFAULT_REALM`` (the domain of any other).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ocicat.errors import InvalidSetting
from ocicat.routing.regions import Region

__all__ = ["default_domain", "extra_regions"]

_FILE = "~/.oci/regions-config.json"
_KEYS = ("regionIdentifier", "regionKey", "realmKey", "realmDomainComponent")


def extra_regions(environment: Mapping[str, str]) -> tuple[Region, ...]:
    """The regions that the file and the variable describe.

    Raises :class:`~ocicat.errors.InvalidSetting` where they are not what the SDK documents.
    """
    found: list[Region] = []
    path = Path(_FILE).expanduser()
    try:
        content = path.read_bytes()
    except OSError:
        content = b""
    if content.strip():
        described = _json(content, str(path))
        if not isinstance(described, list):
            raise _invalid(str(path), "it is not a list of regions")
        found += [_region(item, str(path)) for item in described]
    variable = environment.get("OCI_REGION_METADATA", "").strip()
    if variable:
        name = "OCI_REGION_METADATA"
        found.append(_region(_json(variable.encode(), name), name))
    return tuple(found)


def default_domain(environment: Mapping[str, str]) -> str | None:
    """The second-level domain of regions that nothing else describes."""
    return environment.get("OCI_DEFAULT_REALM", "").strip() or None


def _json(content: bytes, where: str) -> Any:
    try:
        return msgspec.json.decode(content)
    except (ValueError, RecursionError):
        raise _invalid(where, "it is not JSON") from None


def _region(described: Any, where: str) -> Region:
    if not isinstance(described, dict):
        raise _invalid(where, "a region is described by an object")
    values = [described.get(key) for key in _KEYS]
    if not all(isinstance(value, str) and value for value in values):
        raise _invalid(where, f"a region needs the keys {', '.join(_KEYS)}")
    return Region(*(str(value).lower() for value in values))


def _invalid(where: str, why: str) -> InvalidSetting:
    return InvalidSetting(f"{where} cannot be used: {why}.", setting="region")
