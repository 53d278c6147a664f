"""What a search found, as annotations in OpenAI's form.

Source: the ``oci`` SDK's ``GroundingMetadata``, which has Gemini's shape, and OpenAI's API
reference for ``url_citation``.
"""

from __future__ import annotations

from typing import Any

__all__ = ["citations"]


def citations(metadata: Any, text: str) -> list[dict[str, Any]]:
    """A ``url_citation`` for each page that supports a part of the answer ``text``."""
    if not isinstance(metadata, dict):
        return []
    chunks = metadata.get("groundingChunks") or []
    made = []
    for support in metadata.get("groundingSupports") or []:
        start, end = _place(support.get("segment") or {}, text)
        for index in support.get("groundingChunkIndices") or []:
            page = (chunks[index].get("web") or {}) if index < len(chunks) else {}
            if page.get("uri"):
                citation = {
                    "start_index": start,
                    "end_index": end,
                    "title": page.get("title") or page.get("domain") or "",
                    "url": page["uri"],
                }
                made.append({"type": "url_citation", "url_citation": citation})
    return made


def _place(segment: dict[str, Any], text: str) -> tuple[int, int]:
    """Where a segment begins and ends, in characters.

    Gemini counts bytes of UTF-8, and leaves out a beginning of 0. OCI does not say what it counts,
    so the segment's own text decides, where the answer has it.
    """
    start, end = segment.get("startIndex") or 0, segment.get("endIndex") or 0
    said = segment.get("text")
    if said and text[start:end] != said:
        raw = text.encode()
        if raw[start:end] == said.encode():
            before = raw[:start].decode()
            return len(before), len(before) + len(said)
    return start, end
