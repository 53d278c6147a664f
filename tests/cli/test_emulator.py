"""``ocicat emulator`` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from click.testing import CliRunner

from ocicat.cli.emulator import emulator
from ocicat.emulator import Home
from support.emulator_client import ask, chat_body
from support.terminal import heed_ctrl_c

CODE = "from ocicat.cli.emulator import emulator; emulator()"


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", CODE, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        process.stderr.close()


def elsewhere(home: Home, url: str) -> Any:
    """Stands for an emulator in another process, for the helpers that take one."""
    return SimpleNamespace(home=home, url=url, compartment_id=home.compartment_id)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_tells_how_to_reach_it_and_what_it_is_asked(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with running("--home", str(tmp_path / "a home")) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        url = re.search(r"http://127\.0\.0\.1:\d+", lines[0])
        assert url is not None
        config = tmp_path / "a home" / "config"
        assert lines[4:] == [
            f"export OCI_CONFIG_FILE='{config}'\n",
            "export OCI_PROFILE=DEFAULT\n",
            "export OCI_COMPARTMENT_ID=ocid1.compartment.oc1..aaaaaaaaocicatemulatorcompartment\n",
            "export OCI_GENAI_PROJECT_ID="
            "ocid1.generativeaiproject.oc1.us-chicago-1.amaaaaaaocicatemulatorproject\n",
        ]
        there = elsewhere(Home(tmp_path / "a home"), url[0])
        assert ask(there, "POST", "/20231130/actions/chat", chat_body(there)).status == 200
        assert ask(there, "GET", "/nowhere?secret=1", sign=False).status == 404
        chat, nowhere = process.stdout.readline(), process.stdout.readline()
        os.kill(process.pid, ending)
        out, err = process.communicate(timeout=30)

    assert re.fullmatch(r"POST /20231130/actions/chat 200 \d+ ms\n", chat)
    assert re.fullmatch(
        r"GET /nowhere 404 \d+ ms  the emulator has no operation at /nowhere\n", nowhere
    )
    assert process.returncode == 0
    assert (out, err) == ("", "")


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--backend", "nonsense"], "not an http address"),
        (["--rules", "/no/such/file"], "rules file /no/such/file cannot be used"),
        (["--port", "70000"], "70000"),
    ],
)
def test_mistakes_end_with_a_message(arguments: list[str], problem: str) -> None:
    result = CliRunner().invoke(emulator, arguments)

    assert result.exit_code != 0
    assert problem in result.output
    assert "Traceback" not in result.output
