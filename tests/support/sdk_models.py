"""The model classes of the ``oci`` SDK, as judges of what goes to and comes from OCI."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from oci.auth.signers import SecurityTokenSigner
from oci.generative_ai_inference import GenerativeAiInferenceClient
from oci.signer import load_private_key

from support.signing_cases import private_key_pem

__all__ = ["check_details", "check_result", "round_trip"]


@cache
def _client() -> Any:
    # Nothing is sent, so it does not matter who signs.
    signer = SecurityTokenSigner("token", load_private_key(private_key_pem().decode(), None))
    return GenerativeAiInferenceClient({"region": "us-chicago-1"}, signer=signer).base_client


def round_trip(wire: dict[str, Any], kind: str) -> Any:
    """``wire`` as the SDK reads it into class ``kind`` and writes it again."""
    client = _client()
    read = client.deserialize_response_data(json.dumps(wire).encode(), kind)
    return client.sanitize_for_serialization(read, kind)


def check_details(wire: dict[str, Any], kind: str = "ChatDetails") -> None:
    """That the SDK knows every field of a request, and reads it as the same."""
    assert _without_nulls(round_trip(wire, kind)) == _without_nulls(wire)


def check_result(wire: dict[str, Any], kind: str = "ChatResult") -> None:
    """That the SDK can read an answer. Answers may say more than the SDK knows."""
    round_trip(wire, kind)


# The SDK reads contents of these types into the right classes and forgets their type on the way:
# the base class lists TEXT and IMAGE only.
_FORGOTTEN = ("DOCUMENT", "AUDIO", "VIDEO")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [_without_nulls(item) for item in value]
    return "UNKNOWN_ENUM_VALUE" if value in _FORGOTTEN else value
