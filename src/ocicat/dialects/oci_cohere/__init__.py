"""COHERE: OCI's native format for Cohere's Command models (version 1).

Source of names, types and ranges: the ``oci`` SDK's ``CohereChatRequest``, ``CohereChatResponse``
and OCI's API reference for Chat (2023-11-30).
"""

from __future__ import annotations

from ocicat.dialects.oci_cohere.replies import decode_reply, encode_reply
from ocicat.dialects.oci_cohere.requests import CONTENT, PARAMETERS, decode_request, encode_request
from ocicat.dialects.oci_cohere.streams import stream_decoder, stream_encoder

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
