"""What is the business of OCI, or of a deployment, alone: bytes that are signed and sent on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from ocicat.call.attempts import Ask, answer, located
from ocicat.client.connection import Connection
from ocicat.client.locating import region_finder
from ocicat.client.openai_api.chats import CHAT_PARAMETERS
from ocicat.client.openai_api.requests import Asked, handed_on, own_path
from ocicat.client.options import ask_arguments, split
from ocicat.client.telemetry import traced
from ocicat.routing.regions import Region
from ocicat.vocabulary.flow import READ, Flow
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.target import ServingMode, Target, Transport

__all__ = ["hand_over"]

#: Headers of OCI's answers that are about its connection and not about what it says.
_OF_THE_CONNECTION: Final = frozenset(
    {
        *("connection", "content-encoding", "content-length", "date", "keep-alive", "server"),
        *("set-cookie", "transfer-encoding"),
    }
)


def hand_over(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """The answer of OCI, or of the deployment that is the connection's base.

    The request's bytes are signed and sent as they are.
    """
    _, connection = split(options, CHAT_PARAMETERS, function="completion")
    target = _surface(asked, connection)
    identities = connection.identities(target.transport)
    headers = handed_on(asked)
    for name in ("accept", "content-type"):
        if name in asked.headers:
            headers[name] = asked.headers[name]
    if connection.project_id and target.transport == "responses":
        headers["openai-project"] = connection.project_id
    ask = Ask(
        **ask_arguments(options, connection, target, identities),
        method=asked.method,
        headers=headers,
        locate=region_finder(
            connection, identities, lambda region: _surface(asked, connection, region)
        ),
    )
    yield from located(ask)
    asking = answer(ask, asked.body, stream=True)
    search = re.search(r"/vector_stores/([^/]+)/search$", asked.path)
    if search:
        asking = traced(asking, ask, {"data_source_id": search[1]}, "retrieval")
    response, _ = yield from asking
    answered = {
        name: value for name, value in response.headers.items() if name not in _OF_THE_CONNECTION
    }
    if "opc-request-id" in answered:
        answered.setdefault("x-request-id", answered["opc-request-id"])
    yield {"status": response.status, "headers": answered}
    if not response.streaming:
        yield {"data": response.body}
        return
    while data := (yield READ):
        yield {"data": data}


def _surface(asked: Asked, connection: Connection, region: Region | None = None) -> Target:
    """Where such a request is taken; in ``region``, if it is given."""
    own = own_path(asked.path)
    assert own is not None
    transport: Transport = "responses"
    if connection.deployment is not None and connection.deployment.address is not None:
        transport = "deployment"
        address, base = connection.deployment.address, connection.deployment.base
    elif re.fullmatch(r"/vector_stores(/[^/]+)?", own):
        # Stores are made where clusters and endpoints are; their files and searches are elsewhere.
        address, base = connection.management(region=region), "/20231130/openai/v1"
    else:
        address, base = connection.service(region), "/openai/v1"
    query = f"?{asked.query}" if asked.query else ""
    name = own[1:].partition("/")[0]
    return Target(
        model=name,
        facts=ModelFacts(name),
        transport=transport,
        dialect="openai_responses",
        scheme=address.scheme,
        host=address.host,
        path=f"{address.path}{base}{own}{query}",
        serving=ServingMode("ON_DEMAND", name),
    )
