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

from ocicat.dialects.checks import anything, checked, integer, usage_option
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
    "decode",
    "encode",
    "for_model",
    "is_hint",
    "length_limit",
    "remaining",
    "settled",
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
    "functions": Refused(
        "OpenAI has replaced it by `tools`.",
        "Give `tools`, which may be the same list; calls then come as `tool_calls`.",
    ),
    "function_call": Refused(
        "OpenAI has replaced it by `tool_choice`.",
        'Give `tool_choice`: "auto", "none" or {"type": "function", "name": …}.',
    ),
}

#: What formats can be asked for whose answers are text.
TEXT_ONLY: Mapping[str, Entry] = {
    "modalities": Refused('Answers are text only; ["text"] may be asked for.', "Leave it out."),
    "audio": Refused("Answers are text only.", "Leave it out."),
}

# What says only what happens anyway where a parameter cannot be said: it is passed over in silence.
# Clients send much of it by default.
_ANYWAY: Mapping[str, tuple[Any, ...]] = {
    "documents": ([],),
    "echo": (False,),
    "force_single_step": (False,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (False,),
    "modalities": (["text"], ("text",)),
    "parallel_tool_calls": (True,),
    "presence_penalty": (0,),
    "prompt_truncation": ("off",),
    "raw_prompting": (False,),
    "reasoning_effort": ("none",),
    "search_queries_only": (False,),
    "store": (False,),
    "strict_tools": (False,),
    "thinking": ({"type": "disabled"},),
    "top_k": (0, -1),
    "top_logprobs": (0,),
}

# What changes how an answer is found and not what was asked for: left out once OCI refuses it.
_HINTS = frozenset(
    {
        *("temperature", "top_p", "top_k", "presence_penalty", "frequency_penalty", "seed"),
        *("logit_bias", "reasoning_effort", "thinking", "verbosity", "parallel_tool_calls"),
        *("service_tier", "prediction", "metadata", "stream_options", "priority"),
        *("truncate", "max_chunks_per_doc", "max_tokens_per_doc", "language"),
        *("top_n", "return_documents"),  # which ocicat does in the model's place
        *BOOKKEEPING,
    }
)


def is_hint(name: str) -> bool:
    """Whether the parameter only changes how an answer is found, and not what is asked for."""
    return name in _HINTS


def settled(request: ChatRequest, notes: Notes) -> ChatRequest:
    """The request with what goes only with something else brought into agreement with it.

    ``top_logprobs`` alone asks for ``logprobs``. Clients send ``stream_options`` of habit, and more
    of them than OCI knows.
    """
    settled: ChatRequest = {**request}
    if settled.get("stop") in ([], ()):
        settled["stop"] = None
    if settled.get("top_logprobs") and settled.get("logprobs") is False:
        settled["top_logprobs"] = None
        notes.add("top_logprobs", "Left out: `logprobs` is false.")
    elif settled.get("top_logprobs"):
        settled["logprobs"] = settled.get("logprobs", True)
    options = settled.get("stream_options")
    if isinstance(options, Mapping):
        known = {name: options[name] for name in options if name == "include_usage"}
        for name in options.keys() - known:
            notes.add(f"stream_options.{name}", "Left out: OCI does not document it.")
        if known and not request.get("stream"):
            notes.add("stream_options", "Left out: the answer is not streamed.")
        settled["stream_options"] = known if known and request.get("stream") else None
    return settled


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


#: ``stream_options`` in every native format.
NATIVE_STREAM_OPTIONS = Parameter(
    "streamOptions",
    usage_option("isIncludeUsage"),
    back=lambda options: {"include_usage": bool(options.get("isIncludeUsage"))},
    note="Only include_usage.",
)
