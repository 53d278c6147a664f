"""Documents and citations of Cohere's models, in both of their formats."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import cohere_citations


def annotation(title: str, url: str = "") -> dict[str, Any]:
    address = {"start_index": 0, "end_index": 4, "title": title, "url": url}
    return {"type": "url_citation", "url_citation": address}


@pytest.mark.parametrize(
    ("wire", "neutral"),
    [
        pytest.param(
            {"start": 0, "end": 4, "text": "tall", "documentIds": ["d0"]},
            {"start": 0, "end": 4, "text": "tall", "document_ids": ["d0"]},
            id="COHERE",
        ),
        pytest.param(
            {
                "start": 0,
                "end": 4,
                "text": "tall",
                "contentIndex": 1,
                "type": "TEXT_CONTENT",
                "sources": [
                    {"type": "DOCUMENT", "document": {"id": "d0", "document": {"text": "x"}}},
                    {"type": "TOOL", "tool": {"id": "call_0", "toolOutput": {"y": 1}}},
                ],
            },
            {
                "start": 0,
                "end": 4,
                "text": "tall",
                "content_index": 1,
                "type": "TEXT_CONTENT",
                "sources": [
                    {"type": "document", "id": "d0", "document": {"text": "x"}},
                    {"type": "tool", "id": "call_0", "tool_output": {"y": 1}},
                ],
            },
            id="COHEREV2",
        ),
        pytest.param(
            {"start": 0, "sources": [{"type": "DREAM", "dream": {"id": "z"}}], "mood": "good"},
            {"start": 0, "sources": [{"type": "DREAM", "dream": {"id": "z"}}], "mood": "good"},
            id="what is not known",
        ),
    ],
)
def test_a_citation_is_read_in_full_and_said_again(
    wire: dict[str, Any], neutral: dict[str, Any]
) -> None:
    assert cohere_citations.decode([wire]) == [neutral]
    assert cohere_citations.encode([neutral]) == [wire]


def test_nulls_in_citations_are_as_if_absent() -> None:
    source = {"type": "DOCUMENT", "tool": None, "document": {"id": "d0", "document": None}}
    wire = {"start": 0, "type": None, "contentIndex": None, "sources": [source]}
    assert cohere_citations.decode([wire]) == [
        {"start": 0, "sources": [{"type": "document", "id": "d0"}]}
    ]
    assert cohere_citations.decode(None) == []


CITED = {"start": 0, "end": 4, "text": "tall"}
PAGE = {"id": "d0", "title": "Tall penguins", "url": "https://example.com"}


@pytest.mark.parametrize(
    ("citation", "documents", "annotations"),
    [
        pytest.param(
            {"document_ids": ["d0", "d1"]},
            [PAGE, {"id": "d1"}],
            [annotation("Tall penguins", "https://example.com"), annotation("d1")],
            id="documents of the reply",
        ),
        pytest.param({"document_ids": ["d0"]}, [], [annotation("d0")], id="unknown documents"),
        pytest.param(
            {"sources": [{"type": "document", "id": "x", "document": PAGE}]},
            [],
            [annotation("Tall penguins", "https://example.com")],
            id="a source that brings its document",
        ),
        pytest.param(
            {"sources": [{"type": "document", "id": "d0"}]},
            [PAGE],
            [annotation("Tall penguins", "https://example.com")],
            id="a source that names its document",
        ),
        pytest.param(
            {"sources": [{"type": "tool", "id": "call_0", "tool_output": {"title": "Weather"}}]},
            [],
            [annotation("Weather")],
            id="a tool",
        ),
        pytest.param({"type": "PLAN", "document_ids": ["d0"]}, [PAGE], [], id="of a plan"),
        pytest.param(
            {"type": "THINKING_CONTENT", "document_ids": ["d0"]}, [PAGE], [], id="of thoughts"
        ),
        pytest.param({}, [PAGE], [], id="of nothing"),
    ],
)
def test_annotations_say_what_openai_has_words_for(
    citation: dict[str, Any], documents: list[Any], annotations: list[dict[str, Any]]
) -> None:
    assert cohere_citations.annotations([{**CITED, **citation}], documents) == annotations


def test_the_text_of_documents_is_text_whatever_it_was() -> None:
    given = ["words", {"id": "d", "year": 2024, "new": True, "tags": ["ü"], "gone": None}]
    assert cohere_citations.documents(given) == [
        {"text": "words"},
        {"id": "d", "year": "2024", "new": "true", "tags": '["ü"]'},
    ]


@pytest.mark.parametrize("given", ["words", {"text": "x"}, [5], [["x"]]])
def test_what_is_no_list_of_documents_is_refused(given: object) -> None:
    with pytest.raises(ValueError, match="must be a list of texts or dictionaries"):
        cohere_citations.documents(given)
