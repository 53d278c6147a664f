"""Which operation of OpenAI's API a request is for, and who answers it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from ocicat.client.openai_api import answers
from ocicat.client.openai_api.chats import CHAT_PARAMETERS, chat
from ocicat.client.openai_api.embeddings import embed
from ocicat.client.openai_api.handing_over import hand_over
from ocicat.client.openai_api.models import list_or_find
from ocicat.client.openai_api.requests import (
    OPERATIONS,
    ROUTE,
    Asked,
    no_such_operation,
    own_path,
)
from ocicat.client.openai_api.responses import respond
from ocicat.client.options import split
from ocicat.errors import APIStatusError, InvalidRequest, MalformedReply, StreamBroken
from ocicat.vocabulary.flow import Flow

__all__ = ["answer"]

_HANDLERS: Final[dict[str, Callable[[Asked, str, Mapping[str, Any]], Flow[None]]]] = {
    **dict.fromkeys(OPERATIONS, hand_over),
    "chat/completions": chat,
    "embeddings": embed,
    "models": list_or_find,
    "responses": respond,
}

#: What ocicat translates for any model, also for one at a deployment.
_TRANSLATED: Final = (chat, respond)


def answer(asked: Asked, options: Mapping[str, Any]) -> Flow[None]:
    """The answer to a request, with the ``options`` of :func:`ocicat.completion`.

    It is yielded among the effects: first ``{"status": int, "headers": dict}``, then the body in
    pieces, ``{"data": bytes}``. What OCI or ocicat refuses is an answer too, in OpenAI's shape.

    Raises :class:`~ocicat.errors.ConfigurationError` kin, and
    :class:`~ocicat.errors.TransportError` kin where no answer arrived, or not all of it.
    """
    route = ROUTE.search(asked.path)
    handler = _HANDLERS.get(route[1]) if route else None
    # Nothing of this is raised once an answer has begun.
    try:
        if handler not in _TRANSLATED and _is_for_deployment(asked, options):
            handler = hand_over
        if handler is None:
            raise no_such_operation(asked)
        yield from handler(asked, asked.path[route.end() :] if route else "", options)
    except (InvalidRequest, APIStatusError, MalformedReply) as failure:
        yield from answers.refusal(failure)
    except StreamBroken as broken:
        # A stream that had brought nothing but the report of a failure.
        if not isinstance(broken.__cause__, APIStatusError):
            raise
        yield from answers.refusal(broken.__cause__)


def _is_for_deployment(asked: Asked, options: Mapping[str, Any]) -> bool:
    """Whether it is a deployment of Data Science, and not OCI's service, that is asked."""
    if own_path(asked.path) is None:
        return False
    _, connection = split(options, CHAT_PARAMETERS, function="completion")
    return connection.deployment is not None
