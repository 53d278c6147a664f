"""Inputs that fuzzing found once, and a taste of every target."""

from __future__ import annotations

import pytest

from fuzz.targets import FINDINGS, TARGETS, seeds

FOUND = sorted(path for path in FINDINGS.glob("*") if not path.name.startswith("."))


@pytest.mark.parametrize("target", TARGETS)
def test_the_seeds_of_a_target_are_read(target: str) -> None:
    found = seeds(target)
    assert found
    for seed in found:
        TARGETS[target](seed)


@pytest.mark.parametrize("path", FOUND, ids=[path.name for path in FOUND])
def test_a_finding_stays_mended(path: object) -> None:
    from pathlib import Path

    assert isinstance(path, Path)
    target = next(name for name in TARGETS if path.name.startswith(name.replace(" ", "-")))
    TARGETS[target](path.read_bytes())
