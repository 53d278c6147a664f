"""The examples of the README and the docs run as they stand there, against the emulator."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from ocicat.emulator import Emulator

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    pytest.param(block, id=f"{page.name}:{number}")
    for page in PAGES
    for number, block in enumerate(re.findall(r"```python\n(.*?)```", page.read_text(), re.S), 1)
]


@pytest.mark.parametrize("block", BLOCKS)
def test_an_example_runs(oci_emulator: Emulator, block: str) -> None:
    code = compile(block, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    if "…" in block:
        return  # it has blanks for the reader to fill in, so all that can be said is that it parses
    names: dict[str, Any] = {
        "oci_emulator": oci_emulator,
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "Hello!"}],
    }
    outcome = eval(code, names)
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)
    for name, value in names.items():
        if name.startswith("test_"):
            value(oci_emulator)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link
