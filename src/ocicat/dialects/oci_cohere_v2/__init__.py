"""COHEREV2: OCI's native format for Cohere's models that reason, see and use tools by JSON Schema.

Source of names, types and ranges: the ``oci`` SDK's ``CohereChatRequestV2``,
``CohereChatResponseV2`` and OCI's API reference for Chat (2023-11-30).
"""

from __future__ import annotations

from ocicat.dialects.oci_cohere_v2.replies import decode_reply, encode_reply
from ocicat.dialects.oci_cohere_v2.requests import (
    CONTENT,
    PARAMETERS,
    decode_request,
    encode_request,
)
from ocicat.dialects.oci_cohere_v2.streams import stream_decoder, stream_encoder

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
