"""What all lists of the management API have in common: their query.

Source: the ``oci`` SDK's ``GenerativeAiClient``.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.paging import page
from ocicat.emulator.refusals import NOT_FOUND, Refused, refusal
from ocicat.emulator.tenancy import Tenancy

__all__ = ["CAPABILITIES", "Query", "answer", "not_found", "read_query"]

_ALWAYS: Final = ("compartmentId", "limit", "page")

#: What models can do, in OCI's words.
CAPABILITIES: Final = (
    *("TEXT_GENERATION", "TEXT_SUMMARIZATION", "TEXT_EMBEDDINGS", "FINE_TUNE", "CHAT"),
    *("TEXT_RERANK", "TEXT_TO_IMAGE", "IMAGE_TEXT_TO_IMAGE", "IMAGE_TEXT_TO_TEXT"),
    *("IMAGE_TEXT_TO_VIDEO", "IMAGE_TO_IMAGE", "REALTIME", "AUDIO_TO_AUDIO", "AUDIO_TO_TEXT"),
    *("TEXT_TO_AUDIO", "TEXT_TO_VIDEO", "AUDIO_TEXT_TO_TEXT", "AUDIO_TRANSLATION"),
    "VIDEO_TEXT_TO_TEXT",
)


@dataclass(frozen=True, slots=True)
class Query:
    """The parameters of a list that may stand once, and those that may stand several times."""

    once: Mapping[str, str]
    several: Mapping[str, list[str]]

    def fits(self, item: Mapping[str, Any], *filters: str) -> bool:
        """Whether an item has the values that these parameters ask for, if they are there."""
        return all(item[name] == self.once[name] for name in filters if name in self.once)


def read_query(
    call: Call,
    tenancy: Tenancy,
    *,
    once: Collection[str],
    several: Collection[str] = (),
    allowed: Mapping[str, Collection[str]],
) -> Query:
    """The query of a list. Every list has ``compartmentId``, ``limit`` and ``page``.

    ``once`` and ``several`` are the names of the others; ``allowed`` has the values of those that
    are enumerations. Raises :class:`Refused`.
    """
    found: dict[str, str] = {}
    lists: dict[str, list[str]] = {}
    for name, value in call.query:
        if name in allowed and value not in allowed[name]:
            raise _invalid(f"{name} is {value!r}, not one of {', '.join(allowed[name])}")
        if name in several:
            lists.setdefault(name, []).append(value)
        elif name not in once and name not in _ALWAYS:
            raise _invalid(f"{name} is no query parameter of this operation")
        elif name in found:
            raise _invalid(f"the query parameter {name} is there twice")
        else:
            found[name] = value
    _check_compartment(found.get("compartmentId"), tenancy)
    return Query(found, lists)


def answer(call: Call, query: Query, items: Sequence[Any]) -> web.StreamResponse:
    """The page of ``items`` that is asked for. Raises :class:`Refused`."""
    shown, headers = page(items, query.once.get("limit"), query.once.get("page"))
    call.record(200)
    return call.json_reply({"items": shown}, headers=headers)


def not_found(reason: str) -> Refused:
    """The refusal of what does not exist, which OCI does not tell from what one may not see."""
    return refusal(404, NOT_FOUND, reason, code="NotAuthorizedOrNotFound")


def _check_compartment(ocid: str | None, tenancy: Tenancy) -> None:
    if not ocid:
        raise refusal(
            400,
            "The required parameter compartmentId is missing.",
            "the query parameter compartmentId is missing",
            code="MissingParameter",
        )
    if not tenancy.has_compartment(ocid):
        raise not_found(f"compartmentId: the emulator has no compartment {ocid!r}")


def _invalid(reason: str) -> Refused:
    return refusal(400, f"Invalid parameter: {reason}.", reason, code="InvalidParameter")
