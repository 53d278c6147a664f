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


def test_dialects_are_measured_beside_what_nobody_can_do_without(tmp_path: Path) -> None:
    """Each dialect has a cost for short and long streams, and a verdict on their quotient."""
    raw = tmp_path / "raw.json"
    only = ("--only", "dialects-stream", "--contestant", "msgspec", "--contestant", "ocicat")

    printed = run(*only, "--json", str(raw))

    rows = json.loads(raw.read_text())["scenarios"][0]["rows"]
    assert [row["problem"] for row in rows] == [""] * 10
    assert {row["contestant"] for row in rows} == {"msgspec", "ocicat"}
    assert all(windows[0]["cost"] > 0 for row in rows for windows in row["windows"].values())
    assert all(set(row["windows"]) == {"1000", "10000"} for row in rows)
    assert printed.count("≤ 1.20 × in a short stream") == 5


def test_the_memory_of_long_requests_is_measured(tmp_path: Path) -> None:
    """It is more than the body, and not many times as much."""
    raw = tmp_path / "raw.json"

    run("--only", "dialects-memory", "--contestant", "ocicat", "--json", str(raw))

    held = [row["memory"] for row in json.loads(raw.read_text())["scenarios"][0]["rows"]]
    assert len(held) == 5
    assert all(1 < each["peak"] / each["bytes"] < 5 for each in held)


@pytest.mark.parametrize("what", ["encode", "decode"])
def test_requests_and_replies_are_measured(tmp_path: Path, what: str) -> None:
    raw = tmp_path / "raw.json"

    run("--only", f"dialects-{what}", "--contestant", "ocicat", "--json", str(raw))

    rows = json.loads(raw.read_text())["scenarios"][0]["rows"]
    assert [row["problem"] for row in rows] == [""] * 5
    assert all(set(row["windows"]) == {"2000", "200000"} for row in rows)
