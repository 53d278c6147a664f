"""``ocicat login`` as a person goes through it: in a terminal, with a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ocicat.emulator import Emulator
from support.browser import Browser, chromium
from support.terminal import Terminal

LOGIN = [sys.executable, "-m", "ocicat", "login", "--region", "us-chicago-1", "--profile", "WORK"]
CHAT = [sys.executable, "-m", "ocicat", "chat", "hello"]
#: What the operating system would do with an address: hand it to the browser that is running.
OPEN = """
import json, os, sys, urllib.request
body = json.dumps({"url": sys.argv[1]}).encode()
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
opener.open(urllib.request.Request(os.environ["RUNNING_BROWSER"] + "/url", body)).read()
"""


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    with chromium(tmp_path / "chromium") as running:
        yield running


@pytest.fixture
def environment(tmp_path: Path, browser: Browser, oci_emulator: Emulator) -> dict[str, str]:
    """The variables of a terminal: the emulator stands in for OCI, and there is a browser."""
    script = tmp_path / "open.py"
    script.write_text(OPEN)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("OCI")}
    return {
        **kept,
        **oci_emulator.environment(),
        "OCICAT_AUTH_ENDPOINT": oci_emulator.identity.auth_url,
        "BROWSER": f"{sys.executable} {script} %s",
        "RUNNING_BROWSER": browser.url,
    }


def wait_for_the_port(seconds: float = 30) -> None:
    """Another log-in may be waiting on this machine, and there is only one port."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return socket.create_server(("127.0.0.1", 8181)).close()
        except OSError:
            assert time.monotonic() < deadline, "port 8181 is taken"
            time.sleep(0.2)


@pytest.mark.timeout(180)
def test_who_refuses_first_can_sign_in_after_all_and_chat(
    browser: Browser, environment: dict[str, str], oci_emulator: Emulator
) -> None:
    wait_for_the_port()
    with Terminal(LOGIN, environment, rows=40) as terminal:
        terminal.wait_for(lambda lines: any("Log in with a browser" in line for line in lines))
        browser.wait_for("Sign in to the emulated OCI")
        assert oci_emulator.identity.user_id in browser.text("p")

        browser.click("button[value=refuse]")
        browser.wait_for("You are not logged in")
        assert "It says: The user has refused." in browser.text("p")
        terminal.wait_for(lambda lines: "The user has refused." in lines[-1])

        browser.back()
        browser.wait_for("Sign in to the emulated OCI")
        browser.click("button[value=sign-in]")
        browser.wait_for("You are logged in")
        assert browser.address == "http://localhost:8181/"
        (token,) = (each.text for each in oci_emulator.identity.tokens.issued() if each.key)
        lines = terminal.wait_for(lambda lines: "OCI_PROFILE=WORK" in lines[-1])
        assert f"Logged in as {oci_emulator.identity.user_id}, until " in "".join(lines)
        assert terminal.process.wait(10) == 0
        assert token not in "".join(lines)

    answered = subprocess.run(
        CHAT, env={**environment, "OCI_PROFILE": "WORK"}, capture_output=True, text=True, timeout=60
    )
    assert answered.returncode == 0, answered.stderr
    assert oci_emulator.ledger.last.key_id == "ST$…"
    assert oci_emulator.ledger.last.principal == oci_emulator.identity.user_id
