"""``ocicat login``: begin a session, or make the present one last longer.

With a browser, the log-in page leads back to a server that listens on this machine for as long as
that takes. The token comes in the fragment of that address, which browsers keep to themselves, so
the page there asks for it once more as a query.
"""

from __future__ import annotations

import os
import queue
import re
import threading
import webbrowser
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import click

from ocicat.auth import config_editor, region_metadata
from ocicat.auth.federation import fits_header
from ocicat.auth.session import SessionResolver
from ocicat.auth.session_login import NewSession, authorize_url, generate_token
from ocicat.auth.tokens import SecurityToken
from ocicat.auth.user import UserKeyResolver
from ocicat.client.settings import Settings
from ocicat.errors import InvalidSetting, MissingSetting
from ocicat.routing import regions
from ocicat.transport import sync
from ocicat.transport.ambient import SYSTEM

__all__ = ["login"]

#: The only address to which OCI's log-in page leads back. Source: the OCI CLI.
PORT = 8181

_PROFILE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
_PROFILE_VARIABLES = ("OCICAT_PROFILE", "OCI_PROFILE", "OCI_CLI_PROFILE")
_REGION_VARIABLES = ("OCICAT_REGION", "OCI_REGION", "OCI_CLI_REGION")
_CONFIG_VARIABLES = ("OCICAT_CONFIG_FILE", "OCI_CONFIG_FILE", "OCI_CLI_CONFIG_FILE")

