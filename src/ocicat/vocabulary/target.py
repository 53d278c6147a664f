"""Where one call goes: the outcome of routing, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ocicat.vocabulary.model import ModelFacts

__all__ = ["Operation", "ServingMode", "Target", "Transport"]

#: ``openai``: Chat Completions on OCI's OpenAI-compatible surface; ``responses``: OpenAI's
#: Responses there; ``native``: the 2023-11-30 inference API; ``deployment``: a model deployment of
#: OCI Data Science, which speaks Chat Completions and Embeddings.
Transport = Literal["openai", "responses", "native", "deployment"]

#: What is asked of a model.
Operation = Literal["chat", "embeddings", "rerank"]


@dataclass(frozen=True, slots=True)
class ServingMode:
    """On demand: ``id`` is a model name or model OCID. Dedicated: ``id`` is an endpoint OCID."""

    kind: Literal["ON_DEMAND", "DEDICATED"]
    id: str


@dataclass(frozen=True, slots=True)
class Target:
    """A resolved call: which model, on which surface, at which address, in which dialect."""

    #: The bare model id (no ``oci/``), which replies echo.
    model: str
    facts: ModelFacts
    transport: Transport
    #: A name that ``dialects.registry`` knows.
    dialect: str
    scheme: str
    #: The URL's authority as written, with ``:port`` only where the address has one.
    host: str
    #: The raw request target of the call.
    path: str
    serving: ServingMode
    #: The same where a stream has one of its own.
    stream_path: str = ""
    #: Whether the dialect is only the likeliest: nothing given says which model answers there.
    format_is_assumed: bool = False

    @property
    def url(self) -> str:
        """The whole URL of the call."""
        return f"{self.scheme}://{self.host}{self.path}"
