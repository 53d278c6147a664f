"""The parameters of a request, translated by tables.

Each dialect has a table from neutral parameter names to what becomes of them: a
:class:`Parameter` has its name on the wire, its type and its range; the other kinds of rows are
:class:`Own`, :class:`Dropped` and :class:`Refused`. What the table does not know is refused by
name. The same tables are what ``ocicat models MODEL`` shows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ocicat.dialects.dialect import Entry, Notes, Way
from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = [
    "BOOKKEEPING",
    "Dropped",
    "Own",
    "Parameter",
    "Refused",
    "boolean",
    "choice",
    "decode",
    "encode",
    "for_model",
    "integer",
    "is_hint",
    "length_limit",
    "number",
    "numbers_by_token",
    "text",
    "texts",
    "usage_option",
]

# The request keys that a dialect translates itself, whatever its table says.
_STRUCTURE = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens"})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A neutral parameter that is said in a wire's own words.

    ``check`` returns the wire value, or raises ``ValueError`` with words that follow the
    parameter's name (``"must be …"``). ``back`` turns a wire value into a neutral one.
    """

    wire: str
    check: Callable[[Any], Any]
    back: Callable[[Any], Any] = lambda value: value
    note: str = ""
    way: Way = "mapped"


@dataclass(frozen=True, slots=True)
class Own:
    """What the dialect translates in its own code (``mapped``), or ocicat does (``emulated``)."""

    note: str = ""
    way: Way = "mapped"


@dataclass(frozen=True, slots=True)
class Dropped:
    """What is left out with a note, because doing without it changes nothing in the answer."""

    note: str
    way: Way = "dropped"


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be said and must not be left out in silence. ``hint`` says what to do instead."""

    note: str
    hint: str = ""
    way: Way = "refused"


#: What OCI has no place for and no answer depends on.
BOOKKEEPING: Mapping[str, Entry] = {
    "user": Dropped("OCI knows the caller by the signature."),
    "safety_identifier": Dropped("OCI knows the caller by the signature."),
    "store": Dropped("Nothing is stored on this API."),
    "prompt_cache_key": Dropped("OCI decides itself what it caches."),
    "prompt_cache_retention": Dropped("OCI decides itself what it caches."),
}

# What changes how an answer is found and not what was asked for: left out once OCI refuses it.
_HINTS = frozenset(
    {
        *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed"),
        *("logit_bias", "reasoning_effort", "thinking", "verbosity", "parallel_tool_calls"),
        *("service_tier", "prediction", "metadata", "stream_options", "priority"),
        *BOOKKEEPING,
    }
)


def is_hint(name: str) -> bool:
    """Whether the parameter only changes how an answer is found, and not what is asked for."""
    return name in _HINTS


def encode(
    request: ChatRequest,
    table: Mapping[str, Entry],
    facts: ModelFacts,
    notes: Notes,
    *,
    dialect: str,
) -> dict[str, Any]:
    """The wire form of every parameter in ``request`` that has a value and a row that maps it.

    What is dropped, and what the model is known to refuse, goes to ``notes``.

    Raises :class:`~ocicat.errors.InvalidParameter` for a value of the wrong type or range and
    :class:`~ocicat.errors.UnsupportedFeature` for a parameter that is refused.
    """
    wire: dict[str, Any] = {}
    for name, value in request.items():
        if value is None or name in _STRUCTURE:
            continue
        entry = for_model(name, table.get(name, _NO_PLACE), facts)
        if name in notes.learned:
            if is_hint(name):
                notes.add(name, f"Left out: {facts.id} refused it: {notes.learned[name]}")
            else:
                notes.refuse(name, f"{facts.id} refused `{name}`: {notes.learned[name]}")
        elif isinstance(entry, Parameter):
            try:
                wire[entry.wire] = entry.check(value)
            except ValueError as problem:
                raise InvalidParameter(
                    f"`{name}` {problem}, not {_shown(value)}.", parameter=name
                ) from None
        elif isinstance(entry, Dropped):
            notes.add(name, f"Left out: {entry.note}")
        elif isinstance(entry, Refused):
            notes.refuse(
                name,
                f"`{name}` cannot be said to {request.get('model')} over {dialect}."
                f" {entry.note}".rstrip(),
                hint=entry.hint or "Leave it out, or use a model or transport that has it.",
            )
    return wire


_NO_PLACE = Refused("")


def for_model(name: str, entry: Entry, facts: ModelFacts) -> Entry:
    """What becomes of a parameter where the model is known to do less than its dialect can say."""
    if not facts.known or entry.way == "refused":
        return entry
    if name in facts.ignores:
        return Dropped(f"{facts.id} does not take it.")
    if name in ("reasoning_effort", "thinking") and not facts.reasoning:
        return Dropped(f"{facts.id} does not reason.")
    if name == "tools" and not facts.tools:
        return Refused(
            f"{facts.id} uses no tools.", "`ocicat models --tools` lists the models that do."
        )
    return entry


def decode(
    body: Mapping[str, Any], table: Mapping[str, Entry], *, known: frozenset[str], dialect: str
) -> ChatRequest:
    """The neutral parameters that a wire body says; keys in ``known`` are somebody else's.

    Raises :class:`~ocicat.errors.UnsupportedFeature` for a key that the table lacks.
    """
    neutral = {
        entry.wire: (name, entry) for name, entry in table.items() if isinstance(entry, Parameter)
    }
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


def choice(
    *words: str, upper: bool = False, synonyms: Mapping[str, str] | None = None
) -> Callable[[Any], Any]:
    """A check for one of ``words``, in any case; ``upper`` says how the wire spells them.

    ``synonyms`` are words that mean one of them too.
    """

    def check(value: Any) -> Any:
        word = value.lower() if isinstance(value, str) else ""
        word = (synonyms or {}).get(word, word)
        if word not in words:
            raise ValueError("must be one of " + ", ".join(words))
        return word.upper() if upper else word

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
