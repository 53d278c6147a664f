"""The frameworks that people build upon, with their real packages, against the emulator.

They are heavy, and do not all take the same version of the ``openai`` SDK, so they live in two
environments of their own. ``make frameworks`` builds both and runs this directory in each. A file
is left out where the package that it is about is missing, and a line at the end says so.
"""

from __future__ import annotations

from collections.abc import Generator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

_FRAMEWORKS = "langchain_openai", "llama_index"
_NEEDS = {
    "test_google_genai.py": "google",
    "test_langchain.py": "langchain_openai",
    "test_langchain_standard.py": "langchain_tests",
}

if any(map(find_spec, _FRAMEWORKS)):
    collect_ignore = [file for file, package in _NEEDS.items() if find_spec(package) is None]
else:
    collect_ignore = [file.name for file in Path(__file__).parent.glob("test_*.py")]


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say what was left out, and why."""
    if collect_ignore:
        names = ", ".join(sorted(collect_ignore))
        terminalreporter.write_line(
            f"tests/frameworks: left out {names}, whose packages are not in this environment; "
            "`make frameworks` has one for each."
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test of somebody else's suite may be skipped only where its class says why."""
    report = yield
    explanations = getattr(getattr(item, "cls", None), "why_skipped", None)
    if report.skipped and explanations is not None and not hasattr(report, "wasxfail"):
        name = item.name.partition("[")[0]
        if name in explanations:
            path, line = item.location[:2]
            report.longrepr = (path, line or 0, f"Skipped: {explanations[name]}")
        else:
            report.outcome = "failed"
            report.longrepr = f"{name} was skipped, and nothing says why: {report.longrepr}"
    return report
