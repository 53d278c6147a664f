"""Both drivers, for tests that hold for either."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from ocicat.transport import aio, sync
from ocicat.vocabulary.flow import Flow

__all__ = ["both", "run_async", "run_sync"]


def run_sync(make: Callable[[], Flow[Any]]) -> Any:
    return sync.run(make())


def run_async(make: Callable[[], Flow[Any]]) -> Any:
    return asyncio.run(aio.run(make()))


both = pytest.mark.parametrize(
    "run", [pytest.param(run_sync, id="sync"), pytest.param(run_async, id="async")]
)
