"""What can be known of a model. The catalogue in ``routing`` fills it in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ApiFormat", "LengthParameter", "ModelFacts", "PriceUnit", "Product", "Rate"]

ApiFormat = Literal["GENERIC", "COHERE", "COHEREV2"]
LengthParameter = Literal["max_tokens", "max_completion_tokens"]
PriceUnit = Literal["1,000,000 tokens", "10,000 characters", "1,000 search units"]


@dataclass(frozen=True, slots=True)
class Rate:
    """Prices in US dollars, each for one unit of the product."""

    #: For the prompt, for the texts to embed, or for the search.
    input: float
    #: For the answer; ``None`` where there is none to pay for.
    output: float | None = None
    #: For what was read from OCI's cache; ``None`` where that is not cheaper, or not public.
    cached_input: float | None = None
    #: It holds for prompts of more than so many tokens.
    above: int = 0


@dataclass(frozen=True, slots=True)
class Product:
    """What Oracle sells calls on demand as, by its public list. Contracts may say otherwise."""

    #: As the pricing page and the model's own page spell it, such as ``Large Meta``.
    name: str
    unit: PriceUnit
    #: The day (``YYYY-MM-DD``) of the list, or its year where no more is known.
    as_of: str
    #: In the order of ``above``; the first holds for every prompt that no other is for.
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What is known of one model. The defaults are those of a model of which nothing is known."""

    #: The name that OCI knows it by on demand, such as ``meta.llama-3.3-70b-instruct``.
    id: str
    #: As OCI's list of models spells it: ``cohere``, ``meta``, ``xai``, ``openai``, ``google``.
    vendor: str = ""
    #: The family whose row it builds on, such as ``grok``.
    family: str = ""
    name: str = ""
    description: str = ""
    #: Tokens of prompt and answer together; ``None`` where nobody says.
    context: int | None = None
    #: Tokens to ask for when the caller gives no limit; ``None`` leaves it to OCI.
    max_output: int | None = None
    #: Of ``text``, ``image``, ``audio``, ``video``.
    input_modalities: tuple[str, ...] = ("text",)
    #: Of ``text``, ``embedding``, ``ranking``.
    output_modalities: tuple[str, ...] = ("text",)
    tools: bool = True
    reasoning: bool = False
    #: OCI's words: ``CHAT``, ``TEXT_EMBEDDINGS``, ``TEXT_RERANK``.
    capabilities: tuple[str, ...] = ("CHAT",)
    #: Of ``openai`` (Chat Completions), ``native`` and ``responses``, the preferred one first.
    transports: tuple[str, ...] = ("openai", "native")
    #: The ``apiFormat`` of native requests.
    api_format: ApiFormat = "GENERIC"
    #: Under which name the model takes its limit of output tokens.
    length_parameter: LengthParameter = "max_tokens"
    #: Parameters that the model does not take, and that are left out with a note.
    ignores: tuple[str, ...] = ()
    #: Whether tools may be offered in a chat that begins with a system message.
    tools_after_system: bool = True
    #: Whether it understands JSON Schemas with ``$ref``, ``anyOf`` and bounds that exclude.
    full_schemas: bool = False
    #: Whether it writes its tool calls into the text, as ``<tool_call>{…}</tool_call>`` and kin.
    inline_tool_calls: bool = False
    #: Vectors of so many dimensions, the usual number first (embedding models).
    dimensions: tuple[int, ...] = ()
    #: What it is sold as on demand, and for how much; ``None`` where that is not public.
    product: Product | None = None
    #: Whether a native stream ends with ``[DONE]``.
    sends_done: bool = True
    #: Where it is served on demand, as far as documented.
    regions: tuple[str, ...] = ()
    #: Where it is only to be had on dedicated clusters, as far as documented.
    dedicated_regions: tuple[str, ...] = ()
    deprecated: bool = False
    #: The day (``YYYY-MM-DD``) on which it ceased, or ceases, to be served on demand.
    retired_on_demand: str | None = None
    #: The id of the model to move to.
    replaced_by: str | None = None
    #: Other names under which OCI serves the same model.
    aliases: tuple[str, ...] = ()
    #: False where the id has no row of its own and the facts are its family's.
    known: bool = True
