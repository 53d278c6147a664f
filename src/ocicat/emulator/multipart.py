"""Reading ``multipart/form-data``, as strictly as its standard (RFC 7578) is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from ocicat.emulator.call import Call
from ocicat.emulator.objects import invalid

__all__ = ["Field", "read_form"]

_BOUNDARY: Final = re.compile(r'multipart/form-data\s*;.*\bboundary=("?)([^";\s]{1,70})\1', re.I)
_NAME: Final = re.compile(r';\s*name="([^"]*)"', re.I)
_FILENAME: Final = re.compile(r';\s*filename="((?:[^"\\]|\\.)*)"', re.I)


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a form. ``filename`` is ``None`` where it is no file."""

    content: bytes
    filename: str | None

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")


def read_form(call: Call) -> dict[str, Field]:
    """The fields of a form by their names. Raises :class:`~.refusals.Refused`."""
    given = call.headers.get("content-type", "")
    match = _BOUNDARY.match(given)
    if match is None:
        raise invalid(
            "",
            f"The content type must be multipart/form-data with a boundary, not {given!r}.",
            code="invalid_content_type",
        )
    mark = b"\r\n--" + match[2].encode("latin-1")
    first, *parts = (b"\r\n" + call.body).split(mark)
    if first or not parts or parts.pop() not in (b"--", b"--\r\n"):
        raise _broken("it does not begin and end with its boundary")
    fields: dict[str, Field] = {}
    for part in parts:
        head, separator, content = part.partition(b"\r\n\r\n")
        if not separator or not head.startswith(b"\r\n"):
            raise _broken("a part has no headers")
        disposition = _disposition(head.decode("utf-8", "replace"))
        name = _NAME.search(disposition)
        if name is None:
            raise _broken("a part has no name")
        if name[1] in fields:
            raise invalid(name[1], f"The field '{name[1]}' is there twice.")
        filename = _FILENAME.search(disposition)
        fields[name[1]] = Field(
            content, re.sub(r"\\(.)", r"\1", filename[1]) if filename is not None else None
        )
    return fields


def _disposition(head: str) -> str:
    for line in head.split("\r\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-disposition":
            return value
    raise _broken("a part has no content-disposition")


def _broken(reason: str) -> Exception:
    return invalid("", f"We could not parse the multipart body of your request: {reason}.")
