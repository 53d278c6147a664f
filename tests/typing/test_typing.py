"""The programs beside this file, as the two type checkers that most people use see them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = Path(__file__).parent / "programs"
BIN = Path(sys.executable).parent


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(["mypy", "--strict", "--no-incremental", "--config-file="], id="mypy"),
        pytest.param(["basedpyright", "--project"], id="pyright"),
    ],
)
def test_programs_are_typed_as_they_say(command: list[str], tmp_path: Path) -> None:
    if command[0] == "basedpyright":
        settings = tmp_path / "pyrightconfig.json"
        settings.write_text(
            f'{{"include": ["{PROGRAMS}"], "typeCheckingMode": "standard",'
            f' "reportUnnecessaryTypeIgnoreComment": true, "pythonVersion": "3.11",'
            f' "venvPath": "{BIN.parent.parent}", "venv": "{BIN.parent.name}"}}'
        )
        arguments = [str(settings)]
    else:
        arguments = [str(PROGRAMS)]
    ended = subprocess.run(
        [str(BIN / command[0]), *command[1:], *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
