"""The emulator under test, without any change to the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ocicat.emulator import Emulator, Home
from ocicat.emulator.home import new_key


@pytest.fixture(scope="session")
def emulator_key() -> bytes:
    """One key for all emulators of the session, because making one is slow."""
    return new_key()


@pytest.fixture
def emulator(tmp_path: Path, emulator_key: bytes) -> Iterator[Emulator]:
    """A running emulator."""
    with Emulator(Home(tmp_path / "home", key_pem=emulator_key)) as running:
        yield running
