"""Runs the examples of pages of documentation as they stand there, against the emulator."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from ocicat.emulator import Emulator

__all__ = ["FRAMEWORK_PAGES", "ROOT", "blocks", "changes", "run"]

ROOT = Path(__file__).parent.parent.parent
#: The pages whose examples need the packages of `make frameworks`.
FRAMEWORK_PAGES = [ROOT / "docs" / "frameworks.md", ROOT / "docs" / "langchain.md"]


def blocks(pages: list[Path]) -> list[Any]:
    """The Python examples of pages, as parameters of a test."""
    return [
        pytest.param(block, id=f"{page.name}:{number}")
        for page in pages
        for number, block in enumerate(
            re.findall(r"```python\n(.*?)```", page.read_text(), re.S), 1
        )
    ]


def changes(page: Path) -> list[Any]:
    """The examples of a page that show what changes: the code before, and after."""
    return [
        pytest.param(
            *(
                "\n".join(line[1:] for line in block.splitlines() if line[:1] != gone)
                for gone in ("+", "-")
            ),
            id=f"{page.name}:{number}",
        )
        for number, block in enumerate(re.findall(r"```diff\n(.*?)```", page.read_text(), re.S), 1)
    ]


def run(block: str, oci_emulator: Emulator) -> None:
    """Run one example, and the tests that it defines."""
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
