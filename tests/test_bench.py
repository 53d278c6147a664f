"""The benchmark runs, here against ocicat alone: peers have an environment of their own."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def run(*arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, "-m", "bench", "--quick", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_a_call_of_ocicat_is_measured_beside_the_bound(tmp_path: Path) -> None:
    """One quick round gives a row with a cost, and a verdict on the aim."""
    raw = tmp_path / "raw.json"
    only = ("--only", "call-sync-1", "--contestant", "bound", "--contestant", "ocicat")

    printed = run(*only, "--json", str(raw))

    rows = json.loads(raw.read_text())["scenarios"][0]["rows"]
    assert [(row["contestant"], row["problem"]) for row in rows] == [("bound", ""), ("ocicat", "")]
    assert all(row["windows"][0]["cost"] > 0 for row in rows)
    assert "≤ 1.30 × bound" in printed


@pytest.mark.skipif(importlib.util.find_spec("litellm") is not None, reason="litellm is here")
def test_a_peer_that_is_missing_is_a_row_that_says_so() -> None:
    """The run goes on without it."""
    printed = run("--only", "call-sync-1", "--contestant", "litellm")

    assert "not installed" in printed
