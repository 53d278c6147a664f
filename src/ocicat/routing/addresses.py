"""Base URLs that people give, read strictly: a request that is signed goes where it says."""

from __future__ import annotations

import re
from typing import NamedTuple

from ocicat.errors import InvalidSetting

__all__ = ["Address", "read"]

# RFC 3986, appendix B, with the parts told apart by group.
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)([^?#]*)(\?[^#]*)?(#.*)?")
_AUTHORITY = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?")
_VISIBLE_ASCII = re.compile(r"[!-~]+")


class Address(NamedTuple):
    """Scheme, authority (with a port only where one is written) and path without a last slash."""

    scheme: str
    host: str
    path: str


def read(url: str) -> Address:
    """The parts of a base URL.

    Raises :class:`~ocicat.errors.InvalidSetting`, which does not repeat the URL, for one that is
    not whole, or says more than where to go.
    """
    text = url.strip()
    whole = _URL.fullmatch(text) if _VISIBLE_ASCII.fullmatch(text) else None
    if whole is None:
        raise _bad("is not a URL", "Write it whole and in ASCII, as in https://host/path.")
    scheme, authority, path, query, fragment = whole.groups()
    scheme = scheme.lower()
    if scheme not in ("http", "https"):
        raise _bad("is neither http nor https", "Write it as https://host/path.")
    if "@" in authority:
        raise _bad(
            "contains user information", "Credentials do not belong there; remove what is before @."
        )
    if query is not None or fragment is not None:
        raise _bad("has a query or a fragment", "Remove what begins with ? or #.")
    match = _AUTHORITY.fullmatch(authority)
    if match is None or (match[1] and not 0 < int(match[1]) < 65536):
        raise _bad("has no valid host and port", "Write it as https://host:port/path.")
    return Address(scheme, authority, path.rstrip("/"))


def _bad(what: str, hint: str) -> InvalidSetting:
    # The value stays out of the message: a URL is where people put credentials.
    return InvalidSetting(f"api_base {what}.", setting="api_base", hint=hint)
