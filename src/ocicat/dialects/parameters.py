"""The parameters of a request, translated by tables.

Each dialect has a table from neutral parameter names to :class:`Parameter`: its name on the wire,
its type and its range. What the table does not know is refused by name, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = [
    "Parameter",
    "boolean",
    "choice",
    "decode",
    "encode",
    "integer",
    "length_limit",
    "number",
    "numbers_by_token",
    "text",
    "texts",
    "usage_option",
]

# The request keys that a dialect translates itself.
_STRUCTURE = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """How one neutral parameter is said on a wire.

    ``check`` returns the wire value, or raises ``ValueError`` with words that follow the
    parameter's name (``"must be …"``). ``back`` turns a wire value into a neutral one.
    """

    wire: str
    check: Callable[[Any], Any]
    back: Callable[[Any], Any] = lambda value: value


def encode(request: ChatRequest, table: Mapping[str, Parameter], *, dialect: str) -> dict[str, Any]:
    """The wire form of every parameter in ``request`` that has a value.

    Raises :class:`~ocicat.errors.InvalidParameter` for a value of the wrong type or range and
    :class:`~ocicat.errors.UnsupportedFeature` for a parameter that the table lacks.
    """
    wire: dict[str, Any] = {}
    for name, value in request.items():
        if value is None or name in _STRUCTURE:
            continue
        parameter = table.get(name)
        if parameter is None:
            raise UnsupportedFeature(
                f"`{name}` cannot be said to {request.get('model')} over {dialect}.",
                parameter=name,
                hint="Leave it out, or use a model or transport that has it.",
            )
        try:
            wire[parameter.wire] = parameter.check(value)
        except ValueError as problem:
            raise InvalidParameter(
                f"`{name}` {problem}, not {_shown(value)}.", parameter=name
            ) from None
    return wire


def decode(
    body: Mapping[str, Any], table: Mapping[str, Parameter], *, known: frozenset[str], dialect: str
) -> ChatRequest:
    """The neutral parameters that a wire body says; keys in ``known`` are somebody else's.

    Raises :class:`~ocicat.errors.UnsupportedFeature` for a key that the table lacks.
    """
    neutral = {parameter.wire: (name, parameter) for name, parameter in table.items()}
    request: dict[str, Any] = {}
    for key, value in body.items():
        if value is None or key in known:
            continue
        if key not in neutral:
            raise UnsupportedFeature(f"`{key}` is not understood over {dialect}.", parameter=key)
        name, parameter = neutral[key]
        request[name] = parameter.back(value)
    return request  # type: ignore[return-value]  # built key by key from the table


def length_limit(request: ChatRequest, facts: ModelFacts) -> tuple[str, int] | None:
    """The limit on the answer's length, as (the neutral name that this model takes, tokens).

    OCI's own default is about 20 tokens on some models, so where the caller gives no limit the
    catalogue's is used. ``max_tokens`` and ``max_completion_tokens`` mean the same here; models
    that take only one of them get that one.
    """
    limits = {
        name: value
        for name in ("max_tokens", "max_completion_tokens")
        if (value := request.get(name)) is not None
    }
    for name, value in limits.items():
        try:
            integer(1)(value)
        except ValueError as problem:
            raise InvalidParameter(
                f"`{name}` {problem}, not {_shown(value)}.", parameter=name
            ) from None
    if len(set(limits.values())) > 1:
        raise InvalidParameter(
            "`max_tokens` and `max_completion_tokens` say different lengths.",
            parameter="max_completion_tokens",
            hint="They mean the same; give one of them.",
        )
    if limits:
        return facts.length_parameter, int(next(iter(limits.values())))  # type: ignore[call-overload]
    if facts.max_output is not None:
        return facts.length_parameter, facts.max_output
    return None


def number(low: float | None = None, high: float | None = None) -> Callable[[Any], Any]:
    """A check for a number between ``low`` and ``high``."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise ValueError("must be a number")
        # Written so that NaN, which compares false with everything, is refused.
        if not ((low is None or value >= low) and (high is None or value <= high)):
            raise ValueError(f"must be {_range(low, high)}")
        return value

    return check


def integer(low: int | None = None, high: int | None = None) -> Callable[[Any], Any]:
    """A check for a whole number between ``low`` and ``high``."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError("must be a whole number")
        if (low is not None and value < low) or (high is not None and value > high):
            raise ValueError(f"must be {_range(low, high)}")
        return value

    return check


def boolean(value: Any) -> Any:
    """A check for true or false."""
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def text(value: Any) -> Any:
    """A check for a text."""
    if not isinstance(value, str):
        raise ValueError("must be a text")
    return value


def texts(value: Any) -> Any:
    """A check for a list of texts; a single text is a list of one."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError("must be a text or a list of texts")
    return list(value)


def choice(*words: str, upper: bool = False) -> Callable[[Any], Any]:
    """A check for one of ``words``, in any case; ``upper`` says how the wire spells them."""

    def check(value: Any) -> Any:
        if not isinstance(value, str) or value.lower() not in words:
            raise ValueError("must be one of " + ", ".join(words))
        return value.upper() if upper else value.lower()

    return check


def numbers_by_token(value: Any) -> Any:
    """A check for a mapping from token ids to numbers (``logit_bias``)."""
    if not isinstance(value, dict) or not all(
        isinstance(bias, (int, float)) and not isinstance(bias, bool) for bias in value.values()
    ):
        raise ValueError("must map token ids to numbers")
    return {str(token): bias for token, bias in value.items()}


def usage_option(wire: str) -> Callable[[Any], Any]:
    """A check for ``stream_options``, of which OCI has only ``include_usage``."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or set(value) - {"include_usage"}:
            raise ValueError('must be {"include_usage": true or false}')
        return {wire: boolean(value["include_usage"])} if "include_usage" in value else {}

    return check


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
