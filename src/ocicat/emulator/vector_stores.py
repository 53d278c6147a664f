"""Vector stores: made on the management path, filled and searched on the inference path.

A file is in progress when it is put into a store, and ready by the next time that somebody looks.
How well a text answers a search is the share of the query's words that it has.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from ocicat.emulator.files import StoredFile
from ocicat.emulator.inference import check_compartment
from ocicat.emulator.objects import (
    SURFACE,
    ObjectOperation,
    Visit,
    deleted,
    found,
    invalid,
    listed,
    new_id,
    read_json,
)
from ocicat.emulator.refusals import NOT_FOUND, refusal
from ocicat.emulator.schema.openai_objects import (
    check_attributes,
    check_batch,
    check_search,
    check_store,
    check_store_file,
    check_store_update,
)

__all__ = ["STORE_OPERATIONS", "VectorStore", "search"]

_STATUSES: Final = ("in_progress", "completed", "failed", "cancelled")
_AUTO: Final = {
    "type": "static",
    "static": {"max_chunk_size_tokens": 800, "chunk_overlap_tokens": 400},
}
_TESTS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
    "in": lambda value, given: value in given,
    "nin": lambda value, given: value not in given,
}


@dataclass(frozen=True, slots=True)
class _Member:
    """A file in a store: what OpenAI's API says of it there, and the file itself."""

    shown: dict[str, Any]
    file: StoredFile


@dataclass(frozen=True, slots=True)
class VectorStore:
    """A store: what was said of it, its files by their ids, and the batches that they came in."""

    said: dict[str, Any]
    members: dict[str, _Member] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def shown(self) -> dict[str, Any]:
        """The store as OpenAI's API shows it."""
        counts = _counts(self.members.values())
        return {
            **self.said,
            "file_counts": counts,
            "status": "in_progress" if counts["in_progress"] else "completed",
            "usage_bytes": sum(member.shown["usage_bytes"] for member in self.members.values()),
        }

    def settle(self) -> None:
        """Get done what is in progress."""
        for member in self.members.values():
            if member.shown["status"] == "in_progress":
                member.shown["status"] = "completed"

    def put(self, file: StoredFile, asked: dict[str, Any], now: int) -> _Member:
        """Put a file into the store."""
        chunking = asked.get("chunking_strategy", _AUTO)
        member = _Member(
            {
                "id": file.shown["id"],
                "object": "vector_store.file",
                "created_at": now,
                "status": "in_progress",
                "last_error": None,
                "usage_bytes": len(file.content),
                "vector_store_id": self.said["id"],
                "attributes": asked.get("attributes", {}),
                "chunking_strategy": _AUTO if chunking["type"] == "auto" else chunking,
            },
            file,
        )
        self.members[file.shown["id"]] = member
        return member

    def show_batch(self, batch: dict[str, Any]) -> dict[str, Any]:
        """A batch as OpenAI's API shows it."""
        counts = _counts(self.members[id] for id in batch["files"] if id in self.members)
        status = "completed"
        if counts["in_progress"]:
            status = "in_progress"
        elif counts["cancelled"]:
            status = "cancelled"
        shown = {key: value for key, value in batch.items() if key != "files"}
        return {**shown, "status": status, "file_counts": counts}


def search(store: VectorStore, asked: dict[str, Any]) -> list[dict[str, Any]]:
    """What a search finds in a store, the best first."""
    store.settle()
    queries = asked["query"] if isinstance(asked["query"], list) else [asked["query"]]
    wanted = set(_words(" ".join(queries)))
    least = asked.get("ranking_options", {}).get("score_threshold", 0)
    results = []
    for member in store.members.values():
        if not _passes(member.shown["attributes"], asked.get("filters")):
            continue
        for text in _paragraphs(member.file.content):
            score = len(wanted & set(_words(text))) / len(wanted) if wanted else 0.0
            if score and score >= least:
                results.append(
                    {
                        "file_id": member.shown["id"],
                        "filename": member.file.shown["filename"],
                        "score": round(score, 4),
                        "attributes": member.shown["attributes"],
                        "content": [{"type": "text", "text": text}],
                    }
                )
    results.sort(key=lambda result: -result["score"])
    return results[: asked.get("max_num_results", 10)]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _paragraphs(content: bytes) -> list[str]:
    text = content.decode("utf-8", "replace").replace("\r\n", "\n")
    return [part.strip() for part in re.split(r"\n\s*\n", text) if part.strip()]


