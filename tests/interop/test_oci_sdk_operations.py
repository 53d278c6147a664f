"""The real ``oci`` SDK asks the emulator for embeddings, rerankings and guardrails."""

from __future__ import annotations

from typing import Any

import oci
import pytest
from oci.generative_ai_inference import GenerativeAiInferenceClient, models

from ocicat.emulator import Emulator

PNG = "data:image/png;base64,iVBORw0KGgo="


@pytest.fixture
def client(oci_emulator: Emulator) -> GenerativeAiInferenceClient:
    return GenerativeAiInferenceClient(
        oci.config.from_file(str(oci_emulator.home.config_file)),
        service_endpoint=oci_emulator.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
    )


def on_demand(model: str) -> models.OnDemandServingMode:
    return models.OnDemandServingMode(model_id=model)


def embed(oci_emulator: Emulator, **more: Any) -> models.EmbedTextDetails:
    return models.EmbedTextDetails(
        compartment_id=oci_emulator.compartment_id,
        serving_mode=on_demand("cohere.embed-v4.0"),
        **more,
    )


def test_texts_are_embedded(oci_emulator: Emulator, client: Any) -> None:
    details = embed(
        oci_emulator,
        inputs=["one", "two words"],
        input_type="SEARCH_QUERY",
        output_dimensions=256,
        embedding_types=["float", "int8"],
        truncate="END",
        is_echo=True,
    )
    response = client.embed_text(details)
    result = response.data
    assert isinstance(result, models.EmbedTextResult)
    assert result.inputs == ["one", "two words"]
    assert [len(vector) for vector in result.embeddings] == [256, 256]
    assert [len(vector) for vector in result.embeddings_by_type["int8"]] == [256, 256]
    assert result.usage.prompt_tokens == 3
    assert result.model_id == "cohere.embed-v4.0"
    assert response.request_id == oci_emulator.ledger.last.opc_request_id
    assert oci_emulator.ledger.last.verified


def test_texts_and_images_are_embedded_together(oci_emulator: Emulator, client: Any) -> None:
    contents = [
        models.EmbedTextContent(text="a"),
        models.EmbedImageContent(image_url=models.ImageUrl(url=PNG)),
    ]
    result = client.embed_text(embed(oci_emulator, embed_contents=contents, is_echo=True)).data
    assert len(result.embeddings) == 2
    assert isinstance(result.embed_contents[1], models.EmbedImageContent)


def test_documents_are_reranked(oci_emulator: Emulator, client: Any) -> None:
    details = models.RerankTextDetails(
        compartment_id=oci_emulator.compartment_id,
        serving_mode=on_demand("cohere.rerank-v4.0-fast"),
        input="capital of France",
        documents=["Berlin", "Paris is the capital of France"],
        top_n=1,
        is_echo=True,
    )
    result = client.rerank_text(details).data
    [best] = result.document_ranks
    assert isinstance(best, models.DocumentRank)
    assert best.index == 1
    assert best.relevance_score > 0.5
    assert best.document.text == "Paris is the capital of France"


def test_guardrails_are_applied(oci_emulator: Emulator, client: Any) -> None:
    details = models.ApplyGuardrailsDetails(
        compartment_id=oci_emulator.compartment_id,
        input=models.GuardrailsTextInput(content="Mail a@b.org", language_code="en"),
        guardrail_configs=models.GuardrailConfigs(
            content_moderation_config=models.ContentModerationConfiguration(categories=["OVERALL"]),
            personally_identifiable_information_config=(
                models.PersonallyIdentifiableInformationConfiguration(types=["EMAIL"])
            ),
            prompt_injection_config=models.PromptInjectionConfiguration(),
        ),
        guardrail_version_config=models.GuardrailVersionConfig(guardrail_version="1.0.0"),
    )
    result = client.apply_guardrails(details).data
    assert isinstance(result, models.ApplyGuardrailsResult)
    [found] = result.results.personally_identifiable_information
    assert (found.label, found.text, found.offset, found.length) == ("EMAIL", "a@b.org", 5, 7)
    assert result.results.content_moderation.categories[0].score == 0.0
    assert result.results.prompt_injection.score == 0.0
    assert result.guardrail_version.version == "1.0.0"


def test_guardrails_are_applied_to_images(oci_emulator: Emulator, client: Any) -> None:
    details = models.ApplyGuardrailsDetails(
        compartment_id=oci_emulator.compartment_id,
        multimodal_input=[
            models.GuardrailsTextInput(content="Damn."),
            models.GuardrailsImageInput(image_url=models.GuardrailsImageUrl(url=PNG)),
        ],
        guardrail_configs=models.GuardrailConfigs(
            content_moderation_config=models.ContentModerationConfiguration(categories=["OVERALL"])
        ),
    )
    [category] = client.apply_guardrails(details).data.results.content_moderation.categories
    assert category.flagged_modalities == ["TEXT"]


def test_versions_of_guardrails_are_listed(oci_emulator: Emulator, client: Any) -> None:
    everything = oci.pagination.list_call_get_all_results(
        client.list_guardrail_versions, oci_emulator.compartment_id, limit=1
    )
    assert [version.guardrail_version for version in everything.data] == ["1.0.0", "1.0.1"]
    assert all(version.time_activated.year == 2026 for version in everything.data)


def test_a_refusal_is_read(oci_emulator: Emulator, client: Any) -> None:
    with pytest.raises(oci.exceptions.ServiceError) as raised:
        client.embed_text(embed(oci_emulator, inputs=["a"] * 97))
    assert raised.value.status == 400
    assert raised.value.code == "400"
