"""How hard and how long to think: ``reasoning_effort``, and Anthropic's ``thinking``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import checks
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.parameters import for_model
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ModelFacts

__all__ = ["AS_EFFORT", "effort", "said_as_effort", "thinking"]

#: What the support tables say where :func:`said_as_effort` is used.
AS_EFFORT = "Sent as reasoning_effort, which is coarser than a budget."

_EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_SYNONYMS = {"disable": "none", "disabled": "none"}
# The effort that a budget of so many tokens amounts to; more is high.
_BUDGETS = ((4_000, "low"), (16_000, "medium"))

#: A check for ``reasoning_effort``, in any case.
effort = checks.choice(*_EFFORTS, synonyms=_SYNONYMS)


def thinking(value: Any) -> tuple[bool, int | None]:
    """A check for ``thinking``: whether to think at all, and for how many tokens, if it says so.

    ``adaptive``, which leaves that to the model, is ``enabled``.
    """
    if isinstance(value, Mapping) and not set(value) - {"type", "budget_tokens"}:
        kind, budget = str(value.get("type")).lower(), value.get("budget_tokens")
        if kind == "disabled":
            return False, None
        if kind in ("enabled", "adaptive") and (
            budget is None or (type(budget) is int and budget > 0)
        ):
            return True, budget
    raise ValueError('must be {"type": "enabled", "budget_tokens": tokens} or {"type": "disabled"}')


def said_as_effort(
    request: ChatRequest, table: Mapping[str, Entry], facts: ModelFacts, notes: Notes
) -> ChatRequest:
    """The request with what ``thinking`` says said as ``reasoning_effort``, if that is not given.

    For formats that know no budget. What a model does not take at all is left to the table.
    """
    given = request.get("thinking")
    if given is None or for_model("thinking", table["thinking"], facts).way == "dropped":
        return request
    thinks, budget = checks.checked("thinking", given, thinking)
    request = {**request, "thinking": None}
    if request.get("reasoning_effort") is not None or "reasoning_effort" in notes.learned:
        notes.add("thinking", "Left out: it would be said as `reasoning_effort`.")
        return request
    said = "none"
    if thinks:
        said = _of_budget(budget)
        notes.add("thinking", f"Said as a reasoning effort of {said}: there is no budget here.")
    return {**request, "reasoning_effort": said}


def _of_budget(budget: int | None) -> str:
    if budget is None:
        return "medium"
    return next((effort for most, effort in _BUDGETS if budget <= most), "high")
