"""What of a document no JSON can say. The rest is in ``tests/cases/operations``."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from ocicat.dialects import rerank
from ocicat.dialects.dialect import Notes
from ocicat.errors import InvalidParameter
from ocicat.routing.resolve import Place, resolve

FAST = "cohere.rerank-v4.0-fast"


def written(document: Any, **more: Any) -> str:
    """The text that a document becomes."""
    target = resolve(FAST, Place(region="us-chicago-1"), operation="rerank")
    request: Any = {"model": FAST, "query": "q", "documents": [document], **more}
    text: str = rerank.encode_request(request, target, "c", Notes())["documents"][0]
    return text


def test_any_mapping_is_a_document() -> None:
    assert written(MappingProxyType({"title": "b"})) == '{"title":"b"}'
    assert written(MappingProxyType({"title": "b"}), rank_fields=["title"]) == "title: b"


def endless() -> dict[str, Any]:
    document: dict[str, Any] = {}
    document["itself"] = document
    return document


@pytest.mark.parametrize("document", [{"a": object()}, {"a": "\ud800"}, endless()])
def test_what_cannot_be_written_is_refused_by_name(document: Any) -> None:
    for fields in (None, list(document)):
        if fields and isinstance(document[fields[0]], str):
            continue  # a text is passed on as it is
        with pytest.raises(InvalidParameter, match="written as text") as caught:
            written(document, rank_fields=fields)
        assert caught.value.parameter == "documents[0]"
