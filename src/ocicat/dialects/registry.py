"""Finds a dialect by its name. Each module is imported on first use, to keep a cold start short."""

from __future__ import annotations

from ocicat.dialects.dialect import Dialect

__all__ = ["dialect"]


def dialect(name: str) -> Dialect:
    """The dialect called ``name``, which is the name of its module."""
    match name:
        case "openai_chat":
            from ocicat.dialects import openai_chat

            return openai_chat
        case "oci_generic":
            from ocicat.dialects import oci_generic

            return oci_generic
        case "oci_cohere":
            from ocicat.dialects import oci_cohere

            return oci_cohere
        case "oci_cohere_v2":
            from ocicat.dialects import oci_cohere_v2

            return oci_cohere_v2
        case "openai_responses":
            from ocicat.dialects import openai_responses

            return openai_responses
    raise LookupError(f"there is no dialect called {name!r}")
