"""OpenAI Chat Completions, as OCI's compatible surface speaks it.

The neutral vocabulary is this wire, so there is little to translate: this dialect checks what goes
out, and evens out what comes back. The compartment travels in a header, not in the body. Source of
names, types and ranges: OpenAI's API reference for Chat Completions.
"""

from __future__ import annotations

from ocicat.dialects.openai_chat.replies import decode_reply, encode_reply
from ocicat.dialects.openai_chat.requests import CONTENT, PARAMETERS, decode_request, encode_request
from ocicat.dialects.openai_chat.streams import stream_decoder, stream_encoder

__all__ = [
    "CONTENT",
    "PARAMETERS",
    "decode_reply",
    "decode_request",
    "encode_reply",
    "encode_request",
    "stream_decoder",
    "stream_encoder",
]
