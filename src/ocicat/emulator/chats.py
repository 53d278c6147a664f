"""Reading a chat, from either surface, with every check that comes before an answer.

What OCI would refuse is refused with OCI's words. What OCI takes and the emulator cannot answer yet
is refused too, in words of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ocicat.dialects import registry
from ocicat.dialects.dialect import Dialect
from ocicat.emulator.call import Call
from ocicat.emulator.refusals import FORMAT, NOT_FOUND, Refused, in_openai_style, refusal
from ocicat.emulator.schema.native import check_chat_details
from ocicat.emulator.schema.openai_chat import check_chat_completion
from ocicat.emulator.schema.reading import SchemaRefused
from ocicat.emulator.tenancy import Served, Tenancy
from ocicat.errors import OcicatError
from ocicat.vocabulary.chat import ChatRequest

__all__ = ["Chat", "read_native", "read_openai"]


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that may be answered."""

    request: ChatRequest
    served: Served
    dialect: Dialect
    native: bool

    @property
    def sends_done(self) -> bool:
        """Whether the stream of such a chat ends with ``[DONE]``."""
        return self.served.facts.sends_done if self.native else True


def read_native(call: Call, tenancy: Tenancy) -> Chat:
    """The chat of ``POST /20231130/actions/chat``. Raises :class:`Refused`."""
    _check_content_type(call, _bad_format)
    try:
        body = check_chat_details(call.body)
    except SchemaRefused as refused:
        raise Refused(refused.status, refused.body, refused.reason) from None
    _check_compartment(body["compartmentId"], "compartmentId", tenancy)
    serving = body["servingMode"]
    served = (
        _find(serving["modelId"], tenancy.on_demand)
        if serving["servingType"] == "ON_DEMAND"
        else _find(serving["endpointId"], tenancy.dedicated)
    )
    format = body["chatRequest"]["apiFormat"]
    _check_native(served, format, body["chatRequest"])
    if format == "COHEREV2":
        raise refusal(
            501,
            "The ocicat emulator does not answer COHEREV2 yet.",
            "the request is a valid COHEREV2 chat, which the emulator does not answer yet",
        )
    dialect = registry.dialect("oci_generic" if format == "GENERIC" else "oci_cohere")
    return Chat(_neutral(dialect, body), served, dialect, native=True)


def read_openai(call: Call, tenancy: Tenancy) -> Chat:
    """The chat of ``POST …/chat/completions``. Raises :class:`Refused`."""
    name = "opc-compartment-id" if "opc-compartment-id" in call.headers else "compartmentid"
    compartment = call.headers.get(name)
    # An API key belongs to a compartment already.
    if not compartment and not call.bearer:
        raise refusal(
            404,
            NOT_FOUND,
            "a signed request needs the header opc-compartment-id (or CompartmentId), "
            "and this one has neither",
        )
    if compartment:
        _check_compartment(compartment, f"the header {name}", tenancy)
    _check_content_type(call, _bad_json)
    try:
        body = check_chat_completion(call.body)
    except SchemaRefused as refused:
        raise Refused(refused.status, refused.body, refused.reason) from None
    served = _find(body["model"], lambda id: _either(id, tenancy))
    _check_openai(served, body)
    dialect = registry.dialect("openai_chat")
    return Chat(_neutral(dialect, body), served, dialect, native=False)


def _bad_format(reason: str) -> Refused:
    return refusal(400, FORMAT, reason)


def _bad_json(reason: str) -> Refused:
    return in_openai_style(
        400, "The body must be JSON.", reason, param="", code="invalid_content_type"
    )


def _check_content_type(call: Call, refuse: Any) -> None:
    given = call.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise refuse(f"content-type is {given!r}, not application/json")


def _check_compartment(ocid: str, where: str, tenancy: Tenancy) -> None:
    if not tenancy.has_compartment(ocid):
        raise refusal(404, NOT_FOUND, f"{where}: the emulator has no compartment {ocid!r}")


def _find(id: str, look_up: Any) -> Served:
    try:
        served: Served = look_up(id)
    except LookupError as absent:
        raise refusal(404, f"Entity with key {id} not found", str(absent.args[0])) from None
    return served


def _either(id: str, tenancy: Tenancy) -> Served:
    """On the OpenAI surface, ``model`` may also be the OCID of a dedicated endpoint."""
    if id.startswith("ocid1.generativeaiendpoint."):
        return tenancy.dedicated(id)
    return tenancy.on_demand(id)


def _check_native(served: Served, format: str, chat: dict[str, Any]) -> None:
    facts = served.facts
    if "CHAT" not in facts.capabilities:
        raise _bad_format(f"{facts.id} is no chat model: it can {', '.join(facts.capabilities)}")
    if "native" not in facts.transports:
        raise _bad_format(
            f"{facts.id} is not served by this API, only by: {', '.join(facts.transports)}"
        )
    is_cohere = facts.api_format != "GENERIC"
    if is_cohere != (format != "GENERIC"):
        raise _bad_format(
            f"chatRequest.apiFormat is {format}, but {facts.id} is asked in {facts.api_format}"
        )
    if facts.length_parameter == "max_completion_tokens" and "maxTokens" in chat:
        error = _unsupported_max_tokens(facts.id).body
        # Errors of the model's vendor come as JSON text within OCI's own body.
        raise refusal(
            400,
            msgspec.json.encode(error).decode(),
            f"{facts.id} takes maxCompletionTokens instead of maxTokens",
        )


def _check_openai(served: Served, body: dict[str, Any]) -> None:
    facts = served.facts
    if "openai" not in facts.transports or facts.api_format != "GENERIC":
        raise in_openai_style(
            400,
            f"The model {served.id} is not supported by this API.",
            f"{facts.id} is not served by Chat Completions; it is asked through the native API "
            f"({facts.api_format})"
            if facts.api_format != "GENERIC"
            else f"{facts.id} is not served by Chat Completions, only by: "
            f"{', '.join(facts.transports)}",
            param="model",
            code="unsupported_model",
        )
    if facts.length_parameter == "max_completion_tokens" and "max_tokens" in body:
        raise _unsupported_max_tokens(facts.id)


def _unsupported_max_tokens(model_id: str) -> Refused:
    return in_openai_style(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. "
        "Use 'max_completion_tokens' instead.",
        f"{model_id} takes max_completion_tokens instead of max_tokens",
        param="max_tokens",
        code="unsupported_parameter",
    )


def _neutral(dialect: Dialect, body: dict[str, Any]) -> ChatRequest:
    try:
        return dialect.decode_request(body)
    except OcicatError as unsupported:
        raise refusal(
            400,
            f"The ocicat emulator cannot answer this yet: {unsupported.message}",
            f"the request is valid, but the emulator cannot answer it yet: {unsupported}",
        ) from None
