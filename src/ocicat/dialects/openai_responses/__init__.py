"""OpenAI's Responses, as OCI's compatible surface speaks it.

One half asks Responses-only models for a chat, the other answers Responses requests with a chat.
A chat keeps no state, so nothing is asked to be stored and the whole conversation travels as
``input`` items; system messages stay among them, in their place. The compartment travels in a
header. Source of names, types and events: the ``openai`` SDK's types and OpenAI's API reference
for Responses.
"""

from __future__ import annotations

from ocicat.dialects.openai_responses.decoding import stream_decoder
from ocicat.dialects.openai_responses.encoding import encode_reply, error_event, stream_encoder
from ocicat.dialects.openai_responses.replies import decode_reply
from ocicat.dialects.openai_responses.requests import (
    CONTENT,
    PARAMETERS,
    decode_request,
    encode_request,
)

__all__ = [
    "CONTENT",
    "PARAMETERS",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "error_event",
    "stream_decoder",
    "stream_encoder",
]
