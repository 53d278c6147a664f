"""The tests for a real tenancy, run against the emulator: they work when they are needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocicat.emulator import Emulator

ROOT = Path(__file__).parent.parent


@pytest.mark.timeout(180)
def test_the_live_tests_pass_and_record_without_telling_who_ran_them(
    oci_emulator: Emulator, tmp_path: Path
) -> None:
    for file in (ROOT / "live").glob("*.py"):
        (tmp_path / file.name).write_text(file.read_text())
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", str(ROOT / "pyproject.toml"), str(tmp_path)]
        + ["--override-ini", f"pythonpath={tmp_path}", "-p", "no:cacheprovider"],
        env={**os.environ, "OCICAT_LIVE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    recordings = sorted((tmp_path / "recordings").glob("*.json"))
    assert len(recordings) == 20 + 9 * 4 + 3
    for recording in recordings:
        text = recording.read_text()
        assert oci_emulator.compartment_id not in text
        assert "ignature" not in text
    stream = json.loads(
        (tmp_path / "recordings" / "cohere.command-a-03-2025-native-stream.json").read_text()
    )
    assert stream["requests"][0]["chatRequest"]["isStream"] is True
    assert any(line.startswith("data: ") for line in stream["stream"])
