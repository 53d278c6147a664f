"""What an OCID says by itself: of what kind its resource is, and where.

Source: OCI's documentation, ``ocid1.<type>.<realm>.[region].<unique id>``.
"""

from __future__ import annotations

__all__ = ["is_of", "kind", "realm_and_region"]


def kind(id: str) -> str:
    """The type of resource, such as ``generativeaiendpoint``; empty for what is no OCID."""
    first, _, rest = id.partition(".")
    return rest.partition(".")[0] if first == "ocid1" and "." in rest else ""


def is_of(id: str, *kinds: str) -> bool:
    """Whether ``id`` is the OCID of a resource of one of these kinds."""
    return kind(id) in kinds


def realm_and_region(id: str) -> tuple[str, str]:
    """The realm and the region (id or short code) in an OCID; both empty if there are none."""
    parts = id.split(".")
    if parts[0] == "ocid1" and len(parts) >= 5:
        return parts[2], parts[3]
    return "", ""
