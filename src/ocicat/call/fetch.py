"""One signed request that is sent once, as it is: what a diagnosis wants to see."""

from __future__ import annotations

from ocicat.vocabulary.flow import Ambient, Flow, Request, Response, Timeout
from ocicat.vocabulary.identity import IdentityResolver

__all__ = ["fetch", "get"]


def get(scheme: str, host: str, target: str, *, user_agent: str, timeout: Timeout) -> Request:
    """An unsigned GET request."""
    headers = {
        "host": host,
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "user-agent": user_agent,
    }
    return Request("GET", scheme, host, target, headers, timeout=timeout)


def fetch(request: Request, identities: IdentityResolver, ambient: Ambient) -> Flow[Response]:
    """The answer to ``request``, signed by whom ``identities`` finds."""
    identity = yield from identities.resolve(ambient)
    identity.authorize(request, ambient.now())
    response: Response = yield request
    return response
