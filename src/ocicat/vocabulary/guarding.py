"""The neutral shapes of guardrails: OCI's own, in snake case, for nobody else has them."""

from __future__ import annotations

from typing import Any, TypedDict

from ocicat.vocabulary.chat import Note

__all__ = [
    "Category",
    "GuardReply",
    "GuardRequest",
    "GuardResults",
    "Moderation",
    "PersonalInformation",
    "PromptInjection",
]


class GuardRequest(TypedDict, total=False):
    """What to examine, and for what.

    ``input`` is a text, or a list of texts and images (parts of OpenAI's shape, or ``data:image/…``
    URIs). ``content_moderation`` lists categories, ``pii`` the types of personal information;
    ``True`` stands for all that are documented. ``language`` is that of the texts, such as ``en``
    or ``zh-CN``; ``guardrail_version`` such as ``1.0.0`` or ``1.0``.
    """

    input: str | list[Any]
    content_moderation: bool | list[str] | None
    pii: bool | list[str] | None
    prompt_injection: bool | None
    guardrail_version: str | None
    language: str | None


class Category(TypedDict, total=False):
    """A category of content: 0.0 is nothing found, 1.0 is found.

    ``flagged_modalities`` (``TEXT``, ``IMAGE``) comes where the input was a list.
    """

    name: str
    score: float
    flagged_modalities: list[str]


class Moderation(TypedDict):
    """What content moderation found."""

    categories: list[Category]


class PersonalInformation(TypedDict, total=False):
    """A piece of personal information: where it is in the text, and of which type (``label``)."""

    text: str
    label: str
    offset: int
    length: int
    score: float


class PromptInjection(TypedDict, total=False):
    """Whether somebody tries to take over the model: 0.0 is no, 1.0 is yes."""

    score: float
    flagged_modalities: list[str]


class GuardResults(TypedDict, total=False):
    """What each check that was asked for has found."""

    content_moderation: Moderation
    personally_identifiable_information: list[PersonalInformation]
    prompt_injection: PromptInjection


class GuardReply(TypedDict, total=False):
    """The outcome. ``flagged`` says whether any check has found anything.

    ``guardrail_version`` is the version that was applied, ``oci_notes`` what was not done just as
    it was asked; absent where there is nothing.
    """

    flagged: bool
    results: GuardResults
    guardrail_version: str | None
    opc_request_id: str
    oci_notes: list[Note]
