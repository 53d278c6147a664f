"""Work that takes long, done in a thread of its own while a flow joins it.

An event loop must not stand still while a key is made or a signer of the ``oci`` SDK goes to the
network, so such work never runs in the flow's own turn.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from ocicat.vocabulary.flow import Flow, Join

__all__ = ["in_background"]

T = TypeVar("T")


def in_background(work: Callable[[], T]) -> Flow[T]:
    """What ``work`` returns. Raises what it raises."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as problem:
            future.set_exception(problem)

    threading.Thread(target=run, name="ocicat-background", daemon=True).start()
    yield Join(future)
    return future.result(timeout=0)
