"""The catalogue: its rows, its families, and the tool that compiles it."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.routing import catalog, regions
from ocicat.vocabulary.model import ModelFacts

ROOT = Path(__file__).resolve().parents[2]
US = ("us-ashburn-1", "us-chicago-1", "us-phoenix-1")


@pytest.fixture
def tool() -> Iterator[Any]:
    """``tools/make_catalog.py`` as a module."""
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        import make_catalog

        yield make_catalog
    finally:
        sys.path.pop(0)


# --- facts --------------------------------------------------------------------------------------


def test_a_model_with_a_row_is_known_with_its_own_and_its_familys_facts() -> None:
    model = catalog.facts("meta.llama-4-maverick-17b-128e-instruct-fp8")
    assert model.known
    assert (model.vendor, model.family) == ("meta", "llama")
    assert model.context == 512_000
    assert model.max_output == 4_000
    assert model.input_modalities == ("text", "image")
    assert model.transports == ("openai", "native")
    assert model.regions == ("us-chicago-1",)


def test_a_group_of_regions_is_written_out() -> None:
    assert catalog.facts("xai.grok-4.3").regions == US
    assert catalog.facts("google.gemini-2.5-pro").regions == (*US, "eu-frankfurt-1", "ap-osaka-1")


@pytest.mark.parametrize(
    ("alias", "id"),
    [
        ("cohere.command-a-reasoning", "cohere.command-a-reasoning-08-2025"),
        ("cohere.command-a-vision", "cohere.command-a-vision-07-2025"),
        ("cohere.rerank-v3.5", "cohere.rerank.v3-5"),
        ("xai.grok-4.20-0309-reasoning", "xai.grok-4.20-reasoning"),
        ("xai.grok-4.20-0309-non-reasoning", "xai.grok-4.20-non-reasoning"),
    ],
)
def test_an_alias_has_the_facts_of_its_model(alias: str, id: str) -> None:
    assert catalog.facts(alias) is not None
    assert catalog.facts(alias) == catalog.facts(id)
    assert catalog.facts(alias).known


@pytest.mark.parametrize(
    ("id", "expected"),
    [
        ("openai.gpt-9", {"family": "gpt", "length_parameter": "max_completion_tokens"}),
        ("openai.o9-mini", {"family": "gpt", "length_parameter": "max_completion_tokens"}),
        ("openai.gpt-oss-1t", {"family": "gpt-oss", "length_parameter": "max_tokens"}),
        ("meta.llama-9", {"family": "llama", "api_format": "GENERIC", "sends_done": True}),
        ("xai.grok-99", {"family": "grok", "vendor": "xai"}),
        ("google.gemini-9", {"family": "gemini", "vendor": "google"}),
        ("mistral.large", {"family": "mistral", "vendor": "mistral"}),
        ("anthropic.claude-9", {"family": "claude", "vendor": "anthropic"}),
        ("cohere.command-z", {"api_format": "COHERE", "transports": ("native",)}),
        ("cohere.command-z", {"sends_done": False}),
        ("cohere.command-a-vision-01-2030", {"api_format": "COHEREV2"}),
        ("cohere.embed-v9", {"capabilities": ("TEXT_EMBEDDINGS",)}),
        ("cohere.rerank-v9", {"capabilities": ("TEXT_RERANK",)}),
        ("gpt-4o", {"family": "", "api_format": "GENERIC", "capabilities": ("CHAT",)}),
        ("ocid1.generativeaiendpoint.oc1.iad.x", {"family": "", "api_format": "GENERIC"}),
        ("ocid1.datasciencemodeldeployment.oc1.iad.x", {"family": "deployment"}),
        ("ocid1.datasciencemodeldeployment.oc1.iad.x", {"max_output": None}),
        ("meta.llama-9", {"tools_after_system": False, "full_schemas": False}),
        ("xai.grok-99", {"full_schemas": True, "tools_after_system": True}),
        ("openai.gpt-9", {"full_schemas": True}),
        ("openai.gpt-oss-1t", {"full_schemas": True}),
        ("google.gemini-9", {"full_schemas": False, "inline_tool_calls": False}),
        ("qwen.qwen3-32b", {"family": "qwen", "inline_tool_calls": True}),
        ("Qwen/Qwen3-32B", {"family": "qwen", "inline_tool_calls": True}),
        ("deepseek-ai/DeepSeek-V3", {"family": "deepseek", "inline_tool_calls": True}),
        ("zai-org/GLM-4.5", {"family": "glm", "inline_tool_calls": True}),
        ("google/gemma-3-27b-it", {"family": "gemma", "inline_tool_calls": True}),
        ("google.gemma-3", {"family": "gemma", "inline_tool_calls": True}),
        ("meta-llama/Llama-3.3-70B-Instruct", {"family": "llama"}),
        ("openai/gpt-oss-20b", {"family": "gpt-oss", "length_parameter": "max_tokens"}),
        ("mistralai/Mistral-Small", {"family": "mistral"}),
    ],
)
def test_a_model_without_a_row_has_the_facts_of_its_family(
    id: str, expected: dict[str, object]
) -> None:
    model = catalog.facts(id)
    assert model.id == id
    assert not model.known
    assert {name: getattr(model, name) for name in expected} == expected


def test_embedding_models_tell_their_dimensions_the_usual_first() -> None:
    assert catalog.facts("cohere.embed-v4.0").dimensions == (1536, 256, 512, 1024)
    assert catalog.facts("cohere.embed-english-v3.0").dimensions == (1024,)
    assert catalog.facts("cohere.embed-multilingual-light-v3.0").dimensions == (384,)


def test_models_of_no_family_are_still_asked_for_a_useful_length() -> None:
    assert (catalog.facts("ocid1.generativeaimodel.oc1.iad.x").max_output or 0) >= 1_000


@given(st.text())
def test_any_text_has_facts(text: str) -> None:
    assert isinstance(catalog.facts(text), ModelFacts)


@given(st.text())
def test_any_text_has_nearest_models(text: str) -> None:
    assert len(catalog.nearest(text)) <= 3


@pytest.mark.parametrize(
    ("typo", "meant"),
    [
        ("xai.grok-4.33", "xai.grok-4.3"),
        ("grok-4.3", "xai.grok-4.3"),
        ("meta.llama-3.3-70b-instrukt", "meta.llama-3.3-70b-instruct"),
        ("COHERE.command-a-03-2025", "cohere.command-a-03-2025"),
        ("meta.llama-9", "meta.llama-3.3-70b-instruct"),
    ],
)
def test_a_typo_finds_the_model_that_was_meant(typo: str, meant: str) -> None:
    assert catalog.nearest(typo)[0] == meant


def test_models_that_are_about_to_go_come_last_among_the_nearest() -> None:
    assert not any(catalog.facts(id).deprecated for id in catalog.nearest("grok"))


# --- the rows as they stand ---------------------------------------------------------------------


def test_no_two_names_are_the_same() -> None:
    names = [name for model in catalog.models() for name in (model.id, *model.aliases)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("model", catalog.models(), ids=lambda model: model.id)
def test_a_row_agrees_with_itself(model: ModelFacts) -> None:
    assert model.known
    assert model.vendor == model.id.partition(".")[0]
    assert model.name
    assert model.family
    assert model == catalog.facts(model.id)
    assert all(regions.is_known(name) for name in model.regions + model.dedicated_regions)
    assert not set(model.regions) & set(model.dedicated_regions)
    assert (model.vendor == "cohere") == (model.transports == ("native",))
    assert model.sends_done == (model.api_format == "GENERIC")
    if model.context and model.max_output:
        assert model.max_output < model.context
    if model.replaced_by:
        successor = catalog.facts(model.replaced_by)
        assert successor.known
        assert not successor.deprecated
        assert successor.capabilities == model.capabilities
    if model.retired_on_demand:
        assert not model.regions
    assert bool(model.dimensions) == (model.capabilities == ("TEXT_EMBEDDINGS",))
    if model.product:
        # What is no longer served on demand has no price on demand.
        assert not model.retired_on_demand
        answers = model.capabilities == ("CHAT",)
        assert all((rate.output is not None) == answers for rate in model.product.rates)


def test_two_models_of_one_product_cost_the_same() -> None:
    reasoning, other = map(
        catalog.facts, ("xai.grok-4.20-reasoning", "xai.grok-4.20-non-reasoning")
    )
    assert reasoning.product == other.product
    assert reasoning.product is not None
    assert reasoning.product.unit == "1,000,000 tokens"
    assert [rate.above for rate in reasoning.product.rates] == [0, 200_000]


def test_a_new_model_has_no_price_of_its_familys_others() -> None:
    assert catalog.facts("meta.llama-99").product is None
    assert catalog.facts("cohere.embed-v99").product is None


@pytest.mark.parametrize(
    "id",
    [
        # those that LiteLLM's page on OCI names
        "meta.llama-4-maverick-17b-128e-instruct-fp8",
        "meta.llama-4-scout-17b-16e-instruct",
        "meta.llama-3.3-70b-instruct",
        "meta.llama-3.2-90b-vision-instruct",
        "meta.llama-3.1-405b-instruct",
        "xai.grok-4",
        "xai.grok-3",
        "xai.grok-3-fast",
        "xai.grok-3-mini",
        "xai.grok-3-mini-fast",
        "cohere.command-latest",
        "cohere.command-a-03-2025",
        "cohere.command-plus-latest",
        # and a few more
        "openai.gpt-oss-120b",
        "google.gemini-2.5-flash-lite",
        "google.gemini-2.5-pro",
        "google.gemini-2.5-flash",
        "openai.gpt-oss-20b",
        "cohere.command-a-reasoning",
        "cohere.command-a-vision",
        "cohere.command-a-translate-08-2025",
        "cohere.command-r-08-2024",
        "cohere.command-r-plus-08-2024",
        "meta.llama-3.2-11b-vision-instruct",
        "xai.grok-4.7",
        "xai.grok-4.6",
        "xai.grok-4.3",
        "xai.grok-4.20-reasoning",
        "xai.grok-4.20-0309-reasoning",
        "xai.grok-4.20-non-reasoning",
        "xai.grok-4.20-0309-non-reasoning",
        "xai.grok-4.20-multi-agent",
        "xai.grok-4-fast-reasoning",
        "xai.grok-4-fast-non-reasoning",
        "xai.grok-4-1-fast-reasoning",
        "xai.grok-4-1-fast-non-reasoning",
        "xai.grok-code-fast-1",
        "cohere.embed-v4.0",
        "cohere.embed-english-v3.0",
        "cohere.embed-multilingual-light-image-v3.0",
        "cohere.rerank-v4.0-fast",
        "cohere.rerank-v4.0-pro",
        "cohere.rerank.v3-5",
        "cohere.rerank-v3.5",
    ],
)
def test_the_models_that_people_use_have_rows(id: str) -> None:
    assert catalog.facts(id).known


# --- the tool -----------------------------------------------------------------------------------


def test_the_table_is_what_its_tool_makes_from_the_catalogue() -> None:
    subprocess.run([sys.executable, ROOT / "tools/make_catalog.py", "--check"], check=True)


def test_the_tool_expands_families_groups_and_dates(tool: Any) -> None:
    made = tool.read(
        """
        [region_groups]
        G = ["us-chicago-1", "us-ashburn-1"]
        [products."Large F"]
        unit = "1,000,000 tokens"
        as_of = 2026-04-09
        rates = [{ input = 2 }, { above = 9, input = 3, cached_input = 0.5, output = 4.5 }]
        [products."Small F"]
        unit = "10,000 characters"
        as_of = 2026
        rates = [{ input = 0 }]
        [default]
        max_output = 7
        [families.f]
        prefixes = ["f."]
        transports = ["native"]
        max_output = 9
        [[models]]
        id = "f.one"
        regions = ["eu-frankfurt-1", "G"]
        retired_on_demand = 2026-09-30
        aliases = ["f.uno"]
        dimensions = [1_024, 256]
        ignores = ["top_k"]
        product = "Large F"
        [[models]]
        id = "stray"
        transports = ["openai", "native"]
        """
    )
    assert made.default == {"max_output": 7}
    assert made.families == (("f.", {"family": "f", "max_output": 9, "transports": ("native",)}),)
    assert made.models["f.one"] == {
        "family": "f",
        "max_output": 9,
        "transports": ("native",),
        "regions": ("eu-frankfurt-1", "us-chicago-1", "us-ashburn-1"),
        "retired_on_demand": "2026-09-30",
        "aliases": ("f.uno",),
        "dimensions": (1024, 256),
        "ignores": ("top_k",),
        "product": "Large F",
    }
    assert made.models["stray"] == {"max_output": 7}
    assert made.aliases == {"f.uno": "f.one"}
    assert made.products == {
        "Large F": {
            "unit": "1,000,000 tokens",
            "as_of": "2026-04-09",
            "rates": (
                {"input": 2.0},
                {"above": 9, "input": 3.0, "cached_input": 0.5, "output": 4.5},
            ),
        },
        "Small F": {"unit": "10,000 characters", "as_of": "2026", "rates": ({"input": 0.0},)},
    }


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nonsense = 1", "the file: unknown: nonsense"),
        ("[[models]]\nid = 'a'\ncontxt = 1", "a: unknown: contxt"),
        ("[[models]]\nid = 'a'\nknown = false", "a: unknown: known"),
        ("[[models]]\nid = 'a'\nfamily = 'x'", "a: unknown: family"),
        ("[families.f]\nprefixes = ['f.']\ncontxt = 1", "families.f: unknown: contxt"),
        ("[families.f]\nprefixes = ['f.']\naliases = ['x']", "families.f: unknown: aliases"),
        ("[families.f]\nvendor = 'x'", "families.f.prefixes: a list"),
        ("[default]\nid = 'x'", "default: unknown: id"),
        ("[families.f]\nprefixes=['x']\n[families.g]\nprefixes=['x']", "f has the prefix 'x' too"),
        ("[[models]]\nname = 'a'", "number 1 has no id"),
        ("[[models]]\nid = 'a'\n[[models]]\nid = 'a'", "a: there are two"),
        ("[[models]]\nid='a'\naliases=['c']\n[[models]]\nid='b'\naliases=['c']", "alias 'c' too"),
        ("[[models]]\nid='a'\n[[models]]\nid='b'\naliases=['a']", "a: is an alias of b too"),
        ("[[models]]\nid = 'a'\nreplaced_by = 'b'", "a: replaced_by names no model"),
        ("[[models]]\nid = 'a'\nregions = ['mars-1']", "'mars-1' is neither a region"),
        ("[[models]]\nid = 'a'\nregions = ['us-chicago-1', 'us-chicago-1']", "a region twice"),
        ("[[models]]\nid = 'a'\nregions = 'us-chicago-1'", "a.regions: a list"),
        ("[[models]]\nid = 'a'\ncontext = '128K'", "a.context: a number"),
        ("[[models]]\nid = 'a'\ncontext = true", "a.context: a number"),
        ("[[models]]\nid = 'a'\ncontext = 0", "a.context: a number"),
        ("[[models]]\nid = 'a'\ndimensions = [1024, '512']", "a.dimensions: a list of numbers"),
        ("[[models]]\nid = 'a'\ndimensions = []", "a.dimensions: a list of numbers"),
        ("[[models]]\nid = 'a'\ndimensions = 1024", "a.dimensions: a list of numbers"),
        ("[[models]]\nid = 'a'\nproduct = 'Large A'", "a: there is no such product: 'Large A'"),
        ("[families.f]\nprefixes = ['f.']\nproduct = 'F'", "families.f: unknown: product"),
        ("[families.f]\nprefixes = ['F.']", "'F.' is not in lower case"),
        ("[[models]]\nid = 'a'\nignores = ['tempature']", "'tempature' is not one of"),
        ("[[models]]\nid = 'a'\ntools = 'yes'", "a.tools: true or false"),
        ("[[models]]\nid = 'a'\nname = ''", "a.name: a text"),
        ("[[models]]\nid = 'a'\ntransports = ['carrier pigeon']", "is not one of openai"),
        ("[[models]]\nid = 'a'\napi_format = 'generic'", "is not one of GENERIC"),
        ("[[models]]\nid = 'a'\nlength_parameter = 'max'", "is not one of max_tokens"),
        ("[[models]]\nid = 'a'\nretired_on_demand = '2026-09-30'", "a date such as"),
        ("[[models]", "line 1"),
    ],
)
def test_the_tool_refuses_what_it_does_not_understand(tool: Any, text: str, complaint: str) -> None:
    with pytest.raises(tool.CatalogError) as caught:
        tool.read(text)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"unit": "'1000 tokens'"}, "products.P.unit: one of"),
        ({"as_of": "'2026-04-09'"}, "products.P.as_of: a date such as"),
        ({"price": "1"}, "products.P: unknown: price"),
        ({"rates": "[]"}, "products.P.rates: a list of tables"),
        ({"rates": "[1]"}, "products.P.rates: a list of tables"),
        ({"rates": "[{ output = 1 }]"}, "products.P.rates.input: a price of at least 0"),
        ({"rates": "[{ input = -1 }]"}, "products.P.rates.input: a price of at least 0"),
        ({"rates": "[{ input = '1 $' }]"}, "products.P.rates.input: a price of at least 0"),
        ({"rates": "[{ input = nan }]"}, "products.P.rates.input: a price of at least 0"),
        ({"rates": "[{ input = 1, output = true }]"}, "products.P.rates.output: a price"),
        ({"rates": "[{ input = 1, cached = 1 }]"}, "products.P.rates: unknown: cached"),
        ({"rates": "[{ input = 1 }, { above = '9', input = 1 }]"}, "products.P.rates.above: a"),
        ({"rates": "[{ above = 9, input = 1 }]"}, "must begin at 0 and rise, not [9]"),
        ({"rates": "[{ input = 1 }, { input = 2 }]"}, "must begin at 0 and rise, not [0, 0]"),
    ],
)
def test_the_tool_refuses_prices_that_say_nothing(
    tool: Any, changed: dict[str, str], complaint: str
) -> None:
    keys = {"unit": "'1,000,000 tokens'", "as_of": "2026", "rates": "[{ input = 1 }]", **changed}
    lines = [f"{key} = {value}" for key, value in keys.items()]
    with pytest.raises(tool.CatalogError) as caught:
        tool.read("\n".join(["[products.P]", *lines]))
    assert complaint in str(caught.value)


def test_every_field_can_be_written_in_the_file_or_is_worked_out(tool: Any) -> None:
    """A new field of ModelFacts must find its way into the tool."""
    fields = {field.name for field in dataclasses.fields(ModelFacts)}
    assert set(tool.WORDS) < fields
    assert fields > tool.PER_MODEL
    assert fields > tool.NOT_IN_FILE


def test_a_table_holds_plain_values_only(tool: Any) -> None:
    from table_module import literal

    assert literal({"a": ("x",), "b": (1, None, True)}) == '{"a": ("x",), "b": (1, None, True)}'
    assert literal(("x" * 60, "y" * 60)).startswith("(\n    ")
    assert literal({"a": 0.25}) == '{"a": 0.25}'
    with pytest.raises(TypeError, match="set"):
        literal({"a": {1}})
