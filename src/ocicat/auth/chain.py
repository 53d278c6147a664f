"""Finds out who this program is, where nobody said: one possibility after the other.

The first step that applies here and logs in wins, and is asked from then on. What became of the
others is kept for whoever wants to know, and told as one error when none is left. Which steps there
are, and in which order, is decided elsewhere; this module knows no kind of identity.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Literal

from ocicat.errors import ConfigurationError, OcicatError, TransportError
from ocicat.routing.regions import Region
from ocicat.vocabulary.flow import Ambient, Flow, Join, Request, Timeout
from ocicat.vocabulary.identity import Identity, IdentityResolver

__all__ = ["METADATA_URL", "Attempt", "ChainResolver", "Step", "metadata_answers"]

#: The metadata service of an OCI instance. Source: OCI's documentation, and the oci SDK.
METADATA_URL = "http://169.254.169.254/opc/v2"

# The service is on the machine itself: where nobody answers at once, nobody will.
_PROBE = Timeout(connect=1.0, read=1.0)


@dataclass(frozen=True, slots=True)
class Step:
    """One possibility.

    * ``name``: what it is called in errors, such as ``"instance principal"``.
    * ``applicable``: says why this step cannot be meant here, or ``None`` where it may be. It looks
      at the environment and at files only.
    * ``make``: makes the resolver. May raise :class:`~ocicat.errors.OcicatError` kin.
    * ``probe``: asks further, over the network, what ``applicable`` cannot know.
    """

    name: str
    applicable: Callable[[], str | None]
    make: Callable[[], IdentityResolver]
    probe: Callable[[Ambient], Flow[str | None]] | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one step; ``reason`` is empty for the one that was chosen."""

    name: str
    outcome: Literal["not applicable", "failed", "chosen"]
    reason: str = ""


class ChainResolver:
    """Asks ``steps`` in order until one gives an identity, and then always that one."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self._steps = tuple(steps)
        self._chosen: IdentityResolver | None = None
        self._attempts: tuple[Attempt, ...] = ()
        # At most one search at a time, by process: what another had begun never ends here.
        self._searches: dict[int, Future[None]] = {}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What became of each step of the latest search, in order; none before the first one."""
        return self._attempts

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity to use now.

        Raises :class:`~ocicat.errors.ConfigurationError`, which reports every step, when none of
        them gives one; and what the chosen one raises, once one is chosen.
        """
        while True:
            chosen = self._chosen
            if chosen is not None:
                return (yield from chosen.resolve(ambient, refused))
            mine: Future[None] = Future()
            running = self._searches.setdefault(os.getpid(), mine)
            if running is mine:
                if self._chosen is not None:
                    # Somebody finished between our look and our turn.
                    self._end(mine)
                    continue
                return (yield from self._search(ambient, mine))
            yield Join(running)
            failure = running.exception(timeout=0)
            if failure is not None:
                raise failure

    def find_region(self, ambient: Ambient) -> Flow[Region | None]:
        """The region that the chosen one is in, or ``None`` where it does not know."""
        yield from self.resolve(ambient)
        finder = getattr(self._chosen, "find_region", None)
        return (yield from finder(ambient)) if finder else None

    def _search(self, ambient: Ambient, mine: Future[None]) -> Flow[Identity]:
        first_failure: OcicatError | None = None
        outcome: OcicatError | None = None
        attempts: list[Attempt] = []
        try:
            for step in self._steps:
                reason = step.applicable()
                if reason is None and step.probe is not None:
                    reason = yield from step.probe(ambient)
                if reason is not None:
                    attempts.append(Attempt(step.name, "not applicable", reason))
                    continue
                try:
                    resolver = step.make()
                    identity = yield from resolver.resolve(ambient)
                except OcicatError as problem:
                    attempts.append(Attempt(step.name, "failed", str(problem)))
                    first_failure = first_failure or problem
                    continue
                attempts.append(Attempt(step.name, "chosen"))
                self._chosen = resolver
                return identity
            outcome = _nobody(attempts)
            raise outcome from first_failure
        finally:
            self._attempts = tuple(attempts)
            # Also when the flow was closed half-way: those who waited then search themselves.
            self._end(mine, outcome)

    def _end(self, mine: Future[None], failure: OcicatError | None = None) -> None:
        self._searches.pop(os.getpid(), None)
        if failure is not None:
            mine.set_exception(failure)
        else:
            mine.set_result(None)


def _nobody(attempts: Sequence[Attempt]) -> ConfigurationError:
    told = [f"{attempt.name} ({attempt.outcome}): {attempt.reason}" for attempt in attempts]
    return ConfigurationError(
        "\n  ".join(["No identity was found. What was tried:", *(told or ["nothing"])]),
        hint="Give one of them what it lacks, or log in with `ocicat login`.",
    )


_answered: dict[str, str | None] = {}


def metadata_answers(
    ambient: Ambient, base_url: str = METADATA_URL, *, timeout: Timeout = _PROBE
) -> Flow[str | None]:
    """Why the metadata service cannot be asked here, or ``None`` where it answers.

    ``base_url`` ends in ``/opc/v2``. It is asked once in the life of a process; ``ambient`` is
    taken so that this can be the ``probe`` of a :class:`Step`.
    """
    if base_url in _answered:
        return _answered[base_url]
    scheme, _, rest = base_url.partition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    headers = {"host": host, "accept": "text/plain", "authorization": "Bearer Oracle"}
    target = f"{slash}{path}/instance/region"
    request = Request("GET", scheme, host, target, headers, timeout=timeout, direct=True)
    reason = None
    try:
        response = yield request
    except TransportError as problem:
        reason = f"this is no OCI instance: {problem.message}"
    else:
        if not 200 <= response.status < 300:
            reason = f"the metadata service at {host} answers with {response.status}"
    _answered[base_url] = reason
    return reason
