"""The examples of the README and the docs run as they stand there, against the emulator."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from ocicat.emulator import Emulator
from support.pages import FRAMEWORK_PAGES, ROOT, blocks, changes, run

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("block", blocks([page for page in PAGES if page not in FRAMEWORK_PAGES]))
def test_an_example_runs(oci_emulator: Emulator, block: str) -> None:
    run(block, oci_emulator)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


@pytest.mark.parametrize(("before", "after"), changes(ROOT / "docs" / "migrating.md"))
def test_a_change_runs_once_it_is_made(oci_emulator: Emulator, before: str, after: str) -> None:
    compile(before, "before", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if "langchain_openai" in after and find_spec("langchain_openai") is None:
        pytest.skip("LangChain is in the environment of `make frameworks`, which runs this too.")
    run(after, oci_emulator)
