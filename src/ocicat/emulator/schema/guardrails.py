"""The strict schema of ``POST /20231130/actions/applyGuardrails``: ApplyGuardrailsDetails.

Sources as in ``native.py``. Categories and types are open: OCI documents examples of them.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from ocicat.emulator.schema.native import Shape
from ocicat.emulator.schema.reading import read
from ocicat.emulator.schema.refusing import error_body

__all__ = ["ApplyGuardrailsDetails", "check_apply_guardrails_details"]


class GuardrailsTextInput(Shape, tag_field="type", tag="TEXT"):
    """A text."""

    content: str | None = None
    language_code: str | None = None


class GuardrailsImageUrl(Shape):
    """``url`` is a data URI, or ``data:<type>;uri,<uri>``."""

    url: str


class GuardrailsImageInput(Shape, tag_field="type", tag="IMAGE"):
    """An image."""

    image_url: GuardrailsImageUrl | None = None


GuardrailsInput = GuardrailsTextInput | GuardrailsImageInput


class ContentModerationConfiguration(Shape):
    """Which categories of harm to look for."""

    categories: list[str]


class PersonallyIdentifiableInformationConfiguration(Shape):
    """Which types of personal information to look for."""

    types: list[str]


class PromptInjectionConfiguration(Shape):
    """To look for attempts to take over the model. It has no options."""


class GuardrailConfigs(Shape):
    """The checks that are asked for."""

    content_moderation_config: ContentModerationConfiguration | None = None
    personally_identifiable_information_config: (
        PersonallyIdentifiableInformationConfiguration | None
    ) = None
    prompt_injection_config: PromptInjectionConfiguration | None = None


class GuardrailVersionConfig(Shape):
    """The version to apply, such as ``1.0.0``, or ``1.0`` for the latest of these."""

    guardrail_version: str


class ApplyGuardrailsDetails(Shape):
    """The body of a request to apply guardrails. ``input`` goes before ``multimodalInput``."""

    compartment_id: str
    guardrail_configs: GuardrailConfigs
    input: GuardrailsInput | None = None
    multimodal_input: Annotated[list[GuardrailsInput], Meta(min_length=1)] | None = None
    guardrail_version_config: GuardrailVersionConfig | None = None

    def __post_init__(self) -> None:
        if self.input is None and self.multimodal_input is None:
            raise ValueError("input: either input or multimodalInput must be there")


_DECODER: Final = msgspec.json.Decoder(ApplyGuardrailsDetails)


def check_apply_guardrails_details(raw: bytes) -> dict[str, Any]:
    """The body of the request as plain values. Raises ``SchemaRefused``."""
    return read(_DECODER, raw, error_body)
