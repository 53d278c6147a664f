"""The page on which a user logs in with a browser, and the way back with the session's token.

What the page is asked, and that the answer stands in the fragment of the address to which it leads
back, is the same as with OCI; what happens on the page is not, since here anybody is let in.
Sources: the OCI CLI's ``session authenticate``, and RFC 6749, section 4.2, for a refusal.
"""

from __future__ import annotations

from html import escape
from typing import Final
from urllib.parse import urlencode

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.emulator.call import Call
from ocicat.emulator.identity.jwt import read_jwk
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.reading import invalid
from ocicat.emulator.refusals import refusal

__all__ = ["show_login_page", "take_login_answer"]

_CLIENT_ID: Final = "iaas_console"
_REDIRECT: Final = "http://localhost:8181"
_FIXED: Final = {
    "action": "login",
    "client_id": _CLIENT_ID,
    "response_type": "token id_token",
    "scope": "openid",
    "redirect_uri": _REDIRECT,
}
_REQUIRED: Final = (*_FIXED, "nonce", "public_key")
#: The tenancy's name and that of its identity provider spare users of OCI two questions.
_OPTIONAL: Final = ("tenant", "provider")

_PAGE: Final = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Sign in to the emulated OCI</title>
<style>
  body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 34rem; margin: 15vh auto }}
  body > * {{ margin-inline: 1rem }}
  h1 {{ font-size: 1.4rem }}
  code {{ overflow-wrap: anywhere }}
  button {{ font: inherit; padding: .4rem 1.2rem; margin-right: .5rem }}
</style>
<h1>Sign in to the emulated OCI</h1>
<p>The program that waits at <code>{redirect}</code> asks for a session of the user
<code>{user}</code>. The emulator wants no password.</p>
<form method="post" action="/v1/oauth2/authorize/answer?{query}">
  <button name="answer" value="sign-in" autofocus>Sign in</button>
  <button name="answer" value="refuse">Refuse</button>
</form>
</html>
"""
_HEADERS: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def show_login_page(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer ``GET /v1/oauth2/authorize``. Raises :class:`~ocicat.emulator.refusals.Refused`."""
    _read_query(call)
    page = _PAGE.format(
        redirect=_REDIRECT,
        user=escape(plane.user_id),
        query=escape(call.target.partition("?")[2]),
    )
    call.record(200)
    return call.whole(200, page.encode(), "text/html; charset=utf-8", _HEADERS)


def take_login_answer(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    """Answer the page's form: lead back with a token, or with the news that there is none.

    Raises :class:`~ocicat.emulator.refusals.Refused`.
    """
    key, nonce = _read_query(call)
    if call.body == b"answer=sign-in":
        user = plane.user()
        told = {
            "security_token": plane.issue_session(user, key).text,
            "id_token": plane.identity_token(user, audience=_CLIENT_ID, nonce=nonce),
        }
    elif call.body == b"answer=refuse":
        told = {"error": "access_denied", "error_description": "The user has refused."}
    else:
        raise invalid("answer is neither sign-in nor refuse")
    call.record(303)
    location = f"{_REDIRECT}#{urlencode(told)}"
    return call.whole(303, b"", None, {**_HEADERS, "location": location})


def _read_query(call: Call) -> tuple[rsa.RSAPublicKey, str]:
    """The session's public key, and the nonce."""
    query = dict(call.query)
    if len(query) != len(call.query):
        raise invalid("a parameter is there twice")
    for name in _REQUIRED:
        if not query.get(name):
            raise refusal(
                400,
                f"The required parameter {name} is missing.",
                f"the query has no {name}",
                code="MissingParameter",
            )
    for name, value in query.items():
        if name not in _REQUIRED and name not in _OPTIONAL:
            raise invalid(f"{name} is no parameter of this page")
        if value != _FIXED.get(name, value):
            raise invalid(f"{name} is {value!r}, not {_FIXED[name]}")
    try:
        return read_jwk(query["public_key"]), query["nonce"]
    except ValueError as problem:
        raise invalid(f"public_key: {problem}") from None
