"""``ocicat login``: the browser's way played by the test, the API key's way, and refreshing."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from click.testing import CliRunner, Result

from ocicat.auth.config_editor import own_values
from ocicat.auth.session import SessionResolver
from ocicat.cli import login as login_command
from ocicat.cli import ocicat
from ocicat.emulator import Emulator
from ocicat.errors import InvalidSetting, MissingSetting, NotFoundError
from ocicat.transport import sync
from ocicat.transport.ambient import SYSTEM
from support.principals import TENANCY, jwt
from support.sessions import USER

module: Any = sys.modules["ocicat.cli.login"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home without settings, and the path of its config file."""
    for name in list(os.environ):
        if name.startswith(("OCI_", "OCICAT_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(module, "PORT", 0)
    yield tmp_path / ".oci" / "config"
    sync.close_idle()


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ocicat, ["login", *arguments], catch_exceptions=False)


class Browser(webbrowser.BaseBrowser):
    """A browser in which somebody logs in, as ``play`` does it."""

    def __init__(self, play: Callable[[Browser], None]) -> None:
        super().__init__("test")
        self._play = play
        self.url = ""
        self.said: list[tuple[int, str]] = []
        self._threads: list[threading.Thread] = []

    def open(self, url: str, new: int = 0, autoraise: bool = True) -> bool:
        self.url = url
        thread = threading.Thread(target=self._play, args=(self,))
        thread.start()
        self._threads.append(thread)
        return True

    def join(self) -> None:
        for thread in self._threads:
            thread.join()

    @property
    def query(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(urlsplit(self.url).query).items()}

    def get(self, path: str, **headers: str) -> str:
        """Ask the address to which the log-in page leads back."""
        address = self.query["redirect_uri"] + path
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(address, headers=named)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=10) as answer:
                status, text = answer.status, answer.read().decode()
        except urllib.error.HTTPError as problem:
            with problem:
                status, text = problem.code, problem.read().decode()
        self.said.append((status, text))
        return text

    def token(self, **claims: Any) -> str:
        """What OCI would issue."""
        key = json.loads(base64.urlsafe_b64decode(self.query["public_key"]))
        now = int(time.time())
        whole = {"sub": USER, "tenant": TENANCY, "jwk": key, "iat": now, "exp": now + 3600}
        return jwt(**{**whole, **claims})

    def finish(self, token: str | None = None, **others: str) -> str:
        """What the page's script does."""
        identity = jwt(nonce=self.query["nonce"])
        fields = {"security_token": token or self.token(), "id_token": identity, **others}
        return self.get("/token?" + urlencode(fields), sec_fetch_site="same-origin")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Browser]]:
    opened: list[Browser] = []

    def use(play: Callable[[Browser], None]) -> Browser:
        made = Browser(play)
        monkeypatch.setattr(webbrowser, "_browsers", {"test": [None, made]})
        monkeypatch.setattr(webbrowser, "_tryorder", ["test"])
        opened.append(made)
        return made

    yield use
    for each in opened:
        each.join()


# --- with a browser -------------------------------------------------------------------------------


def test_a_login_with_the_browser_writes_a_session(config: Path, browser: Any) -> None:
    def play(self: Browser) -> None:
        page = self.get("/")
        assert 'fetch("/token?" + fragment)' in page
        self.finish()

    opened = browser(play)
    result = run("--region", "ORD", "--profile", "WORK")
    opened.join()
    assert result.exit_code == 0
    assert opened.url.startswith("https://login.us-chicago-1.oraclecloud.com/v1/oauth2/authorize?")
    assert opened.said[-1][0] == 200
    values = own_values(config, "WORK") or {}
    assert values["region"] == "us-chicago-1"
    assert values["tenancy"] == TENANCY
    token = Path(values["security_token_file"]).read_text()
    assert f"Logged in as {USER}, until " in result.output
    assert f"The session is the profile WORK in {config}." in result.output
    assert "OCI_PROFILE=WORK" in result.output
    assert opened.url in result.output
    assert token not in result.output
    assert "PRIVATE" not in result.output
    resolver = SessionResolver(
        token_file=values["security_token_file"], key_file=values["key_file"], auth_url="http://x"
    )
    sync.run(resolver.resolve(SYSTEM))


def test_the_redirect_leads_to_the_port_that_oci_knows() -> None:
    assert module.PORT == 8181


def test_wrong_visitors_do_not_end_the_login(config: Path, browser: Any) -> None:
    secret = jwt(tenant="somebody else's")

    def play(self: Browser) -> None:
        good = self.token()
        port = urlsplit(self.query["redirect_uri"]).port
        for attempt in (
            lambda: self.get("/favicon.ico"),
            lambda: self.get("/token"),
            lambda: self.get("/token?error=access_denied&error_description=No%1b%5b2J+way"),
            lambda: self.get("/token?security_token=a%20b"),
            lambda: self.get(f"/token?security_token={jwt(sub=USER)}"),
            lambda: self.finish(self.token(jwk={"n": "AQAB", "e": "AQAB"})),
            lambda: self.finish(secret, id_token=jwt(nonce="another")),
            lambda: self.get(f"/token?security_token={good}", sec_fetch_site="cross-site"),
            lambda: self.get(f"/token?security_token={good}", host=f"evil.example:{port}"),
        ):
            attempt()
        self.finish(good)

    opened = browser(play)
    result = run("--region", "us-chicago-1")
    opened.join()
    statuses = [status for status, _ in opened.said]
    assert statuses == [404, 400, 400, 400, 400, 400, 400, 403, 403, 200]
    assert "OCI has issued no token. It says: No[2J way" in result.output
    assert secret not in result.output
    assert (own_values(config, "DEFAULT") or {})["tenancy"] == TENANCY
    assert "OCI_PROFILE" not in result.output


