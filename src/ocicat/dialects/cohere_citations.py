"""What Cohere's models answer from, and where they say so: documents and citations.

Both of Cohere's formats use it. Source of the wire's names: the ``oci`` SDK's ``Citation``
(COHERE), ``CohereCitationV2`` and ``CohereCitationSourceV2`` (COHEREV2).

A neutral citation has ``start``, ``end`` (of the characters cited, the end excluded) and ``text``;
COHERE adds ``document_ids`` (a list of ids), and COHEREV2 ``content_index``, ``type``
(``TEXT_CONTENT``, ``THINKING_CONTENT`` or ``PLAN``) and ``sources``. A neutral source is flat, as
in Cohere's own API: ``{"type": "document", "id", "document"}`` or ``{"type": "tool", "id",
"tool_output"}``. Keys that are not known here are carried along.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ocicat.dialects import json_text

__all__ = ["annotations", "decode", "documents", "encode"]

_KEYS = {"documentIds": "document_ids", "contentIndex": "content_index"}
_WIRE_KEYS = {neutral: wire for wire, neutral in _KEYS.items()}
# Where each type of source keeps what it is a source of: the key on the wire and the neutral one.
_CONTENTS = {"document": ("document", "document"), "tool": ("toolOutput", "tool_output")}


def decode(wire: Any) -> list[dict[str, Any]]:
    """The neutral citations of a wire's ``citations``, which may be absent."""
    return [_citation(citation) for citation in wire or ()]


def _citation(wire: Mapping[str, Any]) -> dict[str, Any]:
    citation = {_KEYS.get(key, key): value for key, value in wire.items() if value is not None}
    if "sources" in citation:
        citation["sources"] = [_source(source) for source in citation["sources"]]
    return citation


def _source(wire: Mapping[str, Any]) -> dict[str, Any]:
    type = str(wire.get("type", "")).lower()
    holder = wire.get(type)
    if type not in _CONTENTS or not isinstance(holder, Mapping):
        return {key: value for key, value in wire.items() if value is not None}
    key, name = _CONTENTS[type]
    source = {"type": type, "id": holder.get("id"), name: holder.get(key)}
    return {key: value for key, value in source.items() if value is not None}


def encode(citations: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The wire's ``citations`` of neutral ones, in the format whose keys they have."""
    return [_wire_citation(citation) for citation in citations]


def _wire_citation(citation: Mapping[str, Any]) -> dict[str, Any]:
    wire = {_WIRE_KEYS.get(key, key): value for key, value in citation.items()}
    if "sources" in wire:
        wire["sources"] = [_wire_source(source) for source in wire["sources"]]
    return wire


def _wire_source(source: Mapping[str, Any]) -> dict[str, Any]:
    type = source.get("type")
    if type not in _CONTENTS:
        return dict(source)
    key, name = _CONTENTS[type]
    holder = {"id": source.get("id"), key: source.get(name)}
    return {
        "type": type.upper(),
        type: {key: value for key, value in holder.items() if value is not None},
    }


def annotations(
    citations: Iterable[Mapping[str, Any]], documents: Iterable[Any] = ()
) -> list[dict[str, Any]]:
    """Neutral citations as OpenAI's annotations: for each, one for each of its sources.

    Title and URL are those of the source, or of the document in ``documents`` (of the same reply)
    that has its id; without them the title is the id and the URL is empty. Citations of what is
    not in the message's text (a plan, thoughts) are left out.
    """
    known = {doc["id"]: doc for doc in documents if isinstance(doc, Mapping) and "id" in doc}
    made = []
    for citation in citations:
        if citation.get("type", "TEXT_CONTENT") != "TEXT_CONTENT":
            continue
        for id, content in _cited(citation, known):
            address = {
                "start_index": citation.get("start"),
                "end_index": citation.get("end"),
                "title": str(content.get("title") or id),
                "url": str(content.get("url") or ""),
            }
            made.append({"type": "url_citation", "url_citation": address})
    return made


def _cited(
    citation: Mapping[str, Any], known: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Mapping[str, Any]]]:
    """The id and the content of each source of a citation."""
    cited: list[tuple[str, Mapping[str, Any]]] = [
        (id, known.get(id, {})) for id in citation.get("document_ids") or ()
    ]
    for source in citation.get("sources") or ():
        id = str(source.get("id") or "")
        content = source.get("document") or source.get("tool_output")
        cited.append((id, content if isinstance(content, Mapping) else known.get(id, {})))
    return cited


def documents(value: Any) -> list[dict[str, str]]:
    """A check for ``documents``: texts, or dictionaries whose values become texts.

    A text alone becomes ``{"text": …}``; what is no text in a dictionary becomes JSON text. Raises
    ``ValueError`` with words that follow the parameter's name.
    """
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of texts or dictionaries")
    return [_document(document) for document in value]


def _document(document: Any) -> dict[str, str]:
    if isinstance(document, str):
        return {"text": document}
    if not isinstance(document, Mapping):
        raise ValueError("must be a list of texts or dictionaries")
    return {str(key): json_text.as_text(item) for key, item in document.items() if item is not None}
