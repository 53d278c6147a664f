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
    "NATIVE_STREAM_OPTIONS",
    "REPLACED",
    "TEXT_ONLY",
    "Dropped",
    "Own",
    "Parameter",
    "Refused",
    "anything",
    "boolean",
    "checked",
    "choice",
    "decode",
    "encode",
    "for_model",
    "integer",
    "is_hint",
    "length_limit",
    "metadata",
    "number",
    "numbers_by_token",
    "one",
    "remaining",
    "text",
    "texts",
    "usage_option",
]

# The request keys that a dialect translates itself, whatever its table says.
_STRUCTURE = frozenset({"model", "messages", "stream", "max_tokens", "max_completion_tokens"})


def anything(value: Any) -> Any:
    """A check that takes any value."""
    return value


@dataclass(frozen=True, slots=True)
class Parameter:
    """A neutral parameter that is said in a wire's own words.

    ``check`` returns the wire value, or raises ``ValueError`` with words that follow the
    parameter's name (``"must be …"``). ``back`` turns a wire value into a neutral one.
    """

    wire: str
    check: Callable[[Any], Any]
    back: Callable[[Any], Any] = anything
    note: str = ""
    way: Way = "mapped"


@dataclass(frozen=True, slots=True)
class Own:
    """What the dialect translates in its own code (``mapped``), or ocicat does (``emulated``).

    ``check`` raises ``ValueError`` as a :class:`Parameter`'s does; what it returns is not used.
    """

    note: str = ""
    way: Way = "mapped"
    check: Callable[[Any], Any] = anything


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

#: What OpenAI itself has replaced.
REPLACED: Mapping[str, Entry] = {
    "functions": Refused("OpenAI has replaced it by `tools`.", "Give `tools`."),
    "function_call": Refused("OpenAI has replaced it by `tool_choice`.", "Give `tool_choice`."),
}

#: What formats can be asked for whose answers are text.
TEXT_ONLY: Mapping[str, Entry] = {
    "modalities": Refused('Answers are text only; ["text"] may be asked for.', "Leave it out."),
    "audio": Refused("Answers are text only.", "Leave it out."),
}

# What says only what happens anyway where a parameter cannot be said: it is passed over in silence.
# Clients send much of it by default.
_ANYWAY: Mapping[str, tuple[Any, ...]] = {
    "echo": (False,),
    "force_single_step": (False,),
    "logprobs": (False,),
    "modalities": (["text"], ("text",)),
    "parallel_tool_calls": (True,),
    "prompt_truncation": ("off",),
    "raw_prompting": (False,),
    "reasoning_effort": ("none",),
    "search_queries_only": (False,),
    "store": (False,),
    "strict_tools": (False,),
    "thinking": ({"type": "disabled"},),
    "top_logprobs": (0,),
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
        if value is None or name in _STRUCTURE or (name == "tools" and not value):
            continue
        entry = for_model(name, table.get(name, _NO_PLACE), facts)
        if name in notes.learned:
            if is_hint(name):
                notes.add(name, f"Left out: {facts.id} refused it: {notes.learned[name]}")
            else:
                notes.refuse(name, f"{facts.id} refused `{name}`: {notes.learned[name]}")
        elif isinstance(entry, Parameter):
            wire[entry.wire] = checked(name, value, entry.check)
        elif isinstance(entry, Own):
            checked(name, value, entry.check)
        elif value in _ANYWAY.get(name, ()):
            continue
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


def checked(name: str, value: Any, check: Callable[[Any], Any]) -> Any:
    """What ``check`` makes of the value of the parameter ``name``.

    Raises :class:`~ocicat.errors.InvalidParameter`.
    """
    try:
        return check(value)
    except ValueError as problem:
        raise InvalidParameter(
            f"`{name}` {problem}, not {_shown(value)}.", parameter=name
        ) from None


def remaining(
    request: ChatRequest, table: Mapping[str, Entry], facts: ModelFacts, notes: Notes
) -> ChatRequest:
    """The parameters of a request that a dialect may say in code of its own.

    Those are the ones with a value that :func:`encode` has neither dropped nor refused: what a
    model was found to refuse it must not be told in other words either. A choice among tools goes
    with the tools.
    """
    kept = {
        name: value
        for name, value in request.items()
        if value is not None
        and name not in notes.learned
        and for_model(name, table.get(name, _NO_PLACE), facts).way in ("mapped", "emulated")
    }
    if request.get("tools") is not None and "tools" not in kept:
        kept.pop("tool_choice", None)
    return kept  # type: ignore[return-value]  # a part of the request


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
        checked(name, value, integer(1))
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


def one(value: Any) -> Any:
    """A check for ``n`` where one call gives one answer; ocicat makes a call for each."""
    if isinstance(value, bool) or value != 1:
        raise ValueError("must be 1, as one call gives one answer")
    return value


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


def metadata(value: Any) -> Any:
    """A check for ``metadata``: texts by texts, within OpenAI's limits."""
    if not isinstance(value, Mapping) or not all(
        isinstance(text, str) for pair in value.items() for text in pair
    ):
        raise ValueError("must map texts to texts")
    if len(value) > 16 or any(len(key) > 64 or len(text) > 512 for key, text in value.items()):
        raise ValueError("must have at most 16 keys of 64 characters, with texts of 512")
    return dict(value)


def usage_option(wire: str) -> Callable[[Any], Any]:
    """A check for ``stream_options``, of which OCI has only ``include_usage``."""

    def check(value: Any) -> Any:
        if not isinstance(value, dict) or set(value) - {"include_usage"}:
            raise ValueError('must be {"include_usage": true or false}')
        return {wire: boolean(value["include_usage"])} if "include_usage" in value else {}

    return check


#: ``stream_options`` in every native format.
NATIVE_STREAM_OPTIONS = Parameter(
    "streamOptions",
    usage_option("isIncludeUsage"),
    back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    note="Only include_usage.",
)


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return f"at most {high}"
    return f"at least {low}" if high is None else f"from {low} to {high}"


def _shown(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else shown[:57] + "…"
