"""Which proxy the environment names for an address (``HTTPS_PROXY``, ``NO_PROXY``, …)."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

__all__ = ["Proxy", "proxy_for"]


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy. Its credentials are kept apart from its URL, which ends up in errors and logs."""

    url: str
    host: str
    port: int
    #: What the proxy itself wants to be told: its ``Proxy-Authorization``, or nothing.
    headers: dict[str, str] = field(default_factory=dict, repr=False)


def proxy_for(scheme: str, host: str) -> Proxy | None:
    """The proxy to ``host`` (``name`` or ``name:port``), or ``None`` to go there directly."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    import urllib.request  # 30 ms, and hardly ever needed

    address = urllib.request.getproxies().get(scheme)
    if not address or urllib.request.proxy_bypass(host):
        return None
    parts = urlsplit(address if "://" in address else f"http://{address}")
    name, port = parts.hostname or "", parts.port or 80
    proxy = Proxy(f"http://{name}:{port}", name, port)
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        proxy.headers["Proxy-Authorization"] = f"Basic {base64.b64encode(login).decode()}"
    return proxy
