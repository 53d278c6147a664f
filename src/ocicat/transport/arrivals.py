"""What threads and tasks that drive several flows tell the flow that waits for them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

__all__ = ["AHEAD", "Arrival"]

#: How many chunks may wait for their reader.
AHEAD: Final = 16


class Arrival(NamedTuple):
    """What comes of a flow: a chunk, its result, its failure, or that its request was accepted."""

    number: int
    what: Any = None
    failure: BaseException | None = None
    #: Whether nothing more comes of the flow.
    last: bool = False
