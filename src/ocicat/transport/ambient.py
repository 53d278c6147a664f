"""The real clock and the real dice."""

from __future__ import annotations

import random
import secrets
import time

__all__ = ["SYSTEM", "SystemAmbient"]


class SystemAmbient:
    """What flows are given outside tests: see ``vocabulary.flow.Ambient``."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    random = staticmethod(random.random)

    @staticmethod
    def token() -> str:
        """32 random upper-case hexadecimal digits."""
        return secrets.token_hex(16).upper()


SYSTEM = SystemAmbient()
