"""What an answer is based on, in the terms of each format: citations, documents and searches."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.emulator.script import Answer, Citation
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ApiFormat

__all__ = ["document_ids", "sources"]


def document_ids(request: ChatRequest) -> dict[str, dict[str, Any]]:
    """The documents of a request by their ids; one without has its number, as ``doc_0``."""
    found: dict[str, dict[str, Any]] = {}
    for number, document in enumerate(request.get("documents") or []):
        entry = dict(document) if isinstance(document, Mapping) else {"text": str(document)}
        found[str(entry.setdefault("id", f"doc_{number}"))] = entry
    return found


def sources(
    answer: Answer, request: ChatRequest, text: str, api_format: ApiFormat | None
) -> dict[str, Any]:
    """The keys of the answer's message that say what its ``text`` is based on.

    Citations of what is not in the text, such as what a limit of length has cut off, are left out.
    ``api_format`` is ``None`` where the request came over no native API.
    """
    said: dict[str, Any] = {}
    cited = [citation for citation in answer.citations if citation.text in text]
    documents = document_ids(request)
    if api_format == "COHERE":
        if answer.search_queries:
            said["search_queries"] = list(answer.search_queries)
            said["search_required"] = True
        used = {id for citation in cited for id in citation.documents}
        if used:
            said["documents"] = [entry for id, entry in documents.items() if id in used]
            said["citations"] = [
                {**_place(one, text), "document_ids": list(one.documents)} for one in cited
            ]
    elif api_format == "COHEREV2":
        if cited:
            after_thoughts = 1 if answer.reasoning else 0
            said["citations"] = [
                {
                    **_place(one, text),
                    "content_index": after_thoughts,
                    "type": "TEXT_CONTENT",
                    "sources": [
                        {"type": "document", "id": id, "document": documents.get(id, {})}
                        for id in one.documents
                    ],
                }
                for one in cited
            ]
    elif cited:
        said["annotations"] = [_annotation(one, text) for one in cited]
    return said


def _place(citation: Citation, text: str) -> dict[str, Any]:
    start = text.index(citation.text)
    return {"start": start, "end": start + len(citation.text), "text": citation.text}


def _annotation(citation: Citation, text: str) -> dict[str, Any]:
    place = _place(citation, text)
    return {
        "type": "url_citation",
        "url_citation": {
            "start_index": place["start"],
            "end_index": place["end"],
            "title": citation.title,
            "url": citation.url,
        },
    }