_PAGE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>ocicat login</title>
<style>
  body { font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto }
  body > * { margin-inline: 1rem }
  h1 { font-size: 1.4rem }
  .good h1 { color: light-dark(#1a7f37, #4ac26b) }
  .bad h1 { color: light-dark(#b3261e, #ff8a80) }
  p { overflow-wrap: anywhere }
</style>
<h1>Finishing the login ...</h1>
<p><noscript>This page needs JavaScript, to hand the session to ocicat.</noscript></p>
<script>
  const fragment = location.hash.slice(1);
  history.replaceState(null, "", "/");
  const say = (kind, title, text) => {
    document.body.className = kind;
    document.querySelector("h1").textContent = document.title = title;
    document.querySelector("p").textContent = text;
  };
  fetch("/token?" + fragment).then(
    async answer => answer.ok
      ? say("good", "You are logged in", await answer.text())
      : say("bad", "You are not logged in", await answer.text()),
    () => say("bad", "ocicat has stopped waiting", "Start the login again."));
</script>
</html>
"""
_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--profile",
    metavar="NAME",
    help="The profile to write the session to. Default: that of OCI_PROFILE, or DEFAULT.",
)
@click.option("--region", metavar="REGION", help="Where to log in (id or short code).")
@click.option(
    "--config-file",
    metavar="FILE",
    help="The OCI config file. Default: OCI_CONFIG_FILE's, or usual.",
)
@click.option(
    "--session-minutes",
    type=click.IntRange(5, 60),
    help="How long the token lives; only with --no-browser.",
)
@click.option(
    "--no-browser",
    is_flag=True,
    help="Get the session with the API key of OCI_PROFILE's profile, or of DEFAULT.",
)
@click.option("--refresh", is_flag=True, help="Make the present session last longer.")
def login(
    profile: str | None,
    region: str | None,
    config_file: str | None,
    session_minutes: int | None,
    no_browser: bool,
    refresh: bool,
) -> None:
    """Log in to OCI, and keep the session in a profile of the OCI config file.

    A session needs no API key: its own key is made here, and its token expires within the hour.
    ocicat refreshes it while it works, for as long as OCI allows.
    """
    if session_minutes is not None and not no_browser:
        raise click.UsageError("--session-minutes needs --no-browser.")
    if refresh and no_browser:
        raise click.UsageError("--refresh and --no-browser exclude each other.")
    path = _config_path(config_file)
    name = profile or _from_environment(_PROFILE_VARIABLES) or "DEFAULT"
    if not _PROFILE.fullmatch(name):
        raise InvalidSetting(
            f"The profile cannot be called {name[:80]!r}, since a directory is named after it.",
            setting="profile",
            hint="Use letters, digits, and any of . _ @ -",
        )
    if refresh:
        _refresh(path, name)
        return
    _refuse_an_api_key(path, name)
    place = _region(path, name, region)
    session = NewSession.make()
    if no_browser:
        token = _with_api_key(path, place, session, session_minutes)
    else:
        token = _with_browser(place, session)
    session.save(path, name, token, place)
    user = token.claims.get("sub")
    click.echo(f"Logged in{f' as {user}' if isinstance(user, str) else ''}{_until(token.expires)}.")
    click.echo(f"The session is the profile {name} in {path}.")
    if name != (_from_environment(_PROFILE_VARIABLES) or "DEFAULT"):
        click.echo(f"Use it with OCI_PROFILE={name}.")


# --- which profile, which region ------------------------------------------------------------------


def _config_path(given: str | None) -> Path:
    # Unlike everywhere else, the file may not exist yet.
    return Path(given or _from_environment(_CONFIG_VARIABLES) or "~/.oci/config").expanduser()


def _from_environment(names: tuple[str, ...]) -> str | None:
    return next((value for name in names if (value := os.environ.get(name))), None)


def _refuse_an_api_key(path: Path, name: str) -> None:
    """A session must not overwrite the profile from which somebody's API key is used."""
    if (config_editor.own_values(path, name) or {}).get("user"):
        raise InvalidSetting(
            f"The profile {name} in {path} holds an API key, which a session would overwrite.",
            setting="profile",
            hint="Name another profile for the session, as in --profile SESSION.",
        )


def _region(path: Path, name: str, given: str | None) -> str:
    found = given or _from_environment(_REGION_VARIABLES)
    for section in (name, "DEFAULT"):
        found = found or (config_editor.own_values(path, section) or {}).get("region")
    if not found:
        raise MissingSetting(
            "There is no region to log in to.",
            setting="region",
            hint="Give --region, as in --region us-chicago-1.",
        )
    return regions.region_id(found, extra=region_metadata.extra_regions(os.environ))


def _service_url(host: Callable[..., str], region: str) -> str:
    """The base URL of a service of the region, or of what stands in for it."""
    return os.environ.get("OCICAT_AUTH_ENDPOINT") or "https://" + host(
        region,
        extra=region_metadata.extra_regions(os.environ),
        default_domain=region_metadata.default_domain(os.environ),
    )


def _until(expires: float | None) -> str:
    if expires is None:
        return ""
    try:
        return f", until {datetime.fromtimestamp(expires, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, OSError, ValueError):
        return ""


# --- without a browser ----------------------------------------------------------------------------


def _refresh(path: Path, name: str) -> None:
    # Read as every call reads it, with what the profile inherits.
    settings = Settings({"oci_config_file": str(path), "oci_profile": name})
    token_file = settings.profile_value("security_token_file")
    if not token_file:
        raise MissingSetting(
            f"The profile {name} in {path} holds no session.",
            setting="security_token_file",
            hint="Begin one with `ocicat login`.",
        )
    resolver = SessionResolver(
        token_file=token_file,
        key_file=settings.require("key_file"),
        passphrase=settings.get("passphrase"),
        auth_url=_service_url(
            regions.auth_host, settings.profile_value("region") or settings.require("region")
        ),
        profile=name,
    )
    expires = sync.run(resolver.refresh(SYSTEM))
    click.echo(f"The session of the profile {name} goes on{_until(expires)}.")


def _with_api_key(
    path: Path, region: str, session: NewSession, minutes: int | None
) -> SecurityToken:
    settings = Settings({"oci_config_file": str(path)})
    key = settings.get("key")
    identities = UserKeyResolver(
        tenancy=settings.require("tenancy"),
        user=settings.require("user"),
        fingerprint=settings.require("fingerprint"),
        key=key,
        key_file=None if key else settings.require("key_file"),
        passphrase=settings.get("passphrase"),
    )
    auth_url = _service_url(regions.auth_host, region)
    return sync.run(generate_token(auth_url, session, identities, SYSTEM, minutes=minutes))


# --- with a browser -------------------------------------------------------------------------------


def _with_browser(region: str, session: NewSession) -> SecurityToken:
    nonce = SYSTEM.token().lower()
    try:
        server = _Server(session, nonce)
    except OSError as problem:
        raise InvalidSetting(
            f"The port {PORT}, to which the login page leads back, cannot be used:"
            f" {problem.strerror}.",
            setting="port",
            hint="Is another login waiting? There is also --no-browser.",
        ) from None
    with server:
        url = authorize_url(
            _service_url(regions.login_host, region),
            session,
            nonce=nonce,
            redirect_uri=f"http://localhost:{server.server_port}",
        )
        click.echo(f"Log in with a browser on this machine, at\n\n  {url}\n", err=True)
        if not webbrowser.open(url):
            click.echo("It could not be opened for you.", err=True)
        return server.wait()


class _Server(ThreadingHTTPServer):
    """Waits for the browser to come back with a token."""

    daemon_threads = True
    allow_reuse_address = os.name == "posix"

    def __init__(self, session: NewSession, nonce: str) -> None:
        self._session = session
        self._nonce = nonce
        self._tokens: queue.SimpleQueue[SecurityToken] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        super().__init__(("127.0.0.1", PORT), _Handler)
        self._thread = threading.Thread(target=self.serve_forever, daemon=True)
        self._thread.start()

    def wait(self) -> SecurityToken:
        """The token, once there is one."""
        while True:
            try:
                return self._tokens.get(timeout=0.5)
            except queue.Empty:
                continue  # so that Ctrl-C is heeded on every system

    def read(self, query: str) -> SecurityToken | str:
        """The token in what the browser brought, or why it is none for us."""
        found = {name: values[-1] for name, values in parse_qs(query).items()}
        text = found.get("security_token", "")
        if not text:
            told = found.get("error_description") or found.get("error")
            told = "".join(filter(str.isprintable, told[:200] if told else ""))
            return "OCI has issued no token." + (f" It says: {told}" if told else "")
        token = SecurityToken.read(text)
        if not fits_header(token.text) or not token.claims.get("tenant"):
            return "What came back is no session token."
        # Any page in the browser can make it come here, with a token of its own choosing.
        if not self._session.is_for_us(token) or self._nonce_of(found) not in (None, self._nonce):
            return "The token is not for this login."
        return token

    def finish(self, token: SecurityToken) -> None:
        """Let the login go on with this token."""
        self._tokens.put(token)

    @staticmethod
    def _nonce_of(found: dict[str, str]) -> object:
        return SecurityToken.read(found.get("id_token", "")).claims.get("nonce")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of browsers that hang up."""

    def server_close(self) -> None:
        """Stop waiting."""
        if self._thread is not None:  # else the port could not be had
            self.shutdown()
            self._thread.join()
        super().server_close()


class _Handler(BaseHTTPRequestHandler):
    """Serves the page, and takes what it sends."""

    server: _Server
    timeout = 10

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        # A name that somebody has pointed at this machine is not ours.
        if (self.headers.get("host") or "").partition(":")[0] not in ("localhost", "127.0.0.1"):
            self._answer(403, b"This is not the address of ocicat's login.")
        elif url.path == "/":
            self._answer(200, _PAGE, "text/html; charset=utf-8")
        elif url.path == "/token":
            if self.headers.get("sec-fetch-site", "same-origin") != "same-origin":
                self._answer(403, b"Another page may not finish the login.")
                return
            found = self.server.read(url.query)
            if isinstance(found, SecurityToken):
                try:
                    # Answered first: the program may end as soon as it has the token.
                    self._answer(200, b"You may close this page, and go back to the terminal.")
                finally:
                    self.server.finish(found)
            else:
                click.echo(found, err=True)
                self._answer(
                    400, f"{found} Go back to log in after all: ocicat still waits.".encode()
                )
        else:
            self._answer(404, b"There is nothing here.")

    def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response_only(status)
        for name, value in {**_HEADERS, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Log nothing: the request line holds the token."""
