"""``cost_of``: what a reply cost, where its price is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.errors import InvalidParameter
from ocicat.routing.catalog import facts
from ocicat.vocabulary.model import PriceUnit

__all__ = ["cost_of"]

#: Characters in a token of English text or code, measured as for ``count_tokens``: 4.2 to 4.3.
_CHARACTERS_PER_TOKEN = 4
#: How many of these units a million tokens are. Searches are not counted in replies.
_UNITS: dict[PriceUnit, float] = {
    "1,000,000 tokens": 1,
    "10,000 characters": 1_000_000 * _CHARACTERS_PER_TOKEN / 10_000,
}


def cost_of(
    reply: Mapping[str, Any],
    *,
    input_price: float | None = None,
    output_price: float | None = None,
    cached_input_price: float | None = None,
) -> float | None:
    """US dollars that ``reply`` cost, or ``None`` where a price or the token counts are missing.

    ``reply`` is a whole reply, or the chunk of a stream that has the ``usage``. The prices are in
    US dollars for a million tokens. Those that are not given are Oracle's list prices, as far as
    the catalogue has them (``ocicat models MODEL``); a contract may have others. Tokens from the
    cache cost ``input_price`` where that alone is given.

    Oracle sells Cohere's and Meta's models by the character, and replies count tokens. Their cost
    is an estimate, at four characters a token: near for English and code, too high for most other
    languages.

    It is the price of a call on demand. What is called by the OCID of an endpoint or a deployment
    is paid by the hour and costs ``None``; a reply from an endpoint that was called by the name of
    its model (``oci_endpoint_id=``) does not tell, and costs as if it came on demand.

    Raises :class:`~ocicat.errors.InvalidParameter` for a price, or a reply, that is none.
    """
    if not isinstance(reply, Mapping):
        raise InvalidParameter(
            f"`reply` must be a reply of ocicat's, not {type(reply).__name__}.", parameter="reply"
        )
    _check(
        input_price=input_price,
        output_price=output_price,
        cached_input_price=cached_input_price,
    )
    usage = reply.get("usage")
    if not usage:
        return None
    prompt = usage.get("prompt_tokens") or 0
    cached = min(prompt, (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0)
    fresh_price, cached_price, answer_price = _list_prices(str(reply.get("model") or ""), prompt)
    if input_price is not None:
        fresh_price = cached_price = input_price
    if cached_input_price is not None:
        cached_price = cached_input_price
    if output_price is not None:
        answer_price = output_price
    cost = 0.0
    for count, price in (
        (prompt - cached, fresh_price),
        (cached, cached_price),
        (usage.get("completion_tokens"), answer_price),
    ):
        if count:
            if price is None:
                return None
            cost += count * price / 1_000_000
    return cost


def _check(**prices: float | None) -> None:
    for name, price in prices.items():
        # Written so that NaN, which compares false with everything, is refused.
        if price is not None and not (isinstance(price, (int, float)) and price >= 0):
            raise InvalidParameter(
                f"`{name}` must be US dollars for a million tokens, not {price!r}.", parameter=name
            )


def _list_prices(model: str, prompt: int) -> tuple[float | None, float | None, float | None]:
    """For a million tokens of the prompt, of what was cached of it, and of the answer."""
    product = facts(model).product
    if product is None or product.unit not in _UNITS:
        return None, None, None
    units = _UNITS[product.unit]
    # The last one that the prompt is long enough for.
    rate = next((rate for rate in reversed(product.rates) if prompt > rate.above), product.rates[0])
    cached = rate.input if rate.cached_input is None else rate.cached_input
    answer = None if rate.output is None else rate.output * units
    return rate.input * units, cached * units, answer
