"""ApplyGuardrails: OCI's checks of a content for harm, personal information and injections.

Source of names and values: the ``oci`` SDK's ``ApplyGuardrailsDetails`` and
``ApplyGuardrailsResult``, and OCI's documentation of guardrails.
"""

from __future__ import annotations

from typing import Any

from ocicat.dialects import checks, faults, links, parameters
from ocicat.dialects.content import Part, Text
from ocicat.dialects.dialect import Entry, Notes, Origin
from ocicat.dialects.inputs import read
from ocicat.dialects.parameters import Parameter
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.guarding import GuardReply, GuardRequest
from ocicat.vocabulary.target import Target

__all__ = [
    "CATEGORIES",
    "PARAMETERS",
    "PII_TYPES",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
]

#: The categories of content moderation that are documented.
CATEGORIES = ("OVERALL", "BLOCKLIST")
#: The types of personal information that are documented.
PII_TYPES = ("PERSON", "ADDRESS", "EMAIL", "TELEPHONE_NUMBER")

# Scores are 0.0 or 1.0 today, and documented as likelihoods.
_FOUND = 0.5


#: What becomes of each parameter that a request can do without. A check is never left out.
PARAMETERS: dict[str, Entry] = {
    "guardrail_version": Parameter("guardrailVersion", checks.text),
    "language": Parameter("languageCode", checks.text),
}


