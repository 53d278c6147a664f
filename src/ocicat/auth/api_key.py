"""A Generative AI API key: a secret sent as it is, where OpenAI's clients send theirs.

OCI takes such keys on its OpenAI-compatible surface only. A request that carries one is not signed:
OCI is told once who calls, never in two ways.
"""

from __future__ import annotations

import re

from ocicat.errors import InvalidSetting, UnsupportedFeature
from ocicat.vocabulary.flow import Ambient, Flow, Request
from ocicat.vocabulary.identity import Identity

__all__ = ["ApiKeyIdentity", "ApiKeyResolver"]

# What RFC 6750 lets a bearer token be made of.
_KEY = re.compile(r"[A-Za-z0-9._~+/-]+=*")
# OCI's own services begin with a date; what follows tells the compatible surfaces apart.
_OWN_SERVICE = re.compile(r"/[0-9]{8}/(?!actions/v1/|openai/v1/)")
# What a signature would have brought.
_OF_A_SIGNATURE = ("date", "x-date", "x-content-sha256", "opc-obo-token")


class ApiKeyIdentity:
    """Whoever holds the key."""

    __slots__ = ("_key",)

    renewable = False

    def __init__(self, key: str) -> None:
        self._key = key

    def authorize(self, request: Request, now: float) -> None:
        """Send the key along.

        Raises :class:`~ocicat.errors.UnsupportedFeature` for a request to OCI's native API.
        """
        if _OWN_SERVICE.search(request.target.partition("?")[0]):
            raise UnsupportedFeature(
                "A Generative AI API key works on the OpenAI-compatible surface only, and this"
                " request goes to OCI's native API.",
                parameter="transport",
                hint="Use transport=openai and a model that it serves, or an identity that signs.",
            )
        for name in _OF_A_SIGNATURE:
            request.headers.pop(name, None)
        request.headers["authorization"] = f"Bearer {self._key}"

    def __repr__(self) -> str:
        return "<ApiKeyIdentity>"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("an API key is not pickled; pickle the settings that it came from")


class ApiKeyResolver:
    """Gives the identity of an API key, such as ``sk-…``; space around it is dropped.

    Raises :class:`~ocicat.errors.InvalidSetting` for a text that no key can be.
    """

    def __init__(self, key: str) -> None:
        key = key.strip()
        if not _KEY.fullmatch(key):
            raise InvalidSetting(
                "The Generative AI API key is empty, or has characters that no key has.",
                setting="api_key",
                hint="OCI shows a key once, when it is made; it begins with sk-.",
            )
        self._identity = ApiKeyIdentity(key)

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        """The identity; nothing is sent to find it."""
        yield from ()
        return self._identity
