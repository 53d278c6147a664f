"""A real browser without a window: Chromium, driven by the WebDriver protocol."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

__all__ = ["Browser", "chromium"]

_NAMES = (("chromium", "chromium-browser", "google-chrome"), ("chromedriver",))
#: A fresh profile, nothing from the network, and no sandbox, which root does not get.
_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=800,600",
)
# The key under which WebDriver names an element.
_ELEMENT = "element-6066-11e4-a52e-4f735466cecf"


class _Refused(Exception):
    """The driver could not do what it was asked. The argument says why."""


class Browser:
    """A session of WebDriver. ``url`` is the session's own."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(timeout=60, trust_env=False)

    def open(self, address: str) -> None:
        """Go to this address."""
        self._ask("POST", "/url", url=address)

    def back(self) -> None:
        """Go back to the page before this one."""
        self._ask("POST", "/back")

    @property
    def address(self) -> str:
        """Where it is."""
        return str(self._ask("GET", "/url"))

    def text(self, selector: str) -> str:
        """The text that a person sees at the first element that the CSS selector finds."""
        return str(self._ask("GET", f"/element/{self._find(selector)}/text"))

    def click(self, selector: str) -> None:
        """Click the first element that the CSS selector finds."""
        self._ask("POST", f"/element/{self._find(selector)}/click")

    def wait_for(self, text: str, selector: str = "body", seconds: float = 20) -> None:
        """Wait until this text can be seen."""
        deadline = time.monotonic() + seconds
        seen = ""
        while text not in seen:
            assert time.monotonic() < deadline, f"the page says {seen!r}"
            try:
                seen = self.text(selector)
            except _Refused:  # the page went away between finding and reading
                time.sleep(0.05)

    def close(self) -> None:
        """End the session and the browser with it."""
        self._ask("DELETE", "")
        self._http.close()

    def _find(self, selector: str) -> str:
        found = self._ask("POST", "/element", using="css selector", value=selector)
        return str(found[_ELEMENT])

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        sent = {"json": arguments} if method == "POST" else {}
        answer = self._http.request(method, self.url + path, **sent)
        if not answer.is_success:
            raise _Refused(answer.text)
        return answer.json()["value"]


@contextmanager
def chromium(profile: Path) -> Iterator[Browser]:
    """A browser with this directory as its profile; skips the test where there is none."""
    browser, driver = (next(filter(None, map(shutil.which, names)), None) for names in _NAMES)
    if not browser or not driver:
        reason = "Chromium and its driver are not installed (Debian: chromium, chromium-driver)"
        if os.environ.get("OCICAT_NEED_CHROMIUM"):
            pytest.fail(reason)
        pytest.skip(reason)
    arguments = [*_ARGUMENTS, f"--user-data-dir={profile}"]
    options = {"binary": browser, "args": arguments}
    with subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ports = (re.search(r"successfully on port (\d+)", line) for line in process.stdout)
            port = next(found[1] for found in ports if found)
            capabilities = {"alwaysMatch": {"goog:chromeOptions": options}}
            url = f"http://127.0.0.1:{port}/session"
            made = httpx.post(url, json={"capabilities": capabilities}, timeout=60, trust_env=False)
            assert made.is_success, made.text
            session = Browser(f"{url}/{made.json()['value']['sessionId']}")
            try:
                yield session
            finally:
                session.close()
        finally:
            process.terminate()
