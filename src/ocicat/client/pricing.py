"""``cost_of``: what a reply cost, where its price is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.errors import InvalidParameter
from ocicat.routing.catalog import facts

__all__ = ["cost_of"]


def cost_of(
    reply: Mapping[str, Any],
    *,
    input_price: float | None = None,
    output_price: float | None = None,
) -> float | None:
    """US dollars that ``reply`` cost, or ``None`` where a price or the token counts are missing.

    ``reply`` is a whole reply, or the chunk of a stream that has the ``usage``. The prices are in
    US dollars for a million tokens; those that are not given are the catalogue's, where it has any.
    Cached tokens count in full, and discounts are not known, so take it for an upper bound and
    Oracle's bill for the truth.

    Raises :class:`~ocicat.errors.InvalidParameter` for a price that is none.
    """
    for name, price in (("input_price", input_price), ("output_price", output_price)):
        # Written so that NaN, which compares false with everything, is refused.
        if price is not None and not (isinstance(price, (int, float)) and price >= 0):
            raise InvalidParameter(
                f"`{name}` must be US dollars for a million tokens, not {price!r}.", parameter=name
            )
    usage = reply.get("usage")
    if not usage:
        return None
    known = facts(str(reply.get("model") or ""))
    cost = 0.0
    for count, price in (
        (usage.get("prompt_tokens"), known.input_price if input_price is None else input_price),
        (
            usage.get("completion_tokens"),
            known.output_price if output_price is None else output_price,
        ),
    ):
        if count:
            if price is None:
                return None
            cost += count * price / 1_000_000
    return cost
