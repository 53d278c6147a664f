"""How the native inference API answers a body that breaks a schema."""

from __future__ import annotations

from typing import Any

from ocicat.emulator.refusals import FORMAT
from ocicat.emulator.schema.reading import Violation

__all__ = ["error_body"]


def error_body(_violation: Violation) -> dict[str, Any]:
    """OCI's sentence, which does not say what is wrong."""
    return {"code": "400", "message": FORMAT}
