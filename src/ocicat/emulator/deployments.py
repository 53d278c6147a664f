"""Model deployments of OCI Data Science, beside their chats: vectors, and what they serve.

They answer in OpenAI's form, as vLLM does there. The name of the model in a request is the
deployment's own affair.
"""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from ocicat.emulator import vectors
from ocicat.emulator.answers import count_tokens
from ocicat.emulator.call import Call
from ocicat.emulator.objects import read_json
from ocicat.emulator.refusals import NOT_FOUND, refusal
from ocicat.emulator.schema.openai_texts import check_embeddings
from ocicat.emulator.tenancy import Tenancy
from ocicat.vocabulary.model import ModelFacts

__all__ = ["embed_deployed", "find_deployed", "list_deployed"]

#: The numbers in a vector, unless a request says how many.
_USUAL_SIZE: Final = 1024
#: Servers of OpenAI's form do not ask what a text is for.
_PURPOSE: Final = "TEXT"


def find_deployed(call: Call, tenancy: Tenancy) -> ModelFacts:
    """The model of the deployment that the path of a request begins with.

    Raises :class:`~ocicat.emulator.refusals.Refused`.
    """
    try:
        return tenancy.deployed(call.path.split("/")[1])
    except LookupError as absent:
        raise refusal(404, NOT_FOUND, str(absent.args[0]), code="NotAuthorizedOrNotFound") from None


def embed_deployed(call: Call, tenancy: Tenancy) -> web.Response:
    """The vectors that a request asks a deployment for. Raises ``Refused``."""
    find_deployed(call, tenancy)
    body = read_json(call, check_embeddings)
    size = body.get("dimensions", _USUAL_SIZE)
    kind = body.get("encoding_format", "float")
    data = []
    tokens = 0
    for index, text in enumerate(_inputs(body["input"])):
        tokens += count_tokens(text) if isinstance(text, str) else len(text)
        vector = (
            vectors.of_text(text, _PURPOSE, size)
            if isinstance(text, str)
            else vectors.of_words(((str(token), 1.0) for token in text), size)
        )
        embedding = vectors.as_type(vector, kind)
        data.append({"object": "embedding", "index": index, "embedding": embedding})
    call.record(200)
    return call.json_reply(
        {
            "object": "list",
            "data": data,
            "model": body["model"],
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
        }
    )


def _inputs(given: Any) -> list[str | list[int]]:
    """Each input: a text, or its tokens."""
    if isinstance(given, str) or isinstance(given[0], int):
        return [given]
    inputs: list[str | list[int]] = given
    return inputs


def list_deployed(call: Call, tenancy: Tenancy) -> web.Response:
    """The list of models of a deployment, which serves one. Raises ``Refused``."""
    facts = find_deployed(call, tenancy)
    call.record(200)
    model = {"id": facts.id, "object": "model", "created": 0, "owned_by": "vllm"}
    return call.json_reply({"object": "list", "data": [model]})
