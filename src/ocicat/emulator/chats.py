"""Reading a chat, from any surface, with every check that comes before an answer.

What OCI would refuse is refused with OCI's words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from ocicat.dialects import messages, registry, tools
from ocicat.dialects.dialect import Dialect, Notes
from ocicat.emulator.call import Call
from ocicat.emulator.deployments import find_deployed
from ocicat.emulator.inference import bad_format, check_compartment, find_served, read_details
from ocicat.emulator.objects import Project, read_json
from ocicat.emulator.refusals import NOT_FOUND, in_openai_style, refusal
from ocicat.emulator.responses_state import ResponseTurn
from ocicat.emulator.schema.native import check_chat_details
from ocicat.emulator.schema.openai_chat import check_chat_completion
from ocicat.emulator.schema.openai_responses import check_response_request
from ocicat.emulator.strictness import check_model
from ocicat.emulator.tenancy import Served, Tenancy
from ocicat.errors import OcicatError
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.model import ApiFormat

__all__ = ["Chat", "read_deployed", "read_native", "read_openai", "read_response"]

_NATIVE_DIALECTS: Final[dict[ApiFormat, str]] = {
    "GENERIC": "oci_generic",
    "COHERE": "oci_cohere",
    "COHEREV2": "oci_cohere_v2",
}


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that may be answered. ``api_format`` is ``None`` where the wire is OpenAI's."""

    request: ChatRequest
    served: Served
    dialect: Dialect
    api_format: ApiFormat | None = None
    #: What is remembered of it, where it came as one of OpenAI's Responses.
    turn: ResponseTurn | None = None

    @property
    def is_response(self) -> bool:
        """Whether it came as one of OpenAI's Responses."""
        return self.turn is not None

    @property
    def writer(self) -> Dialect | ResponseTurn:
        """Who writes the answer."""
        return self.turn or self.dialect

    @property
    def is_native(self) -> bool:
        """Whether it came through the native API."""
        return self.api_format is not None

    @property
    def sends_done(self) -> bool:
        """Whether the stream of such a chat ends with ``[DONE]``."""
        return self.served.facts.sends_done if self.is_native else not self.is_response


def read_native(call: Call, tenancy: Tenancy) -> Chat:
    """The chat of ``POST /20231130/actions/chat``. Raises :class:`Refused`."""
    body = read_details(call, check_chat_details, tenancy)
    served = find_served(body, "CHAT", tenancy)
    api_format: ApiFormat = body["chatRequest"]["apiFormat"]
    _check_native(served, api_format)
    dialect = registry.dialect(_NATIVE_DIALECTS[api_format])
    request = _neutral(dialect, body)
    check_model(request, served.facts, native=True)
    return Chat(request, served, dialect, api_format)


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
        check_compartment(compartment, f"the header {name}", tenancy)
    body = read_json(call, check_chat_completion)
    served = _find(body["model"], lambda id: _either(id, tenancy))
    _check_surface(served, "openai", "Chat Completions")
    dialect = registry.dialect("openai_chat")
    request = _neutral(dialect, body)
    check_model(request, served.facts, native=False)
    return Chat(request, served, dialect)


def read_response(call: Call, tenancy: Tenancy, project: Project, now: int) -> Chat:
    """The chat of ``POST …/responses``. Raises :class:`Refused`."""
    body = read_json(call, check_response_request)
    served = _find(body["model"], lambda id: _either(id, tenancy))
    _check_surface(served, "responses", "Responses")
    dialect = registry.dialect("openai_responses")
    turn = ResponseTurn(body, project, now)
    request = _neutral(dialect, turn.chat_body)
    check_model(request, served.facts, native=False)
    return Chat(request, served, dialect, turn=turn)


def read_deployed(call: Call, tenancy: Tenancy) -> Chat:
    """The chat of ``POST /{deployment}/predict…`` of OCI Data Science. Raises :class:`Refused`.

    The name of the model is the deployment's own affair. Plain ``/predict`` does not stream.
    """
    facts = find_deployed(call, tenancy)
    body = read_json(call, check_chat_completion)
    if body.get("stream") and call.path.endswith("/predict"):
        raise in_openai_style(
            400,
            "Streaming is not supported by /predict; use /predictWithResponseStream.",
            "stream: /predict gives whole answers; streams come from /predictWithResponseStream "
            "and from /predict/v1/chat/completions",
            param="stream",
            code="unsupported_value",
        )
    dialect = registry.dialect("openai_chat")
    return Chat(_neutral(dialect, body), Served(body["model"], facts), dialect)


def _find(id: str, look_up: Callable[[str], Served]) -> Served:
    try:
        return look_up(id)
    except LookupError as absent:
        raise refusal(404, f"Entity with key {id} not found", str(absent.args[0])) from None


def _either(id: str, tenancy: Tenancy) -> Served:
    """On the OpenAI surface, ``model`` may also be the OCID of a dedicated endpoint."""
    if id.startswith("ocid1.generativeaiendpoint."):
        return tenancy.dedicated(id)
    return tenancy.on_demand(id)


def _check_native(served: Served, api_format: ApiFormat) -> None:
    facts = served.facts
    if "native" not in facts.transports:
        raise bad_format(
            f"{facts.id} is not served by this API, only by: {', '.join(facts.transports)}"
        )
    # Whether Cohere's older models take the newer format too, OCI does not say.
    if api_format != facts.api_format and (api_format, facts.api_format) != ("COHEREV2", "COHERE"):
        raise bad_format(
            f"chatRequest.apiFormat is {api_format}, but {facts.id} is asked in {facts.api_format}"
        )


def _check_surface(served: Served, transport: str, name: str) -> None:
    facts = served.facts
    if transport in facts.transports and facts.api_format == "GENERIC":
        return
    reason = (
        f"it is asked through the native API ({facts.api_format})"
        if facts.api_format != "GENERIC"
        else f"only by: {', '.join(facts.transports)}"
    )
    raise in_openai_style(
        400,
        f"The model {served.id} is not supported by this API.",
        f"{facts.id} is not served by {name}; {reason}",
        param="model",
        code="unsupported_model",
    )


def _neutral(dialect: Dialect, body: dict[str, Any]) -> ChatRequest:
    """The neutral request, with messages and tools that answers can be made of."""
    try:
        request = dialect.decode_request(body)
        messages.turns(request)
        tools.tools(request, Notes())
        tools.choice(request)
    except OcicatError as unusable:
        message = f"The ocicat emulator cannot answer this: {unusable.message}"
        raise refusal(400, message, str(unusable)) from None
    return request