def _passes(attributes: dict[str, Any], filter: dict[str, Any] | None) -> bool:
    if filter is None:
        return True
    if filter["type"] in ("and", "or"):
        passed = [_passes(attributes, each) for each in filter["filters"]]
        return all(passed) if filter["type"] == "and" else any(passed)
    if filter["key"] not in attributes:
        return False
    try:
        return _TESTS[filter["type"]](attributes[filter["key"]], filter["value"])
    except TypeError:
        return False  # a text is neither more nor less than a number


def _counts(members: Iterable[_Member]) -> dict[str, int]:
    statuses = [member.shown["status"] for member in members]
    return {**{name: statuses.count(name) for name in _STATUSES}, "total": len(statuses)}


# --- the stores themselves, on the management path ----------------------------------------------


def _managed(
    answer: Callable[[Visit], web.StreamResponse],
) -> Callable[[Visit], web.StreamResponse]:
    """The same operation for who says the compartment, which an API key has in itself."""

    def check_and_answer(visit: Visit) -> web.StreamResponse:
        compartment = visit.call.headers.get("opc-compartment-id")
        if compartment is None and not visit.call.bearer:
            raise refusal(404, NOT_FOUND, "a signed request needs the header opc-compartment-id")
        if compartment is not None:
            check_compartment(compartment, "the header opc-compartment-id", visit.tenancy)
        return answer(visit)

    return check_and_answer


def _create(visit: Visit) -> web.StreamResponse:
    asked = read_json(visit.call, check_store)
    files = [found(visit.project.files, id, "File") for id in asked.get("file_ids", ())]
    expiry = asked.get("expires_after")
    store = VectorStore(
        {
            "id": new_id("vs_"),
            "object": "vector_store",
            "created_at": visit.now,
            "last_active_at": visit.now,
            "name": asked.get("name", ""),
            "description": asked.get("description"),
            "metadata": asked.get("metadata", {}),
            "expires_after": expiry,
            "expires_at": visit.now + expiry["days"] * 86400 if expiry else None,
        }
    )
    for file in files:
        store.put(file, asked, visit.now)
    visit.project.vector_stores[store.said["id"]] = store
    return visit.reply(store.shown)


def _list(visit: Visit) -> web.StreamResponse:
    query = visit.query("limit", "order", "after", "before")
    return visit.reply(
        listed([store.shown for store in visit.project.vector_stores.values()], query)
    )


def _find(visit: Visit) -> VectorStore:
    store: VectorStore = found(visit.project.vector_stores, visit.ids[0], "Vector store")
    return store


def _settled(visit: Visit) -> VectorStore:
    store = _find(visit)
    store.settle()
    return store


def _get(visit: Visit) -> web.StreamResponse:
    return visit.reply(_settled(visit).shown)


def _update(visit: Visit) -> web.StreamResponse:
    store = _find(visit)
    store.said.update(read_json(visit.call, check_store_update))
    return visit.reply(store.shown)


def _delete(visit: Visit) -> web.StreamResponse:
    id = _find(visit).said["id"]
    del visit.project.vector_stores[id]
    return visit.reply(deleted(id, "vector_store.deleted"))


# --- what is in them, on the inference path -----------------------------------------------------


def _put_file(visit: Visit) -> web.StreamResponse:
    store = _find(visit)
    asked = read_json(visit.call, check_store_file)
    file = found(visit.project.files, asked["file_id"], "File")
    return visit.reply(store.put(file, asked, visit.now).shown)


def _list_files(visit: Visit) -> web.StreamResponse:
    store = _settled(visit)
    return visit.reply(_listed_files(visit, store.members.values()))


def _listed_files(visit: Visit, members: Iterable[_Member]) -> dict[str, Any]:
    query = visit.query("limit", "order", "after", "before", "filter")
    status = query.get("filter")
    if status is not None and status not in _STATUSES:
        raise invalid("filter", f"Invalid 'filter': must be one of {', '.join(_STATUSES)}.")
    shown = [member.shown for member in members]
    return listed([each for each in shown if status in (None, each["status"])], query)


def _find_file(visit: Visit) -> _Member:
    return found(_settled(visit).members, visit.ids[1], "Vector store file")


def _get_file(visit: Visit) -> web.StreamResponse:
    return visit.reply(_find_file(visit).shown)


