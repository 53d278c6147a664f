"""Golden cases: what is said on both sides of a dialect, as data, each named by its story."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ocicat.dialects.dialect import Origin

__all__ = ["COMPARTMENT", "Cases", "copied", "origin"]

COMPARTMENT = "ocid1.compartment.oc1..test"
_CASES = Path(__file__).parent.parent / "cases"


class Cases:
    """The cases of one folder of ``tests/cases``, one file for each dialect."""

    def __init__(self, folder: str) -> None:
        self._cases = [
            pytest.param(path.stem, case, id=f"{path.stem}: {case['kind']}: {case['name']}")
            for path in sorted((_CASES / folder).glob("*.json"))
            for case in json.loads(path.read_text())
        ]

    def of_kind(self, kind: str) -> pytest.MarkDecorator:
        """A mark that gives a test the dialect (``name``) and the ``case``, of this kind."""
        return pytest.mark.parametrize(
            ("name", "case"), [case for case in self._cases if case.values[1]["kind"] == kind]
        )


def origin(model: str) -> Origin:
    """Where every answer comes from."""
    return Origin(model, "A/B/C", 1795262401)


def copied(value: Any) -> Any:
    """The same value, which may be changed."""
    return json.loads(json.dumps(value))
