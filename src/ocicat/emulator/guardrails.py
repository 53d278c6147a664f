"""Answers ``POST /20231130/actions/applyGuardrails`` and ``GET /20231130/guardrailVersions``.

A handful of words and patterns stand for OCI's models. Images are never found fault with.
"""

from __future__ import annotations

import re
from typing import Any, Final

from aiohttp import web

from ocicat.dialects import guardrails
from ocicat.emulator.call import Call
from ocicat.emulator.inference import bad_format, check_compartment, read_details
from ocicat.emulator.paging import page
from ocicat.emulator.refusals import refusal
from ocicat.emulator.schema.guardrails import check_apply_guardrails_details
from ocicat.emulator.tenancy import Tenancy
from ocicat.vocabulary.guarding import Category, GuardResults, PersonalInformation, PromptInjection

__all__ = ["apply_guardrails", "list_guardrail_versions"]

_BLOCKED: Final = re.compile(r"\b(damn|bastard)\b", re.IGNORECASE)
_HARMFUL: Final = re.compile(
    r"\bi hate you\b|\bkill (you|him|her|them)\b|\bbuild a bomb\b", re.IGNORECASE
)
_INJECTION: Final = re.compile(
    r"\b(ignore|disregard|forget)\b.{0,30}\b(previous|prior|above|your)\b.{0,20}\binstructions?\b"
    r"|\breveal\b.{0,30}\bsystem prompt\b",
    re.IGNORECASE | re.DOTALL,
)
_PERSONAL: Final = {
    "EMAIL": re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    "TELEPHONE_NUMBER": re.compile(r"\+?\d[\d ()./-]{6,}\d"),
    "PERSON": re.compile(r"\b(?:Mr|Mrs|Ms|Dr)\.? [A-Z]\w+"),
    "ADDRESS": re.compile(r"\b\d+ [A-Z]\w+ (?:Street|Avenue|Road|Lane)\b"),
}

_VERSIONS: Final[list[dict[str, Any]]] = [
    {
        "guardrailVersion": version,
        "state": state,
        "timePreviewed": "2026-01-01T00:00:00.000Z",
        "timeActivated": "2026-02-01T00:00:00.000Z",
        "timeDeprecated": "2026-05-01T00:00:00.000Z" if state == "DEPRECATED" else None,
        "timeRetired": None,
        "description": "The emulator's words and patterns.",
    }
    for version, state in (("1.0.0", "DEPRECATED"), ("1.0.1", "ACTIVE"))
]
_STATES: Final = ("ACTIVE", "PREVIEW", "DEPRECATED", "RETIRED")


def apply_guardrails(call: Call, tenancy: Tenancy) -> web.Response:
    """What the checks of a request find. Raises ``Refused``."""
    body = read_details(call, check_apply_guardrails_details, tenancy)
    texts = _texts(body)
    request = guardrails.decode_request(body)
    several = body.get("input") is None
    results: GuardResults = {}
    categories = request.get("content_moderation")
    if isinstance(categories, list):
        found = [_category(name, texts, several) for name in categories]
        results["content_moderation"] = {"categories": found}
    types = request.get("pii")
    if isinstance(types, list):
        results["personally_identifiable_information"] = _personal(types, texts)
    if request.get("prompt_injection"):
        results["prompt_injection"] = _score(_found(_INJECTION, texts), several)
    version = _version(request.get("guardrail_version"))
    call.record(200)
    return call.json_reply(
        guardrails.encode_reply({"results": results, "guardrail_version": version})
    )


def _texts(body: dict[str, Any]) -> list[str]:
    inputs = [body["input"]] if "input" in body else body["multimodalInput"]
    texts = []
    for number, part in enumerate(inputs):
        where = "input" if "input" in body else f"multimodalInput[{number}]"
        needed = "content" if part["type"] == "TEXT" else "imageUrl"
        if needed not in part:
            raise bad_format(f"{where}: {needed} is missing")
        if part["type"] == "TEXT":
            texts.append(part["content"])
        elif not part["imageUrl"]["url"].startswith("data:image/"):
            raise bad_format(f"{where}: the image is no data URI")
    return texts


def _category(name: str, texts: list[str], several: bool) -> Category:
    patterns = {"BLOCKLIST": (_BLOCKED,), "OVERALL": (_BLOCKED, _HARMFUL)}.get(name, ())
    found = any(_found(pattern, texts) for pattern in patterns)
    return {"name": name, **_score(found, several)}


def _score(found: bool, several: bool) -> PromptInjection:
    score: PromptInjection = {"score": 1.0 if found else 0.0}
    if several:
        score["flagged_modalities"] = ["TEXT"] if found else []
    return score


def _found(pattern: re.Pattern[str], texts: list[str]) -> bool:
    return any(pattern.search(text) for text in texts)


def _personal(types: list[str], texts: list[str]) -> list[PersonalInformation]:
    return [
        {
            "text": match[0],
            "label": label,
            "offset": match.start(),
            "length": len(match[0]),
            "score": 1.0,
        }
        for text in texts
        for label in types
        if label in _PERSONAL
        for match in _PERSONAL[label].finditer(text)
    ]


def _version(asked: str | None) -> str:
    """The version to apply: the latest whose number begins like the one asked for."""
    known = [str(version["guardrailVersion"]) for version in _VERSIONS]
    fitting = [version for version in known if f"{version}.".startswith(f"{asked or '1.0'}.")]
    if not fitting:
        raise bad_format(f"guardrailVersion is {asked!r}; there are {', '.join(known)}")
    return fitting[-1]


def list_guardrail_versions(call: Call, tenancy: Tenancy) -> web.Response:
    """The versions of guardrails. Raises ``Refused``."""
    compartment = call.headers.get("opc-compartment-id")
    if not compartment:
        raise refusal(
            400,
            "The required header opc-compartment-id is missing.",
            "the header opc-compartment-id is missing",
            code="MissingParameter",
        )
    check_compartment(compartment, "the header opc-compartment-id", tenancy)
    query = dict(call.query)
    unknown = query.keys() - {"state", "limit", "page"}
    if unknown:
        raise bad_format(f"{min(unknown)} is no query parameter of this operation")
    state = query.get("state")
    if state is not None and state not in _STATES:
        raise bad_format(f"state is {state!r}, not one of {', '.join(_STATES)}")
    versions = [version for version in _VERSIONS if state in (None, version["state"])]
    items, headers = page(versions, query.get("limit"), query.get("page"))
    call.record(200)
    return call.json_reply({"items": items}, headers=headers)
