"""``/responses``: those that are made or kept here, and those that are OCI's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

from ocicat.auth.background import in_background
from ocicat.client import responses
from ocicat.client.openai_api import answers
from ocicat.client.openai_api.handing_over import hand_over
from ocicat.client.openai_api.requests import (
    Asked,
    handed_on,
    no_such_operation,
    read_object,
)
from ocicat.vocabulary.flow import Flow

__all__ = ["respond"]


def respond(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """A new response, or what is asked of one that there is."""
    if rest or asked.method != "POST":
        yield from _respond_of_old(asked, rest, options)
        return
    body, headers = read_object(asked), handed_on(asked)
    if body.get("stream"):
        told = responses.respond_stream(body, options, store=asked.store, headers=headers)
        yield from answers.events(told, named=True)
    else:
        response = yield from responses.respond(body, options, store=asked.store, headers=headers)
        yield from answers.json_answer(response)


def _respond_of_old(asked: Asked, rest: str, options: Mapping[str, Any]) -> Flow[None]:
    """What is asked of a response that there is already: kept here, or by OCI."""
    id, _, what = rest.removeprefix("/").partition("/")
    id, query, store = unquote(id), dict(parse_qsl(asked.query)), asked.store
    done_here = {
        ("GET", ""): lambda: responses.retrieve(id, query, store),
        ("DELETE", ""): lambda: responses.delete(id, store),
        ("POST", "cancel"): lambda: responses.cancel(id, store),
        ("GET", "input_items"): lambda: responses.input_items(id, query, store),
    }.get((asked.method, what))
    if not id or done_here is None:
        raise no_such_operation(asked)
    # The store may have to wait for a lock, for which an event loop must not stand still.
    found = yield from in_background(lambda: done_here() if responses.is_kept(id, store) else None)
    if found is not None:
        yield from answers.json_answer(found)
    else:
        yield from hand_over(asked, rest, options)
