"""Containers, in which the model's programs run, and the files in them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.files import StoredFile, uploaded
from ocicat.emulator.multipart import read_form
from ocicat.emulator.objects import (
    SURFACE,
    ObjectOperation,
    Project,
    Visit,
    deleted,
    found,
    listed,
    new_id,
    read_json,
)
from ocicat.emulator.schema.openai_objects import check_container, check_container_file

__all__ = ["CONTAINER_OPERATIONS", "Container", "new_container"]

_DIRECTORY: Final = "/mnt/data/"


@dataclass(frozen=True, slots=True)
class Container:
    """A container: what OpenAI's API says of it, and its files by their ids."""

    shown: dict[str, Any]
    files: dict[str, StoredFile] = field(default_factory=dict)

    def put(self, filename: str, content: bytes, source: str, now: int) -> dict[str, Any]:
        """Put a file into it, and say what it is."""
        shown = {
            "id": new_id("cfile_"),
            "object": "container.file",
            "bytes": len(content),
            "container_id": self.shown["id"],
            "created_at": now,
            "path": _DIRECTORY + filename,
            "source": source,
        }
        self.files[shown["id"]] = StoredFile(shown, content)
        return shown


def new_container(project: Project, asked: dict[str, Any], now: int) -> Container:
    """A new container with the files that are asked for. Raises :class:`~.refusals.Refused`."""
    files = [found(project.files, id, "File") for id in asked.get("file_ids", ())]
    container = Container(
        {
            "id": new_id("cntr_"),
            "object": "container",
            "created_at": now,
            "status": "running",
            "expires_after": asked.get(
                "expires_after", {"anchor": "last_active_at", "minutes": 20}
            ),
            "last_active_at": now,
            "memory_limit": asked.get("memory_limit", "1g"),
            "name": asked["name"],
            "network_policy": asked.get("network_policy", {"type": "disabled"}),
        }
    )
    for file in files:
        container.put(file.shown["filename"], file.content, "user", now)
    project.containers[container.shown["id"]] = container
    return container


def _create(visit: Visit) -> web.StreamResponse:
    asked = read_json(visit.call, check_container)
    return visit.reply(new_container(visit.project, asked, visit.now).shown)


def _list(visit: Visit) -> web.StreamResponse:
    query = visit.query("limit", "order", "after", "name")
    shown = [
        container.shown
        for container in visit.project.containers.values()
        if query.get("name", container.shown["name"]) == container.shown["name"]
    ]
    return visit.reply(listed(shown, query))


def _find(visit: Visit) -> Container:
    container: Container = found(visit.project.containers, visit.ids[0], "Container")
    return container


def _get(visit: Visit) -> web.StreamResponse:
    return visit.reply(_find(visit).shown)


def _delete(visit: Visit) -> web.StreamResponse:
    id = _find(visit).shown["id"]
    del visit.project.containers[id]
    return visit.reply(deleted(id, "container.deleted"))


def _put_file(visit: Visit) -> web.StreamResponse:
    container = _find(visit)
    if visit.call.headers.get("content-type", "").startswith("application/json"):
        asked = read_json(visit.call, check_container_file)
        file = found(visit.project.files, asked["file_id"], "File")
        filename, content = file.shown["filename"], file.content
    else:
        filename, content = uploaded(read_form(visit.call))
    return visit.reply(container.put(filename, content, "user", visit.now))


def _list_files(visit: Visit) -> web.StreamResponse:
    query = visit.query("limit", "order", "after")
    return visit.reply(listed([file.shown for file in _find(visit).files.values()], query))


def _find_file(visit: Visit) -> StoredFile:
    return found(_find(visit).files, visit.ids[1], "Container file")


def _get_file(visit: Visit) -> web.StreamResponse:
    return visit.reply(_find_file(visit).shown)


def _file_content(visit: Visit) -> web.StreamResponse:
    file = _find_file(visit)
    visit.call.record(200)
    return visit.call.whole(200, file.content, "application/octet-stream")


def _delete_file(visit: Visit) -> web.StreamResponse:
    id = _find_file(visit).shown["id"]
    del _find(visit).files[id]
    return visit.reply(deleted(id, "container.file.deleted"))


_ALL: Final = re.compile(SURFACE + "/containers")
_ONE: Final = re.compile(SURFACE + "/containers/([^/]+)")
_FILES: Final = re.compile(SURFACE + "/containers/([^/]+)/files")
_FILE: Final = re.compile(SURFACE + "/containers/([^/]+)/files/([^/]+)")
_CONTENT: Final = re.compile(SURFACE + "/containers/([^/]+)/files/([^/]+)/content")

CONTAINER_OPERATIONS: Final = (
    ObjectOperation("POST", _ALL, _create),
    ObjectOperation("GET", _ALL, _list),
    ObjectOperation("GET", _ONE, _get),
    ObjectOperation("DELETE", _ONE, _delete),
    ObjectOperation("POST", _FILES, _put_file),
    ObjectOperation("GET", _FILES, _list_files),
    ObjectOperation("GET", _FILE, _get_file),
    ObjectOperation("DELETE", _FILE, _delete_file),
    ObjectOperation("GET", _CONTENT, _file_content),
)
