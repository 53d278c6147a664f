"""Where one call goes: the outcome of routing, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ocicat.vocabulary.model import ModelFacts

__all__ = ["ServingMode", "Target", "Transport"]

#: ``openai``: the OpenAI-compatible surface of OCI. ``native``: the 2023-11-30 inference API.
Transport = Literal["openai", "native"]


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
    #: ``openai_chat``, ``oci_generic`` or ``oci_cohere``: a key of ``dialects.registry``.
    dialect: str
    scheme: str
    #: The URL's authority as written, with ``:port`` only where the address has one.
    host: str
    #: The raw request target of a chat call.
    path: str
    serving: ServingMode

    @property
    def url(self) -> str:
        """The whole URL of a chat call."""
        return f"{self.scheme}://{self.host}{self.path}"
