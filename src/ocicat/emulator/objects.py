"""What a Generative AI project keeps on the OpenAI-compatible surface, and what all of it shares.

Responses, conversations, files, vector stores and containers belong to a project, which a header
names, and look like OpenAI's. Sources: OCI's documentation of the surface, and OpenAI's API
reference for shapes, lists and errors.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.inference import check_compartment
from ocicat.emulator.refusals import NOT_FOUND, Refused, in_openai_style, refusal
from ocicat.emulator.schema.reading import SchemaRefused
from ocicat.emulator.tenancy import Tenancy

__all__ = [
    "SURFACE",
    "Memory",
    "ObjectOperation",
    "Project",
    "Visit",
    "check_project",
    "deleted",
    "found",
    "invalid",
    "listed",
    "new_id",
    "read_json",
]

#: The base paths of the surface.
SURFACE: Final = r"/(?:openai/v1|20231130/actions/v1|v1)"

_PROJECT_HEADERS: Final = ("openai-project", "opc-project-id")

T = TypeVar("T")


@dataclass(slots=True)
class Project:
    """What one project keeps, by ids. The values are those of the modules that answer for them."""

    files: dict[str, Any] = field(default_factory=dict)
    vector_stores: dict[str, Any] = field(default_factory=dict)
    containers: dict[str, Any] = field(default_factory=dict)
    conversations: dict[str, Any] = field(default_factory=dict)
    responses: dict[str, Any] = field(default_factory=dict)


class Memory:
    """What all projects keep, for as long as the emulator runs."""

    def __init__(self) -> None:
        self._projects: dict[str, Project] = {}

    def of(self, project_id: str) -> Project:
        """What one project keeps."""
        return self._projects.setdefault(project_id, Project())


@dataclass(frozen=True, slots=True)
class Visit:
    """One admitted request about what a project keeps. ``ids`` are those in its path, in order."""

    call: Call
    tenancy: Tenancy
    project: Project
    ids: tuple[str, ...]
    #: Whole seconds since the epoch.
    now: int

    def reply(self, value: Any) -> web.StreamResponse:
        """Answer with a JSON value."""
        self.call.record(200)
        return self.call.json_reply(value)

    def query(self, *allowed: str) -> dict[str, str]:
        """The query, whose names must be among these. Raises :class:`Refused`."""
        given = dict(self.call.query)
        for name in given:
            if name.removesuffix("[]") not in allowed:
                raise invalid(name, f"Unknown query parameter: '{name}'.", code="unknown_parameter")
        return given


@dataclass(frozen=True, slots=True)
class ObjectOperation:
    """One operation: its method, the pattern of its path, and who answers."""

    method: str
    path: re.Pattern[str]
    answer: Callable[[Visit], web.StreamResponse]


def _required_project(call: Call, tenancy: Tenancy) -> str:
    """The OCID of the project that a request names. Raises :class:`Refused`."""
    for name in _PROJECT_HEADERS:
        project = call.headers.get(name)
        if not project:
            continue
        if not tenancy.has_project(project):
            reason = f"the header {name}: the emulator has no project {project!r}"
            raise refusal(404, NOT_FOUND, reason)
        return project
    raise refusal(
        404,
        NOT_FOUND,
        "the request needs the header OpenAI-Project (or opc-project-id), and has neither",
    )


def check_project(call: Call, tenancy: Tenancy) -> str:
    """The project, whoever asks; a compartment is of no use but may be said.

    Raises :class:`Refused`.
    """
    project = _required_project(call, tenancy)
    for header in ("opc-compartment-id", "compartmentid"):
        if compartment := call.headers.get(header):
            check_compartment(compartment, f"the header {header}", tenancy)
    return project


def new_id(letters: str) -> str:
    """A new id, such as ``file-…`` or ``vs_…``, from its first letters."""
    return letters + secrets.token_hex(12)


def read_json(call: Call, check: Callable[[bytes], dict[str, Any]]) -> dict[str, Any]:
    """The body of a request, which must be JSON that ``check`` reads. Raises :class:`Refused`."""
    given = call.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise in_openai_style(
            400,
            "The body must be JSON.",
            f"content-type is {given!r}, not application/json",
            param="",
            code="invalid_content_type",
        )
    try:
        return check(call.body)
    except SchemaRefused as refused:
        raise Refused(refused.status, refused.body, refused.reason) from None


def invalid(parameter: str, message: str, *, code: str = "invalid_value") -> Refused:
    """The refusal of a value."""
    return in_openai_style(400, message, f"{parameter}: {message}", param=parameter, code=code)


def found(kept: dict[str, T], id: str, kind: str) -> T:
    """The object with this id. Raises :class:`Refused`."""
    if id in kept:
        return kept[id]
    message = f"{kind} with id '{id}' not found."
    raise in_openai_style(
        404, message, f"the project has no such object: {message}", param="id", code="not_found"
    )


def deleted(id: str, kind: str) -> dict[str, Any]:
    """The reply to a deletion."""
    return {"id": id, "object": kind, "deleted": True}


def listed(
    objects: Iterable[dict[str, Any]],
    query: dict[str, str],
    *,
    most: int = 100,
    default: int = 20,
) -> dict[str, Any]:
    """The page of ``objects``, given oldest first, that a query asks for. Raises :class:`Refused`.

    ``limit`` may be at most ``most``; ``order`` is ``desc`` unless said otherwise.
    """
    limit, order = query.get("limit", str(default)), query.get("order", "desc")
    if not (limit.isdecimal() and 1 <= int(limit) <= most):
        raise invalid("limit", f"Invalid 'limit': must be a whole number from 1 to {most}.")
    if order not in ("asc", "desc"):
        raise invalid("order", "Invalid 'order': must be 'asc' or 'desc'.")
    items = list(objects)
    if order == "desc":
        items.reverse()
    ids = [item["id"] for item in items]
    start, end = 0, len(items)
    if "after" in query:
        start = _place(ids, query["after"], "after") + 1
    if "before" in query:
        end = _place(ids, query["before"], "before")
        start = max(start, end - int(limit))
    page = items[start : min(end, start + int(limit))]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": bool(page) and (start > 0 if "before" in query else page[-1] != items[-1]),
    }


def _place(ids: list[str], id: str, name: str) -> int:
    if id not in ids:
        raise invalid(name, f"Invalid '{name}': there is no object with id '{id}' in this list.")
    return ids.index(id)
