"""The one TLS context of a process: reading the authorities takes far longer than a call."""

from __future__ import annotations

import functools
import ssl

__all__ = ["context"]


@functools.cache
def context() -> ssl.SSLContext:
    """Verifies against the system's authorities or those in ``SSL_CERT_FILE``; TLS 1.2 and up."""
    made = ssl.create_default_context()
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