def encode_request(
    request: GuardRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ApplyGuardrailsDetails`` that ask for these checks.

    Raises :class:`~ocicat.errors.InvalidRequest` kin for what cannot be said.
    """
    options: Any = {name: request.get(name) for name in PARAMETERS}
    said = parameters.encode(options, PARAMETERS, target.facts, notes, dialect="ApplyGuardrails")
    body = {
        "compartmentId": compartment_id,
        "guardrailConfigs": _checks(request),
        **_content(request, said.get("languageCode")),
    }
    if "guardrailVersion" in said:
        body["guardrailVersionConfig"] = {"guardrailVersion": said["guardrailVersion"]}
    return body


def _checks(request: GuardRequest) -> dict[str, Any]:
    configs: dict[str, Any] = {}
    categories = _names("content_moderation", request.get("content_moderation"), CATEGORIES)
    if categories:
        configs["contentModerationConfig"] = {"categories": categories}
    types = _names("pii", request.get("pii"), PII_TYPES)
    if types:
        configs["personallyIdentifiableInformationConfig"] = {"types": types}
    if _flag("prompt_injection", request.get("prompt_injection")):
        configs["promptInjectionConfig"] = {}
    if not configs:
        raise InvalidParameter(
            "No check is asked for.",
            parameter="content_moderation",
            hint="Give content_moderation=True, pii=True or prompt_injection=True.",
        )
    return configs


def _names(name: str, value: Any, documented: tuple[str, ...]) -> list[str]:
    """What to look for. Names that are not documented are passed on: OCI may know more."""
    if value is None or isinstance(value, bool):
        return list(documented) if value else []
    try:
        words = [word.upper() for word in checks.texts(value)]
    except ValueError:
        words = [""]
    if not all(words):
        raise InvalidParameter(
            f"`{name}` must be true or a list of {', '.join(documented)}, not {value!r}.",
            parameter=name,
        )
    return words


def _flag(name: str, value: Any) -> bool:
    return value is not None and bool(checks.checked(name, value, checks.boolean))


def _content(request: GuardRequest, language: str | None) -> dict[str, Any]:
    """A text alone goes as ``input``; OCI has ``multimodalInput`` for images and for several."""
    content = request.get("input")
    parts = [_part(part, language) for part in read(content, "input")]
    if isinstance(content, str) and parts[0]["type"] == "TEXT":
        return {"input": parts[0]}
    return {"multimodalInput": parts}


def _part(part: Part, language: str | None) -> dict[str, Any]:
    if isinstance(part, Text):
        more = {"languageCode": language} if language else {}
        return {"type": "TEXT", "content": part.text, **more}
    return {"type": "IMAGE", "imageUrl": {"url": links.encode(part)}}


def decode_request(body: dict[str, Any]) -> GuardRequest:
    """The neutral request that ``ApplyGuardrailsDetails`` say."""
    # The service, too, goes by `input` where both are there.
    single = body.get("input")
    wires = [single] if single else body["multimodalInput"]
    parts = [_decode_part(wire) for wire in wires]
    request: GuardRequest = {"input": parts[0] if single else parts}
    languages = [wire["languageCode"] for wire in wires if wire.get("languageCode")]
    if languages:
        request["language"] = languages[0]
    configs = body["guardrailConfigs"]
    if configs.get("contentModerationConfig") is not None:
        request["content_moderation"] = configs["contentModerationConfig"]["categories"]
    if configs.get("personallyIdentifiableInformationConfig") is not None:
        request["pii"] = configs["personallyIdentifiableInformationConfig"]["types"]
    if configs.get("promptInjectionConfig") is not None:
        request["prompt_injection"] = True
    if body.get("guardrailVersionConfig"):
        request["guardrail_version"] = body["guardrailVersionConfig"]["guardrailVersion"]
    return request


def _decode_part(wire: dict[str, Any]) -> Any:
    if wire["type"] == "TEXT":
        return wire.get("content") or ""
    return {"type": "image_url", "image_url": {"url": (wire.get("imageUrl") or {}).get("url", "")}}


def encode_reply(reply: GuardReply) -> dict[str, Any]:
    """The ``ApplyGuardrailsResult`` that says this reply."""
    results = reply["results"]
    wire: dict[str, Any] = {}
    if "content_moderation" in results:
        categories = results["content_moderation"]["categories"]
        wire["contentModeration"] = {"categories": [_renamed(c, _OUT) for c in categories]}
    if "personally_identifiable_information" in results:
        wire["personallyIdentifiableInformation"] = results["personally_identifiable_information"]
    if "prompt_injection" in results:
        wire["promptInjection"] = _renamed(results["prompt_injection"], _OUT)
    return {"results": wire, "guardrailVersion": {"version": reply.get("guardrail_version")}}


def decode_reply(body: dict[str, Any], origin: Origin) -> GuardReply:
    """The neutral reply that an ``ApplyGuardrailsResult`` says.

    Raises ``MalformedReply`` kin where it has no results.
    """
    wire = body.get("results")
    if not isinstance(wire, dict):
        raise faults.unusable_reply(body, origin, expected="results")
    results: dict[str, Any] = {}
    if wire.get("contentModeration") is not None:
        categories = wire["contentModeration"].get("categories") or []
        results["content_moderation"] = {"categories": [_renamed(c, _IN) for c in categories]}
    if wire.get("personallyIdentifiableInformation") is not None:
        results["personally_identifiable_information"] = wire["personallyIdentifiableInformation"]
    if wire.get("promptInjection") is not None:
        results["prompt_injection"] = _renamed(wire["promptInjection"], _IN)
    version = body.get("guardrailVersion")
    return {
        "flagged": _flagged(results),
        "results": results,  # type: ignore[typeddict-item]  # built key by key
        "guardrail_version": version.get("version") if isinstance(version, dict) else version,
        "opc_request_id": origin.opc_request_id,
    }


def _flagged(results: dict[str, Any]) -> bool:
    scores = [c["score"] for c in results.get("content_moderation", {}).get("categories", [])]
    if "prompt_injection" in results:
        scores.append(results["prompt_injection"]["score"])
    found = results.get("personally_identifiable_information")
    return bool(found) or any(score >= _FOUND for score in scores)


_OUT = {"flagged_modalities": "flaggedModalities"}
_IN = {"flaggedModalities": "flagged_modalities"}


def _renamed(result: Any, names: dict[str, str]) -> dict[str, Any]:
    return {
        names.get(key, key): value
        for key, value in result.items()
        if not (key in names and value is None)
    }
