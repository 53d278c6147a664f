"""Writes down what a flow sends and receives, on its way to the driver and back."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from ocicat.vocabulary.flow import Flow, Read, Request, Response

__all__ = ["DIRECTORY", "Recording"]

DIRECTORY = Path(__file__).parent / "recordings"
_OCID = re.compile(r"ocid1\.([a-z0-9]+)\.[A-Za-z0-9_.-]+")
_KEPT_HEADERS = ("content-type", "retry-after", "model-deprecation-info")


class Recording:
    """One exchange."""

    def __init__(self) -> None:
        self.requests: list[Any] = []
        self.answers: list[dict[str, Any]] = []
        self._stream = b""

    def of(self, flow: Flow[Any]) -> Flow[Any]:
        """``flow``, overheard."""
        answer: Any = None
        try:
            while True:
                effect = flow.send(answer)
                answer = yield effect
                if isinstance(effect, Request):
                    self.requests.append(_json(effect.body))
                    self._hear(answer)
                elif isinstance(effect, Read):
                    self._stream += answer
        except StopIteration as end:
            return end.value

    def _hear(self, response: Response) -> None:
        self.answers.append(
            {
                "status": response.status,
                "headers": {
                    name: value for name, value in response.headers.items() if name in _KEPT_HEADERS
                },
                "body": _json(response.body),
            }
        )

    def write(self, name: str) -> Path:
        """Write it all to ``recordings/NAME.json`` with every OCID replaced."""
        DIRECTORY.mkdir(exist_ok=True)
        recorded = {
            "requests": self.requests,
            "answers": self.answers,
            "stream": self._stream.decode("utf-8", "replace").splitlines(),
        }
        text = json.dumps(recorded, indent=1, ensure_ascii=False)
        path = DIRECTORY / f"{re.sub(r'[^a-z0-9.-]+', '-', name.lower())}.json"
        path.write_text(_OCID.sub(r"ocid1.\1.oc1..recorded", text) + "\n")
        return path


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode("utf-8", "replace")
