"""The files of a project: uploaded, listed, read and deleted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.multipart import Field, read_form
from ocicat.emulator.objects import (
    SURFACE,
    ObjectOperation,
    Visit,
    deleted,
    found,
    invalid,
    listed,
    new_id,
)

__all__ = ["FILE_OPERATIONS", "StoredFile", "uploaded"]

_PURPOSES: Final = ("assistants", "batch", "fine-tune", "vision", "user_data", "evals")
_FIELDS: Final = ("file", "purpose", "expires_after[anchor]", "expires_after[seconds]")
_BYTES: Final = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file: what OpenAI's API says of it, and what is in it."""

    shown: dict[str, Any]
    content: bytes


def uploaded(fields: dict[str, Field]) -> tuple[str, bytes]:
    """The name and the content of the file in a form. Raises :class:`~.refusals.Refused`."""
    file = fields.get("file")
    if file is None:
        raise invalid(
            "file", "Missing required parameter: 'file'.", code="missing_required_parameter"
        )
    if file.filename is None:
        raise invalid("file", "Invalid type for 'file': expected a file, got a text.")
    return file.filename, file.content


def _create(visit: Visit) -> web.StreamResponse:
    fields = read_form(visit.call)
    for name in fields:
        if name not in _FIELDS:
            raise invalid(name, f"Unknown parameter: '{name}'.", code="unknown_parameter")
    filename, content = uploaded(fields)
    purpose = fields["purpose"].text if "purpose" in fields else ""
    if purpose not in _PURPOSES:
        raise invalid(
            "purpose", f"Invalid value: '{purpose}'. Supported values are: {', '.join(_PURPOSES)}."
        )
    shown: dict[str, Any] = {
        "id": new_id("file-"),
        "object": "file",
        "bytes": len(content),
        "created_at": visit.now,
        "expires_at": _expiry(fields, visit.now),
        "filename": filename,
        "purpose": purpose,
        "status": "processed",
    }
    visit.project.files[shown["id"]] = StoredFile(shown, content)
    return visit.reply(shown)


def _expiry(fields: dict[str, Field], now: int) -> int | None:
    given = [fields.get(name) for name in _FIELDS[2:]]
    if given == [None, None]:
        return None
    anchor, seconds = (field.text if field else "" for field in given)
    if anchor != "created_at" or not seconds.isdecimal() or not 3600 <= int(seconds) <= 2592000:
        raise invalid(
            "expires_after",
            "Invalid 'expires_after': the anchor is created_at, and seconds are 3600 to 2592000.",
        )
    return now + int(seconds)


def _list(visit: Visit) -> web.StreamResponse:
    query = visit.query("limit", "order", "after", "purpose")
    shown = [
        file.shown
        for file in visit.project.files.values()
        if query.get("purpose", file.shown["purpose"]) == file.shown["purpose"]
    ]
    return visit.reply(listed(shown, query, most=10_000, default=10_000))


def _find(visit: Visit) -> StoredFile:
    file: StoredFile = found(visit.project.files, visit.ids[0], "File")
    return file


def _get(visit: Visit) -> web.StreamResponse:
    return visit.reply(_find(visit).shown)


def _content(visit: Visit) -> web.StreamResponse:
    file = _find(visit)
    visit.call.record(200)
    return visit.call.whole(200, file.content, _BYTES)


def _delete(visit: Visit) -> web.StreamResponse:
    file = _find(visit)
    del visit.project.files[file.shown["id"]]
    return visit.reply(deleted(file.shown["id"], "file"))


_ALL: Final = re.compile(SURFACE + "/files")
_ONE: Final = re.compile(SURFACE + "/files/([^/]+)")

FILE_OPERATIONS: Final = (
    ObjectOperation("POST", _ALL, _create),
    ObjectOperation("GET", _ALL, _list),
    ObjectOperation("GET", _ONE, _get),
    ObjectOperation("DELETE", _ONE, _delete),
    ObjectOperation("GET", re.compile(SURFACE + "/files/([^/]+)/content"), _content),
)
