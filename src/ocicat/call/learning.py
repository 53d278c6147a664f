"""What OCI has been found to refuse, so that it is refused once and not at every call.

Models take fewer parameters than their API has names for, and no list of them is complete. A 400
that names a parameter is remembered for that model; where the call can do without it, the call is
made again without it (``attempts.answer_without_refused``), and the reply reports it. Chats,
embeddings, rerankings and guardrails learn alike.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.parameters import Parameter, is_hint
from ocicat.errors import BadRequestError
from ocicat.vocabulary.model import LengthParameter
from ocicat.vocabulary.target import Target

__all__ = ["STREAM", "Learned"]

#: The name under which it is remembered that an endpoint does not stream.
STREAM = "stream"
_WIRE_LENGTHS: Mapping[str, LengthParameter] = {
    "maxTokens": "max_tokens",
    "max_tokens": "max_tokens",
    "max_output_tokens": "max_tokens",
    "maxCompletionTokens": "max_completion_tokens",
    "max_completion_tokens": "max_completion_tokens",
}
_OTHER_LENGTH: Mapping[LengthParameter, LengthParameter] = {
    "max_tokens": "max_completion_tokens",
    "max_completion_tokens": "max_tokens",
}
_UNSUPPORTED = re.compile(
    r"unsupported|not supported|does not support|is not allowed|not permitted|unrecognized"
    r"|unknown (parameter|field)|cannot be used",
    re.IGNORECASE,
)
_NAMED = re.compile(
    r"[`'\"]([A-Za-z_][A-Za-z0-9_.]*)[`'\"]|\b([a-z]+(?:[A-Z][a-z]+)+|[a-z]+_[a-z_]+)\b"
)
#: After so many refused values, no other is tried.
_ENOUGH = 3
_STREAMS = frozenset({"isStream", "stream", "is_stream"})
# What ocicat says where its caller says nothing.
_OURS = frozenset({"input_type"})


@dataclass(slots=True)
class _Refusal:
    """A refused parameter: OCI's words, and the values that it was about; ``None``: whichever."""

    message: str
    values: list[Any] | None = None

    def covers(self, value: Any) -> bool:
        return self.values is None or len(self.values) >= _ENOUGH or value in self.values


@dataclass(slots=True)
class Learned:
    """Refused parameters by what is called: the model, the endpoint or the deployment.

    Calls learn side by side, so what is known of a model is replaced and never changed. Where two
    replace it at the same moment, one has to learn again.
    """

    _refused: dict[tuple[str, str], Mapping[str, _Refusal]] = field(default_factory=dict)

    def of(self, target: Target, request: Mapping[str, Any]) -> Mapping[str, str]:
        """What ``target`` is known to refuse of ``request``, with OCI's words."""
        known = self._refused.get(_called(target))
        if not known:
            return {}
        return {
            name: refusal.message
            for name, refusal in known.items()
            if refusal.covers(request.get(name))
        }

    def applied(self, target: Target) -> Target:
        """``target`` with what is known of the name for its limit of length."""
        refused = self._refused.get(_called(target), {})
        name = target.facts.length_parameter
        if name not in refused or _OTHER_LENGTH[name] in refused:
            return target
        return replace(target, facts=replace(target.facts, length_parameter=_OTHER_LENGTH[name]))

    def learn(
        self,
        target: Target,
        request: Mapping[str, Any],
        table: Mapping[str, Entry],
        failure: BadRequestError,
        notes: Notes,
    ) -> bool:
        """Remember what ``failure`` names, and say whether to try again without it.

        ``notes`` say what the request was sent without. What an answer depends on is neither
        remembered nor left out, unless they say to drop it: it may have been refused for the
        company that it was in.
        """
        for name in _named(failure):
            parameter = _neutral(name, table)
            if parameter == "reasoning_effort" and request.get(parameter) is None:
                parameter = "thinking"  # which some formats say as an effort
            if parameter is None or parameter in notes.learned:
                continue
            value = request.get(parameter)
            if parameter in _OTHER_LENGTH or (value is None and parameter in _OURS):
                self._remember(target, parameter, _Refusal(failure.message))
                return True
            if value is None:
                continue
            if parameter == STREAM:
                self._remember(target, parameter, _Refusal(failure.message))
                return True
            if parameter in table and (is_hint(parameter) or notes.drop):
                values = [value] if _is_about_a_value(failure) else None
                self._remember(target, parameter, _Refusal(failure.message, values))
                return True
        return False

    def _remember(self, target: Target, parameter: str, refusal: _Refusal) -> None:
        known = self._refused.get(_called(target), {})
        before = known.get(parameter)
        if before is not None and before.values is not None and refusal.values is not None:
            added = [value for value in refusal.values if value not in before.values]
            refusal.values = [*before.values, *added]
        self._refused[_called(target)] = {**known, parameter: refusal}


def _is_about_a_value(failure: BadRequestError) -> bool:
    return failure.code == "unsupported_value" or "value" in failure.message.lower()


def _called(target: Target) -> tuple[str, str]:
    # All deployments of Data Science serve a model of the same name.
    return target.url, target.serving.id


def _named(failure: BadRequestError) -> list[str]:
    """The names of parameters that a refusal may be about, the likeliest first."""
    names = [failure.parameter] if failure.parameter else []
    if _UNSUPPORTED.search(failure.message):
        names += [quoted or bare for quoted, bare in _NAMED.findall(failure.message)]
    elif failure.code not in ("unsupported_parameter", "unsupported_value"):
        return []
    return names


def _neutral(name: str, table: Mapping[str, Entry]) -> str | None:
    """The neutral name of a parameter, by that or by its name on the wire.

    Either may be within something: ``chatRequest.topP``, or ``reasoning.effort``.
    """
    last = name.rpartition(".")[2]
    if last in _WIRE_LENGTHS:
        return _WIRE_LENGTHS[last]
    if last in _STREAMS:
        return STREAM
    for candidate in (name, last):
        if candidate in table:
            return candidate
        for neutral, entry in table.items():
            if isinstance(entry, Parameter) and (
                candidate == entry.wire or candidate.startswith(f"{entry.wire}.")
            ):
                return neutral
    return None
