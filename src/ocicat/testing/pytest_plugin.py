"""The pytest plugin: the fixture ``oci_emulator``.

pytest loads it wherever ocicat is installed, so it imports nothing that takes time.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ocicat.emulator import Emulator

__all__ = ["oci_emulator"]


@pytest.fixture
def oci_emulator() -> Iterator[Emulator]:
    """A fresh emulator for this test; every OCI client with no settings of its own reaches it."""
    from ocicat.testing.emulation import emulator

    with emulator() as running:
        yield running
