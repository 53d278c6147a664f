"""Which model answers at an endpoint, by what OCI says of the two."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.routing.endpoints import (
    endpoint_target,
    facts_in,
    model_id_in,
    model_target,
    with_facts,
)
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.model import ModelFacts

ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaaexample"


def test_targets_are_those_of_the_management_api() -> None:
    assert endpoint_target(ENDPOINT) == f"/20231130/endpoints/{ENDPOINT}"
    model = "ocid1.generativeaimodel.oc1.ord.x"
    assert model_target(model) == f"/20231130/models/{model}"
    imported = "ocid1.generativeaiimportedmodel.oc1.ord.x"
    assert model_target(imported) == f"/20231130/importedModels/{imported}"
    assert endpoint_target("a/../b?c") == "/20231130/endpoints/a%2F..%2Fb%3Fc"


@pytest.mark.parametrize(
    ("endpoint", "id"),
    [({"modelId": "ocid1.x"}, "ocid1.x"), ({}, ""), ({"modelId": None}, ""), ({"modelId": 7}, "")],
)
def test_an_endpoint_names_its_model(endpoint: dict[str, Any], id: str) -> None:
    assert model_id_in(endpoint) == id


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        # OCI's own models, whose name tells all
        (
            {"displayName": "cohere.command-a-03-2025", "vendor": "cohere"},
            {"id": "cohere.command-a-03-2025", "api_format": "COHERE", "known": True},
        ),
        (
            {"displayName": "cohere.command-a-vision", "vendor": "Cohere"},
            {"id": "cohere.command-a-vision-07-2025", "api_format": "COHEREV2"},
        ),
        (
            {"displayName": "meta.llama-3.3-70b-instruct", "vendor": "meta"},
            {"api_format": "GENERIC", "context": 128_000},
        ),
        # fine-tuned ones, which their owners name
        (
            {"displayName": "our lawyer", "vendor": "cohere", "type": "CUSTOM"},
            {"id": "our lawyer", "api_format": "COHERE", "known": False},
        ),
        (
            {"displayName": "command-a-reasoning-ours", "vendor": "cohere"},
            {"api_format": "COHEREV2"},
        ),
        (
            {"displayName": "cohere.but-it-is-not", "vendor": "meta"},
            {"api_format": "GENERIC", "vendor": "meta"},
        ),
        # imported ones
        (
            {"displayName": "qwen.qwen3-32b", "vendor": "Alibaba"},
            {"family": "qwen", "inline_tool_calls": True},
        ),
        (
            {
                "displayName": "our chat",
                "vendor": "somebody",
                "dataSource": {"sourceType": "HUGGING_FACE_MODEL", "modelId": "Qwen/Qwen3-32B"},
            },
            {"id": "our chat", "family": "qwen", "inline_tool_calls": True},
        ),
        (
            {"displayName": "e5", "vendor": "x", "capabilities": ["EMBEDDING"]},
            {"capabilities": ("TEXT_EMBEDDINGS",), "api_format": "GENERIC"},
        ),
        (
            {"displayName": "vl", "vendor": "", "capabilities": ["IMAGE_TEXT_TO_TEXT", "NEW"]},
            {"capabilities": ("CHAT",)},
        ),
        # next to nothing
        ({"id": "ocid1.generativeaimodel.oc1..x"}, {"id": "ocid1.generativeaimodel.oc1..x"}),
        ({}, {"api_format": "GENERIC", "capabilities": ("CHAT",)}),
    ],
)
def test_a_models_description_tells_its_facts(
    model: dict[str, Any], expected: dict[str, object]
) -> None:
    facts = facts_in(model)
    assert {name: getattr(facts, name) for name in expected} == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(("id", "displayName", "vendor", "dataSource", "capabilities"), JSON),
    )
)
def test_any_description_has_facts(model: dict[str, Any]) -> None:
    assert isinstance(facts_in(model), ModelFacts)


def test_a_target_speaks_the_format_of_the_model_that_was_found() -> None:
    assumed = resolve(ENDPOINT, Place())
    found = with_facts(assumed, facts_in({"displayName": "x", "vendor": "cohere"}))
    assert (assumed.dialect, found.dialect) == ("oci_generic", "oci_cohere")
    assert found.facts.vendor == "cohere"
    assert not found.format_is_assumed
    assert (found.url, found.serving) == (assumed.url, assumed.serving)


def test_a_target_on_the_openai_surface_keeps_its_dialect() -> None:
    target = resolve(ENDPOINT, Place(transport="openai"))
    found = with_facts(target, facts_in({"displayName": "Qwen/Qwen3-32B"}))
    assert (found.dialect, found.facts.family) == ("openai_chat", "qwen")
