"""Identities that expire: renewed early, once for all who wait, and never under a lock.

A resolver whose identities expire says in :meth:`RenewingResolver.log_in` how to get one. When to
do so, and who does it while others wait, is decided here for all of them:

* An identity is renewed well before it expires, at a moment that differs from one process to the
  next. Whoever comes by then renews it; the others go on with the old one.
* While there is none, or OCI has refused it, one flow logs in and the others join it.
* A renewal that fails is tried again later, at growing intervals, as long as the old one lives.

Lifetimes are measured on a clock that never jumps. No lock is held while anything is waited for:
who renews is settled by one atomic operation on a dictionary.
"""

from __future__ import annotations

import os
from concurrent.futures import Future
from dataclasses import dataclass

from ocicat.errors import OcicatError
from ocicat.vocabulary.flow import Ambient, Flow, Join
from ocicat.vocabulary.identity import Identity

__all__ = ["Lease", "RenewingResolver"]

_EARLY = 60.0  # seconds before the end of a long life at which it is renewed at the latest
_FIRST_BACK_OFF = 1.0
_LONGEST_BACK_OFF = 30.0


@dataclass(frozen=True, slots=True)
class Lease:
    """An identity and how long it lives: ``lifetime`` in seconds from now, ``None`` for ever."""

    identity: Identity
    lifetime: float | None


@dataclass(slots=True)
class _Held:
    """A lease in use, on the monotonic clock."""

    identity: Identity
    renew_at: float
    ends_at: float
    failures: int = 0


class RenewingResolver:
    """Finds an identity that expires. Subclasses say how to log in."""

    def __init__(self) -> None:
        self._held: _Held | None = None
        # At most one log-in at a time, by process: what another process had begun never ends here.
        self._log_ins: dict[int, Future[None]] = {}

    def log_in(self, ambient: Ambient) -> Flow[Lease]:
        """Get a new identity. Raises :class:`~ocicat.errors.OcicatError` kin."""
        raise NotImplementedError

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity to use now; not ``refused``, which OCI has just answered with a 401."""
        while True:
            now = ambient.monotonic()
            held = self._held
            usable = held is not None and held.identity is not refused and now < held.ends_at
            if held is not None and usable and now < held.renew_at:
                return held.identity
            mine: Future[None] = Future()
            running = self._log_ins.setdefault(os.getpid(), mine)
            if running is mine:
                if self._held is not held:
                    # Somebody finished between our look and our turn.
                    self._end(mine)
                    continue
                return (yield from self._renew(ambient, mine, held if usable else None))
            if held is not None and usable:
                return held.identity
            yield Join(running)
            failure = self._failure_of(running)
            if failure is not None:
                raise failure

    def _renew(self, ambient: Ambient, mine: Future[None], held: _Held | None) -> Flow[Identity]:
        failure: OcicatError | None = None
        try:
            lease = yield from self.log_in(ambient)
            self._held = _hold(lease, ambient)
            return lease.identity
        except OcicatError as problem:
            if held is not None:
                held.failures += 1
                back_off = min(
                    _LONGEST_BACK_OFF, _FIRST_BACK_OFF * float(2 ** min(held.failures, 5))
                )
                held.renew_at = ambient.monotonic() + back_off * (0.5 + ambient.random() / 2)
                return held.identity
            failure = problem
            raise
        finally:
            # Also when the flow was closed half-way: those who waited then log in themselves.
            self._end(mine, failure)

    def _end(self, mine: Future[None], failure: OcicatError | None = None) -> None:
        self._log_ins.pop(os.getpid(), None)
        if failure is not None:
            mine.set_exception(failure)
        else:
            mine.set_result(None)

    @staticmethod
    def _failure_of(ended: Future[None]) -> BaseException | None:
        return ended.exception(timeout=0)


def _hold(lease: Lease, ambient: Ambient) -> _Held:
    now = ambient.monotonic()
    if lease.lifetime is None or lease.lifetime == float("inf"):
        return _Held(lease.identity, float("inf"), float("inf"))
    life = max(0.0, lease.lifetime)
    # Not before half of its life, and spread so that many processes do not come at once.
    latest = max(life / 2, life - _EARLY)
    earliest = max(life / 2, latest - _EARLY)
    renew_in = earliest + (latest - earliest) * ambient.random()
    return _Held(lease.identity, now + renew_in, now + life)
