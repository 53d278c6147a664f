"""A response as a chat, for models that OCI does not serve through Responses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ocicat.call.attempts import WRONG_SHAPE
from ocicat.call.exchange import Call
from ocicat.client.functions import prepare
from ocicat.client.responses.at_oci import ONLY_OCI
from ocicat.client.responses.turn import Turn
from ocicat.dialects import openai_responses
from ocicat.errors import InvalidParameter, OcicatError, ResponseStateLost, UnsupportedFeature

__all__ = ["call_for"]

#: What is no matter of the chat: where and how the response is kept, and limits of hosted tools.
_NO_CHAT: Final = frozenset(
    {
        *("previous_response_id", "store", "metadata", "background", "stream", "max_tool_calls"),
        *("prompt_cache_options", "conversation", "prompt"),
    }
)


def call_for(turn: Turn, headers: Mapping[str, str], *, stream: bool) -> Call:
    """The chat that asks for the response. Raises :class:`~ocicat.errors.InvalidRequest` kin."""
    for name in ONLY_OCI:
        if turn.body.get(name):
            raise UnsupportedFeature(
                f"`{name}` needs OCI's own Responses, which do not answer for"
                f" {turn.body.get('model')} here.",
                parameter=name,
                hint="Use a model that OCI serves through Responses, and set a project.",
            )
    if turn.continues_elsewhere:
        raise ResponseStateLost(turn.body["previous_response_id"])
    chat = {name: value for name, value in turn.body.items() if name not in _NO_CHAT}
    chat["input"] = turn.whole_input
    try:
        request: dict[str, Any] = {**openai_responses.decode_request(chat)}
    except OcicatError:
        raise
    except WRONG_SHAPE as problem:
        raise InvalidParameter(
            f"The request is not in the form of OpenAI's Responses ({problem!r}).",
            parameter="input",
        ) from problem
    if stream:
        request["stream_options"] = {"include_usage": True}
    model, messages = request.pop("model"), request.pop("messages")
    call = prepare(model, messages, stream, {**turn.options, **request})
    call.headers = {**call.headers, **headers}
    return call