def test_what_is_in_the_config_file_stays(config: Path, browser: Any) -> None:
    config.parent.mkdir()
    before = "# mine\n[DEFAULT]\nuser=ocid1.user.oc1..a\nregion=eu-frankfurt-2\n"
    config.write_text(before)
    opened = browser(Browser.finish)
    run("--profile", "WORK")
    assert opened.url.startswith("https://login.eu-frankfurt-2.oraclecloud.eu/")
    assert config.read_text().startswith(before + "\n[WORK]\nfingerprint=")


def test_a_busy_port_is_said(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(module, "PORT", port)
        with pytest.raises(InvalidSetting, match=str(port)) as caught:
            run("--region", "us-chicago-1")
    assert "--no-browser" in caught.value.hint
    assert not config.exists()


def test_the_program_opens_the_browser_that_the_environment_names(
    config: Path, tmp_path: Path
) -> None:
    """The whole command in a process of its own, at the real port."""
    try:
        socket.create_server(("127.0.0.1", 8181)).close()
    except OSError:
        pytest.skip("port 8181 is taken")
    script = tmp_path / "browser.py"
    token = jwt(sub=USER, tenant=TENANCY, exp=int(time.time()) + 60)
    script.write_text(
        "import sys, urllib.parse, urllib.request\n"
        "query = urllib.parse.parse_qs(urllib.parse.urlsplit(sys.argv[1]).query)\n"
        "assert query['redirect_uri'] == ['http://localhost:8181']\n"
        "opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))\n"
        "opener.open('http://localhost:8181/').read()\n"
        f"opener.open('http://localhost:8181/token?security_token={token}').read()\n"
    )
    environment = {**os.environ, "BROWSER": f"{sys.executable} {script} %s"}
    done = subprocess.run(
        [sys.executable, "-m", "ocicat", "login", "--region", "us-chicago-1", "--profile", "WORK"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
    )
    assert done.returncode == 0, done.stderr
    assert token not in done.stdout + done.stderr
    values = own_values(config, "WORK") or {}
    assert Path(values["security_token_file"]).read_text() == token


# --- what is refused before anything happens ------------------------------------------------------


def test_a_profile_with_an_api_key_is_not_overwritten(config: Path) -> None:
    config.parent.mkdir()
    config.write_text("[DEFAULT]\nuser=ocid1.user.oc1..a\nregion=us-chicago-1\n")
    with pytest.raises(InvalidSetting, match="holds an API key") as caught:
        run()
    assert "--profile" in caught.value.hint


@pytest.mark.parametrize("name", ["../x", "a/b", "a b", "a]b", ".", "-x"])
def test_a_profile_name_that_is_no_directory_name_is_refused(config: Path, name: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        run("--region", "us-chicago-1", f"--profile={name}")
    assert caught.value.setting == "profile"


def test_without_a_region_there_is_nowhere_to_log_in(config: Path) -> None:
    with pytest.raises(MissingSetting) as caught:
        run()
    assert caught.value.setting == "region"


@pytest.mark.parametrize(
    "arguments",
    [["--session-minutes", "10"], ["--refresh", "--no-browser"], ["--session-minutes", "61"]],
)
def test_options_that_do_not_go_together_are_wrong_usage(
    config: Path, arguments: list[str]
) -> None:
    assert run(*arguments).exit_code == 2


def test_refreshing_needs_a_session(config: Path) -> None:
    config.parent.mkdir()
    config.write_text("[DEFAULT]\nregion=us-chicago-1\n")
    with pytest.raises(MissingSetting) as caught:
        run("--refresh")
    assert "ocicat login" in caught.value.hint


# --- against the emulator -------------------------------------------------------------------------


@pytest.fixture
def emulator(config: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator() as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("OCICAT_AUTH_ENDPOINT", running.identity.auth_url)
        yield running


def test_an_api_key_begins_a_session_and_it_can_be_refreshed(emulator: Emulator) -> None:
    config = emulator.home.config_file
    result = run("--no-browser", "--profile", "WORK", "--session-minutes", "7")
    assert result.exit_code == 0, result.output
    values = own_values(config, "WORK") or {}
    token_file = Path(values["security_token_file"])
    first = token_file.read_text()
    assert first not in result.output
    result = run("--refresh", "--profile", "WORK")
    assert "The session of the profile WORK goes on, until " in result.output
    assert token_file.read_text() != first
    assert token_file.read_text() not in result.output


def test_the_lifetime_is_the_one_that_was_asked_for(emulator: Emulator) -> None:
    from ocicat.auth.tokens import SecurityToken

    run("--no-browser", "--profile", "WORK", "--session-minutes", "7")
    values = own_values(emulator.home.config_file, "WORK") or {}
    token = SecurityToken.read(Path(values["security_token_file"]).read_text())
    assert token.lifetime(time.time()) == 7 * 60


def test_a_login_that_fails_writes_nothing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCICAT_AUTH_ENDPOINT", f"{emulator.url}/elsewhere")
    before = emulator.home.config_file.read_bytes()
    with pytest.raises(NotFoundError):
        run("--no-browser", "--profile", "WORK")
    assert emulator.home.config_file.read_bytes() == before
    assert not (emulator.home.path / "sessions").exists()


def test_the_command_is_listed() -> None:
    assert login_command.login.name == "login"
    assert "login" in CliRunner().invoke(ocicat, ["--help"]).output
