"""When a failed attempt is made again, and after how long: one policy for calls and log-ins."""

from __future__ import annotations

from dataclasses import dataclass

from ocicat.errors import APIStatusError, ConflictError, OcicatError

__all__ = ["RetryPolicy", "pause_before_retry"]

_TRANSIENT_CONFLICTS = frozenset({"IncorrectState", "LockConflict"})
_NOT_IMPLEMENTED = 501


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how long to try.

    * ``max_retries``: attempts after the first.
    * ``budget``: seconds from the first attempt after which nothing is tried again.
    * ``base`` and ``cap``: seconds; the nth pause is a random part of ``base * 2**n``, at most
      ``cap`` (full jitter), but never shorter than OCI's ``Retry-After``.
    * ``transient``: statuses that pass where one asks, and are final elsewhere.
    """

    max_retries: int = 3
    budget: float = 60.0
    base: float = 0.5
    cap: float = 8.0
    transient: frozenset[int] = frozenset()


def pause_before_retry(
    policy: RetryPolicy, failure: OcicatError, *, retries: int, elapsed: float, random: float
) -> float | None:
    """Seconds to wait before the next attempt, or ``None`` to give up.

    ``retries`` counts those already made, ``elapsed`` is the time since the first attempt began,
    ``random`` is in [0, 1).
    """
    if retries >= policy.max_retries or not _worth_repeating(policy, failure):
        return None
    pause = random * min(policy.cap, policy.base * float(2**retries))
    asked = failure.retry_after if isinstance(failure, APIStatusError) else None
    if asked is not None:
        pause += asked
    if elapsed + pause > policy.budget:
        return None
    return pause


def _worth_repeating(policy: RetryPolicy, failure: OcicatError) -> bool:
    if isinstance(failure, APIStatusError) and failure.status in policy.transient:
        return True
    if isinstance(failure, ConflictError):
        return failure.code in _TRANSIENT_CONFLICTS
    if isinstance(failure, APIStatusError) and failure.status == _NOT_IMPLEMENTED:
        return False
    return failure.is_retryable