def _update_file(visit: Visit) -> web.StreamResponse:
    shown = _find_file(visit).shown
    shown["attributes"] = read_json(visit.call, check_attributes)["attributes"]
    return visit.reply(shown)


def _delete_file(visit: Visit) -> web.StreamResponse:
    id = _find_file(visit).shown["id"]
    del _find(visit).members[id]
    return visit.reply(deleted(id, "vector_store.file.deleted"))


def _file_content(visit: Visit) -> web.StreamResponse:
    content = _find_file(visit).file.content
    return visit.reply(
        {
            "object": "vector_store.file_content.page",
            "data": [{"type": "text", "text": content.decode("utf-8", "replace")}],
            "has_more": False,
            "next_page": None,
        }
    )


def _search(visit: Visit) -> web.StreamResponse:
    store = _find(visit)
    asked = read_json(visit.call, check_search)
    query = asked["query"]
    return visit.reply(
        {
            "object": "vector_store.search_results.page",
            "search_query": query if isinstance(query, list) else [query],
            "data": search(store, asked),
            "has_more": False,
            "next_page": None,
        }
    )


def _put_batch(visit: Visit) -> web.StreamResponse:
    store = _find(visit)
    asked = read_json(visit.call, check_batch)
    each = asked.get("files") or [{**asked, "file_id": id} for id in asked["file_ids"]]
    files = [found(visit.project.files, one["file_id"], "File") for one in each]
    for file, one in zip(files, each, strict=True):
        store.put(file, one, visit.now)
    batch = {
        "id": new_id("vsfb_"),
        "object": "vector_store.files_batch",
        "created_at": visit.now,
        "vector_store_id": store.said["id"],
        "files": [file.shown["id"] for file in files],
    }
    store.batches[str(batch["id"])] = batch
    return visit.reply(store.show_batch(batch))


def _find_batch(visit: Visit) -> dict[str, Any]:
    return found(_find(visit).batches, visit.ids[1], "Vector store file batch")


def _get_batch(visit: Visit) -> web.StreamResponse:
    batch = _find_batch(visit)
    return visit.reply(_settled(visit).show_batch(batch))


def _cancel_batch(visit: Visit) -> web.StreamResponse:
    store, batch = _find(visit), _find_batch(visit)
    for id in batch["files"]:
        member = store.members.get(id)
        if member is not None and member.shown["status"] == "in_progress":
            member.shown["status"] = "cancelled"
    return visit.reply(store.show_batch(batch))


def _list_batch(visit: Visit) -> web.StreamResponse:
    batch, members = _find_batch(visit), _settled(visit).members
    return visit.reply(
        _listed_files(visit, [members[id] for id in batch["files"] if id in members])
    )


_STORES: Final = "/20231130/openai/v1/vector_stores"
_INSIDE: Final = SURFACE + "/vector_stores/([^/]+)"
_ALL: Final = re.compile(_STORES)
_ONE: Final = re.compile(_STORES + "/([^/]+)")
_FILES: Final = re.compile(_INSIDE + "/files")
_FILE: Final = re.compile(_INSIDE + "/files/([^/]+)")
_BATCH: Final = re.compile(_INSIDE + "/file_batches/([^/]+)")

STORE_OPERATIONS: Final = (
    ObjectOperation("POST", _ALL, _managed(_create)),
    ObjectOperation("GET", _ALL, _managed(_list)),
    ObjectOperation("GET", _ONE, _managed(_get)),
    ObjectOperation("POST", _ONE, _managed(_update)),
    ObjectOperation("DELETE", _ONE, _managed(_delete)),
    ObjectOperation("POST", _FILES, _put_file),
    ObjectOperation("GET", _FILES, _list_files),
    ObjectOperation("GET", _FILE, _get_file),
    ObjectOperation("POST", _FILE, _update_file),
    ObjectOperation("DELETE", _FILE, _delete_file),
    ObjectOperation("GET", re.compile(_INSIDE + "/files/([^/]+)/content"), _file_content),
    ObjectOperation("POST", re.compile(_INSIDE + "/search"), _search),
    ObjectOperation("POST", re.compile(_INSIDE + "/file_batches"), _put_batch),
    ObjectOperation("GET", _BATCH, _get_batch),
    ObjectOperation("POST", re.compile(_INSIDE + "/file_batches/([^/]+)/cancel"), _cancel_batch),
    ObjectOperation("GET", re.compile(_INSIDE + "/file_batches/([^/]+)/files"), _list_batch),
)
