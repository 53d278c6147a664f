"""Signed requests about what a project of the emulator keeps, in bare HTTP."""

from __future__ import annotations

import re
from typing import Any

from ocicat.emulator import Emulator
from support.emulator_client import Answer, ask

__all__ = ["form", "get", "post", "send", "upload", "uploaded"]

BOUNDARY = "0ocicat0"
#: Vector stores themselves are managed where clusters and endpoints are.
MANAGED = re.compile(r"/vector_stores(/[^/]+)?")


def send(emulator: Emulator, method: str, path: str, body: Any = b"", **headers: str) -> Answer:
    """One request in the emulator's own project and compartment."""
    given = {
        "openai-project": emulator.project_id,
        "opc-compartment-id": emulator.compartment_id,
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    base = "/20231130" if MANAGED.fullmatch(path.partition("?")[0]) else ""
    return ask(emulator, method, f"{base}/openai/v1{path}", body, given)


def get(emulator: Emulator, path: str) -> Any:
    """What a GET gives, which must succeed."""
    answer = send(emulator, "GET", path)
    assert answer.status == 200, answer.body
    return answer.json


def post(emulator: Emulator, path: str, body: Any) -> Any:
    """What a POST gives, which must succeed."""
    answer = send(emulator, "POST", path, body)
    assert answer.status == 200, answer.body
    return answer.json


def form(*fields: tuple[str, str | None, bytes]) -> bytes:
    """A multipart form of fields, each (name, file name or ``None``, content)."""
    parts = []
    for name, filename, content in fields:
        extra = f'; filename="{filename}"' if filename is not None else ""
        head = f'content-disposition: form-data; name="{name}"{extra}\r\n'
        parts.append(f"--{BOUNDARY}\r\n{head}\r\n".encode() + content + b"\r\n")
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def upload(
    emulator: Emulator, body: bytes, path: str = "/files", *, boundary: str = BOUNDARY
) -> Answer:
    """Send a form."""
    given = f"multipart/form-data; boundary={boundary}"
    return send(emulator, "POST", path, body, content_type=given)


def uploaded(emulator: Emulator, name: str = "a.txt", content: bytes = b"hello") -> str:
    """The id of a file that has been uploaded."""
    fields = [("purpose", None, b"user_data"), ("file", name, content)]
    answer = upload(emulator, form(*fields))
    assert answer.status == 200, answer.body
    id: str = answer.json["id"]
    return id
