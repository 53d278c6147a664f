"""A flow made of another."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any, TypeVar

from ocicat.vocabulary.flow import Effect, Flow

__all__ = ["mapped", "relayed"]

T = TypeVar("T")


def relayed(flow: Generator[Any, Any, T], change: Callable[[Any], Iterable[Effect]]) -> Flow[T]:
    """The same flow, with what ``change`` makes of each effect in the effect's place.

    The outcome of the last of these effects is that of the one that they stand for.
    """
    outcome: Any = None
    failure: Exception | None = None
    try:
        while True:
            try:
                effect = flow.throw(failure) if failure else flow.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = failure = None
            for made in change(effect):
                try:
                    outcome = yield made
                except Exception as problem:
                    failure = problem
    finally:
        flow.close()


def mapped(flow: Flow[None], change: Callable[[dict[str, Any]], Iterable[Effect]]) -> Flow[None]:
    """The same flow, with what ``change`` makes of each chunk in the chunk's place."""
    return relayed(flow, lambda effect: change(effect) if isinstance(effect, dict) else (effect,))
