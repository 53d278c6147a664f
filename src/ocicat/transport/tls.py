"""TLS contexts, made once: reading the authorities takes far longer than a call."""

from __future__ import annotations

import functools
import os
import ssl

__all__ = ["context"]


def context(authority: str | None = None) -> ssl.SSLContext:
    """Verifies against the PEM file ``authority``, else the system's; TLS 1.2 and up.

    The system's authorities are those that OpenSSL finds, or the file that ``SSL_CERT_FILE`` names.
    Raises ``OSError`` for an ``authority`` that cannot be read.
    """
    # Clusters renew their authority in place, so the file's time is part of the key.
    return _context(authority, os.stat(authority).st_mtime_ns if authority else 0)  # noqa: PTH116


@functools.lru_cache(maxsize=8)
def _context(authority: str | None, _: int) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=authority)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    return made
