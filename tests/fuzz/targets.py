"""What is fuzzed: everything that reads bytes from the network.

A target takes bytes and ends; an exception that is not ocicat's own is a finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from ocicat.dialects import faults, sse
from ocicat.errors import OcicatError
from support.decoding import WIRES, read_reply, read_stream

__all__ = ["FINDINGS", "TARGETS", "seeds"]

CASES = Path(__file__).parent.parent / "cases"
#: Inputs that once failed, one file each, named ``<target>-<story>``.
FINDINGS = CASES / "fuzz"


def _events(data: bytes) -> None:
    decoder = sse.Decoder()
    try:
        for start in range(0, len(data), 7):
            decoder.feed(data[start : start + 7])
        decoder.end()
    except OcicatError:
        pass


def _fault(data: bytes) -> None:
    faults.decode(400 + (data[0] if data else 0), {}, data[1:])


TARGETS: dict[str, Callable[[bytes], object]] = {
    "sse": _events,
    "faults": _fault,
    **{f"{dialect} reply": partial(read_reply, dialect) for dialect in WIRES},
    **{f"{dialect} stream": partial(read_stream, dialect) for dialect in WIRES},
}


def seeds(target: str) -> list[bytes]:
    """Inputs to begin from: OCI's half of the golden cases."""
    dialect, _, kind = target.partition(" ")
    if not kind:
        return [b"data: {}\n\n", b'{"code": "400", "message": "no"}']
    found = []
    for case in json.loads((CASES / "dialects" / f"{dialect}.json").read_text()):
        if case["kind"] == kind == "reply":
            found.append(msgspec.json.encode(case["wire"]))
        elif case["kind"] == kind == "stream":
            found.append(
                b"".join(sse.encode(msgspec.json.encode(event)) for event in case["events"])
            )
    return found
