"""The body of a COHERE request, in both directions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ocicat.dialects import (
    checks,
    cohere_answers,
    cohere_citations,
    parameters,
    serving,
    tools,
)
from ocicat.dialects.dialect import Entry, Notes
from ocicat.dialects.messages import check_content, turns
from ocicat.dialects.oci_cohere import history
from ocicat.dialects.oci_cohere import tools as cohere_tools
from ocicat.dialects.parameters import (
    BOOKKEEPING,
    NATIVE_STREAM_OPTIONS,
    REPLACED,
    TEXT_ONLY,
    Dropped,
    Own,
    Parameter,
    Refused,
)
from ocicat.dialects.tools import Tool, ToolChoice
from ocicat.errors import InvalidParameter
from ocicat.vocabulary.chat import ChatRequest
from ocicat.vocabulary.target import Target

__all__ = ["CONTENT", "PARAMETERS", "decode_request", "encode_request"]

_NAME = "the native COHERE format"
_V2 = "Models of the COHEREV2 format have it, such as Cohere's reasoning and vision models."
_NO_REASONING = Dropped("Models of the COHERE format do not reason.")

#: What becomes of each parameter of a request.
PARAMETERS: Mapping[str, Entry] = {
    "temperature": Parameter("temperature", checks.number(0, 1)),
    "top_p": Parameter("topP", checks.number(0, 1)),
    "top_k": Parameter("topK", checks.integer(0, 500)),
    "n": Own("Each answer is asked for by a call of its own.", "emulated", checks.one),
    "max_tokens": Own("Without it, the model's own limit is sent, where it is known."),
    "max_completion_tokens": Own("The same as max_tokens."),
    "stop": Parameter("stopSequences", checks.texts),
    "seed": Parameter("seed", checks.integer()),
    "presence_penalty": Parameter("presencePenalty", checks.number(0, 1)),
    "frequency_penalty": Parameter("frequencyPenalty", checks.number(0, 1)),
    "stream_options": NATIVE_STREAM_OPTIONS,
    "tools": Own(
        "Parameters become names of Python types; what these cannot say goes into descriptions."
    ),
    "tool_choice": Own(
        "By offering fewer tools, and by a sentence in the preamble.", way="emulated"
    ),
    "parallel_tool_calls": Own(
        "For false, the preamble asks for one call at a time.", way="emulated"
    ),
    "response_format": Own("A schema is sent as that of a JSON_OBJECT."),
    "documents": Parameter("documents", cohere_citations.documents),
    "citation_quality": Parameter(
        "citationQuality", checks.choice("accurate", "fast", upper=True), back=str.lower
    ),
    "safety_mode": Parameter(
        "safetyMode", checks.choice("contextual", "strict", "off", upper=True), back=str.lower
    ),
    "search_queries_only": Parameter("isSearchQueriesOnly", checks.boolean),
    "force_single_step": Parameter("isForceSingleStep", checks.boolean),
    "preamble": Own("System messages at the start are added to it.", check=checks.text),
    "raw_prompting": Parameter("isRawPrompting", checks.boolean),
    "prompt_truncation": Parameter(
        "promptTruncation",
        checks.choice("off", "auto_preserve_order", upper=True),
        back=str.lower,
    ),
    "max_input_tokens": Parameter("maxInputTokens", checks.integer(1)),
    "echo": Parameter("isEcho", checks.boolean),
    "reasoning_effort": _NO_REASONING,
    "thinking": _NO_REASONING,
    "verbosity": Dropped("Cohere's models have no such setting; say it in a system message."),
    "prediction": Dropped("It would only make the answer come faster."),
    "service_tier": Dropped("The format has no place for it."),
    "metadata": Dropped("The format has no place for it."),
    "priority": Dropped(f"The format has no place for it. {_V2}"),
    "strict_tools": Refused("Arguments cannot be made to follow their schema.", _V2),
    "logprobs": Refused("The answer has no probabilities in it.", _V2),
    "top_logprobs": Refused("The answer has no probabilities in it.", _V2),
    "logit_bias": Refused("Cohere's models take no bias.", "Use a model of another vendor."),
    "web_search_options": Refused(
        "Cohere's models do not search the web.",
        "Give what was found as `documents`; `search_queries_only` says what to search for.",
    ),
    **TEXT_ONLY,
    **REPLACED,
    **BOOKKEEPING,
}

#: What becomes of each kind of content.
CONTENT: Mapping[str, Entry] = {
    "image": Refused("Cohere's vision models take images; they speak COHEREV2."),
    "document": Refused("Give its text as `documents`."),
    "audio": Refused("Use a model of another vendor."),
    "video": Refused("Use a model of another vendor."),
}

_STRUCTURE = frozenset(
    {
        *("apiFormat", "message", "chatHistory", "toolResults", "preambleOverride", "tools"),
        *cohere_answers.KEYS,
    }
)


def encode_request(
    request: ChatRequest, target: Target, compartment_id: str, notes: Notes
) -> dict[str, Any]:
    """The ``ChatDetails`` that ask ``target`` for this chat."""
    facts = target.facts
    request = parameters.settled(request, notes)
    spoken = check_content(turns(request), CONTENT, facts, notes, dialect=_NAME)
    conversation = history.encode(spoken, notes)
    simple = parameters.encode(request, PARAMETERS, facts, notes, dialect=_NAME)
    asked = parameters.remaining(request, PARAMETERS, facts, notes)
    offered, orders = _offer(asked, notes)
    chat: dict[str, Any] = {"apiFormat": "COHERE", "message": conversation.question}
    preamble = (asked.get("preamble"), *conversation.preamble, *orders)
    if any(preamble):
        chat["preambleOverride"] = "\n\n".join(text for text in preamble if text)
    if conversation.history:
        chat["chatHistory"] = conversation.history
    if conversation.results:
        chat["toolResults"] = conversation.results
    if offered:
        chat["tools"] = [cohere_tools.encode(tool) for tool in offered]
    chat.update(simple)
    chat.update(cohere_answers.encode(request, asked.get("response_format"), facts, notes))
    return {**serving.encode(target, compartment_id), "chatRequest": chat}


def _offer(asked: ChatRequest, notes: Notes) -> tuple[list[Tool], list[str]]:
    """The tools to offer, and what the preamble must say of their use, for want of a field."""
    offered = [tool for tool in tools.tools(asked, notes) if _has_a_name(tool, notes)]
    if any(tool.strict for tool in offered):
        notes.add("tools", "Left out: `strict`; arguments need not follow their schema here.")
    choice = tools.choice(asked) or ToolChoice("auto")
    orders = []
    if choice.kind == "none" and offered:
        offered = []
        notes.add("tool_choice", "Done by ocicat: no tool was offered.")
    if choice.kind == "function":
        offered = [tool for tool in offered if tool.name == choice.function]
        orders.append(f"You must call the tool {choice.function} before you answer.")
        notes.add("tool_choice", "Done by ocicat: only it was offered, and must be called.")
    if choice.kind == "required":
        orders.append("You must call at least one of the tools before you answer.")
        notes.add("tool_choice", "Done by ocicat: the preamble says that one must be called.")
    if choice.kind in ("function", "required") and not offered:
        raise InvalidParameter(
            "`tool_choice` asks for a tool, and none is offered.", parameter="tool_choice"
        )
    if offered and asked.get("parallel_tool_calls") is False:
        orders.append("Never call more than one tool at a time.")
        notes.add("parallel_tool_calls", "Done by ocicat: the preamble asks for one at a time.")
    return offered, orders


def _has_a_name(tool: Tool, notes: Notes) -> bool:
    if cohere_tools.is_name(tool.name):
        return True
    notes.refuse(
        "tools",
        f"The tool {tool.name!r} has a name that Cohere's models do not take.",
        hint="Use letters, digits and _ only, and no digit first.",
    )
    return False


def decode_request(body: dict[str, Any]) -> ChatRequest:
    """The neutral request that ``ChatDetails`` with a COHERE chat request say."""
    chat = body["chatRequest"]
    request = parameters.decode(chat, PARAMETERS, known=_STRUCTURE, dialect=_NAME)
    request["model"] = serving.decode(body)
    request["messages"] = history.decode(chat)
    if chat.get("tools") is not None:
        request["tools"] = [tools.neutral(cohere_tools.decode(tool)) for tool in chat["tools"]]
    request.update(cohere_answers.decode(chat))
    return request
