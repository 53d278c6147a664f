"""Which proxy the environment names for an address (``HTTPS_PROXY``, ``NO_PROXY``, …)."""

from __future__ import annotations

import os

__all__ = ["proxy_for"]


def proxy_for(scheme: str, host: str) -> str | None:
    """The URL of the proxy to ``host`` (``name`` or ``name:port``), or ``None`` to go directly."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    import urllib.request  # 30 ms, and hardly ever needed

    proxy = urllib.request.getproxies().get(scheme)
    if not proxy or urllib.request.proxy_bypass(host):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"
