"""Regions and realms: from what people write to the hosts of Generative AI.

A region is written as its id (``us-chicago-1``), its short code (``ORD``), or, for a place that no
table knows, as a full domain (``oci.example.cloud``). Everything here is a pure function over the
table in ``regions_table.py``; environment variables, files and the metadata service, which may
name more regions, are read elsewhere and passed in.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ocicat.errors import InvalidSetting

__all__ = [
    "DEFAULT_DOMAIN",
    "Region",
    "auth_host",
    "deployment_hosts",
    "domain_of",
    "inference_host",
    "is_known",
    "login_host",
    "management_host",
    "nearest_regions",
    "realm_domain",
    "realm_of",
    "region_id",
    "regions",
]

#: Second-level domain of the commercial realm, ``oc1``.
DEFAULT_DOMAIN = "oraclecloud.com"

# The characters that the oci SDK lets into a label of a host name.
_LABEL = re.compile(r"[A-Za-z0-9_-]{1,63}")


class Region(NamedTuple):
    """One region: its id, short code, realm, and the realm's second-level domain, in lower case.

    The four are what OCI's region metadata gives as ``regionIdentifier``, ``regionKey``,
    ``realmKey`` and ``realmDomainComponent``.
    """

    id: str
    code: str
    realm: str
    domain: str


# The table is a generated module and not a TOML file because a cold start pays for it: importing
# tomllib takes 5 ms of CPU on the machine where this was measured, the compiled module 0.2 ms.
@lru_cache(maxsize=1)
def regions() -> tuple[Region, ...]:
    """All regions of the table."""
    from ocicat.routing.regions_table import REALMS, REGIONS

    return tuple(Region(id, code, realm, REALMS[realm]) for id, (realm, code) in REGIONS.items())


@lru_cache(maxsize=1)
def _by_name() -> dict[str, Region]:
    """Regions of the table by id and by short code."""
    table = {region.code: region for region in regions()}
    table.update((region.id, region) for region in regions())
    return table


def region_id(region: str, *, extra: Sequence[Region] = ()) -> str:
    """The id of a region given by id or short code, in any case: ``"ORD"`` is ``us-chicago-1``.

    A name that neither the table nor ``extra`` knows comes back in lower case. Raises
    :class:`~ocicat.errors.InvalidSetting` if it could not be part of a host name.
    """
    name = _checked(region)
    known = _find(name, extra)
    return known.id if known else name


def is_known(region: str, *, extra: Sequence[Region] = ()) -> bool:
    """Whether the table or ``extra`` has the region. Raises as :func:`region_id` does."""
    return _find(_checked(region), extra) is not None


def realm_of(region: str, *, extra: Sequence[Region] = ()) -> str:
    """The realm of a region, such as ``oc1``, which is also assumed of an unknown one.

    Raises as :func:`region_id` does. Source of the fallback: the oci SDK.
    """
    known = _find(_checked(region), extra)
    return known.realm if known else "oc1"


def realm_domain(realm: str) -> str | None:
    """The second-level domain of a realm (``oc19`` has ``oraclecloud.eu``); ``None`` if unknown."""
    from ocicat.routing.regions_table import REALMS

    return REALMS.get(realm.lower())


def domain_of(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> str:
    """The second-level domain of a region.

    For an unknown region it is ``default_domain`` (what ``OCI_DEFAULT_REALM`` holds), else
    ``oraclecloud.com``; for one that contains a dot, which is a full domain, it is the region
    itself. Raises :class:`~ocicat.errors.InvalidSetting` for what could not be part of a host
    name. Source of the order: the oci SDK's ``regions.py``.
    """
    name = _checked(region)
    known = _find(name, extra)
    if known:
        return known.domain
    if "." in name:
        return name
    return _checked(default_domain, "default_domain") if default_domain else DEFAULT_DOMAIN


def inference_host(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> str:
    """The host that answers chat, embeddings and reranking. Raises as :func:`domain_of` does."""
    return "inference." + management_host(region, extra=extra, default_domain=default_domain)


def management_host(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> str:
    """The host that answers for models, endpoints and keys. Raises as :func:`domain_of` does."""
    name = region_id(region, extra=extra)
    domain = domain_of(name, extra=extra, default_domain=default_domain)
    return f"generativeai.{domain}" if domain == name else f"generativeai.{name}.oci.{domain}"


def deployment_hosts(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> tuple[str, ...]:
    """The hosts that answer for model deployments of Data Science, the usual one first.

    Raises as :func:`domain_of` does. Source: the oci SDK's ``ModelDeploymentClient``; only the
    commercial realm has a host of its own for them.
    """
    name = region_id(region, extra=extra)
    domain = domain_of(name, extra=extra, default_domain=default_domain)
    if domain == name:
        return (f"md.datascience.{domain}",)
    general = f"md.datascience.{name}.oci.{domain}"
    if domain == DEFAULT_DOMAIN:
        return f"modeldeployment.{name}.oci.customer-oci.com", general
    return (general,)


def auth_host(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> str:
    """The host that exchanges certificates, sessions and keys for security tokens.

    Raises as :func:`domain_of` does. Source: the oci SDK's federation clients, whose template for
    this service, unlike the others, has no ``oci`` before the domain.
    """
    return _identity_host("auth", region, extra, default_domain)


def login_host(
    region: str, *, extra: Sequence[Region] = (), default_domain: str | None = None
) -> str:
    """The host where people log in with a browser. Raises as :func:`domain_of` does."""
    return _identity_host("login", region, extra, default_domain)


def nearest_regions(name: str) -> list[str]:
    """Up to three ids of the table that look like ``name``, the likeliest first."""
    from difflib import get_close_matches

    # Nothing worth matching is longer, and the comparison is quadratic.
    name = name.strip().lower()[:64]
    return get_close_matches(name, [region.id for region in regions()], n=3, cutoff=0.5)


def _identity_host(
    service: str, region: str, extra: Sequence[Region], default_domain: str | None
) -> str:
    name = region_id(region, extra=extra)
    domain = domain_of(name, extra=extra, default_domain=default_domain)
    return f"{service}.{domain}" if domain == name else f"{service}.{name}.{domain}"


def _find(name: str, extra: Sequence[Region]) -> Region | None:
    """A region by its id or short code. The table comes first, as in the oci SDK."""
    known = _by_name().get(name)
    if known:
        return known
    for region in extra:
        if name in (region.id, region.code):
            # It comes from somebody's file or environment, and becomes a host.
            domain = _checked(region.domain, "domain of the region")
            return region._replace(id=_checked(region.id), domain=domain)
    return None


def _checked(value: str, setting: str = "region") -> str:
    """``value`` in lower case, if all its labels may stand in a host name."""
    name = value.strip().lower()
    # 200 leaves room for "inference.generativeai." and the domain within the 253 of a host name.
    if len(name) <= 200 and all(_LABEL.fullmatch(label) for label in name.split(".")):
        return name
    nearest = nearest_regions(value) if setting == "region" else []
    raise InvalidSetting(
        f"{setting} is {value[:80]!r}, which cannot be part of a host name.",
        setting=setting,
        hint=(
            f"Did you mean {' or '.join(nearest)}?"
            if nearest
            else "Give a region such as us-chicago-1, a short code such as ORD, or a full domain."
        ),
    )
