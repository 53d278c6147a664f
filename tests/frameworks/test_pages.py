"""The examples of the pages about frameworks run as they stand there, against the emulator."""

from __future__ import annotations

import re
from importlib.util import find_spec

import pytest

from ocicat.emulator import Emulator
from support.pages import FRAMEWORK_PAGES, ROOT, blocks, changes, run


@pytest.mark.parametrize("block", blocks(FRAMEWORK_PAGES))
def test_an_example_runs(oci_emulator: Emulator, block: str) -> None:
    skip_without_packages(block)
    run(block, oci_emulator)


@pytest.mark.parametrize(("before", "after"), changes(ROOT / "docs" / "migrating.md"))
def test_a_change_runs_once_it_is_made(oci_emulator: Emulator, before: str, after: str) -> None:
    skip_without_packages(after)
    run(after, oci_emulator)


def skip_without_packages(block: str) -> None:
    for package in re.findall(r"^(?:from|import) (\w+)", block, re.M):
        if find_spec(package) is None:
            pytest.skip(f"{package} is in the other environment of `make frameworks`")
