"""Logarithmic probabilities of tokens: OCI's lists side by side, and OpenAI's list of tokens.

Source: the ``oci`` SDK's ``Logprobs``, and OpenAI's API reference for Chat Completions.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Any

__all__ = ["decode", "encode"]


def decode(wire: Any) -> dict[str, Any] | None:
    """``{"content": [{"token", "logprob", "bytes", "top_logprobs"}]}``; ``None`` without tokens."""
    if not isinstance(wire, dict) or not wire.get("tokens"):
        return None
    tokens = wire["tokens"]
    lists = (wire.get("tokenLogprobs") or (), wire.get("topLogprobs") or ())
    rows = list(zip_longest(tokens, *lists))[: len(tokens)]
    return {
        "content": [
            {**_token(token, logprob), "top_logprobs": _likeliest(top)}
            for token, logprob, top in rows
        ]
    }


def _token(token: str, logprob: Any) -> dict[str, Any]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def _likeliest(top: dict[str, Any] | None) -> list[dict[str, Any]]:
    # The SDK documents these numbers as texts.
    pairs = [(token, float(logprob)) for token, logprob in (top or {}).items()]
    return [_token(*pair) for pair in sorted(pairs, key=lambda pair: -pair[1])]


def encode(logprobs: dict[str, Any] | None) -> dict[str, Any]:
    """OCI's lists; none where there is nothing to tell."""
    content = (logprobs or {}).get("content") or []
    if not content:
        return {}
    return {
        "tokens": [item["token"] for item in content],
        "tokenLogprobs": [item["logprob"] for item in content],
        "topLogprobs": [
            {top["token"]: str(top["logprob"]) for top in item.get("top_logprobs") or []}
            for item in content
        ],
    }
