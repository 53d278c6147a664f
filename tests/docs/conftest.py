"""What the examples of all pages need."""

from __future__ import annotations

import pytest
from opentelemetry.util._once import Once


@pytest.fixture(autouse=True)
def nobody_has_set_telemetry_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """What an example sets up for its whole process ends with the example."""
    for module, signal in (("trace", "TRACER"), ("metrics._internal", "METER")):
        monkeypatch.setattr(f"opentelemetry.{module}._{signal}_PROVIDER", None)
        monkeypatch.setattr(f"opentelemetry.{module}._{signal}_PROVIDER_SET_ONCE", Once())
