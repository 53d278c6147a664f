"""Responses that are kept here: looked up, deleted, and what they were made of.

Every function may have to wait for the store, for which an event loop must not stand still.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ocicat.client.response_store import KeptResponse, ResponseStore, usual_store
from ocicat.errors import (
    BadRequestError,
    InvalidParameter,
    InvalidSetting,
    NotFoundError,
    ResponseStateLost,
)

__all__ = ["cancel", "delete", "history", "input_items", "is_kept", "retrieve"]


def is_kept(response_id: str, store: ResponseStore | None = None) -> bool:
    """Whether a response is kept here. A store that cannot be used keeps nothing."""
    try:
        return (store or usual_store()).get(response_id) is not None
    except InvalidSetting:
        return False


def retrieve(
    response_id: str, query: Mapping[str, str] = {}, store: ResponseStore | None = None
) -> dict[str, Any]:
    """``GET /responses/{id}``. Raises :class:`~ocicat.errors.NotFoundError`.

    ``query`` may not ask for a ``stream``, as what is kept here has ended.
    """
    response = _kept(response_id, store or usual_store()).response
    if query.get("stream") == "true":
        raise _not_in_background("streamed")
    return response


def delete(response_id: str, store: ResponseStore | None = None) -> dict[str, Any]:
    """``DELETE /responses/{id}``. Raises :class:`~ocicat.errors.NotFoundError`."""
    if not (store or usual_store()).delete(response_id):
        raise _not_found(response_id)
    return {"id": response_id, "object": "response", "deleted": True}


def cancel(response_id: str, store: ResponseStore | None = None) -> dict[str, Any]:
    """``POST /responses/{id}/cancel``. What is kept here has ended, so this only raises."""
    _kept(response_id, store or usual_store())
    raise _not_in_background("cancelled")


def input_items(
    response_id: str, query: Mapping[str, str] = {}, store: ResponseStore | None = None
) -> dict[str, Any]:
    """``GET /responses/{id}/input_items``: all that the model was given but the instructions.

    ``query`` may have ``limit`` (1 to 100, default 20), ``order`` (``desc``, the default, or
    ``asc``) and ``after`` (an item's id). Raises :class:`~ocicat.errors.NotFoundError` and
    :class:`~ocicat.errors.InvalidParameter`.
    """
    store = store or usual_store()
    kept = _kept(response_id, store)
    items = [*history(kept.response["previous_response_id"], store), *kept.input]
    order, limit = query.get("order", "desc"), query.get("limit", "20")
    if order not in ("asc", "desc"):
        raise InvalidParameter("`order` must be asc or desc.", parameter="order")
    if not re.fullmatch("[1-9][0-9]?|100", limit):
        raise InvalidParameter("`limit` must be a number from 1 to 100.", parameter="limit")
    if order == "desc":
        items.reverse()
    ids = [item["id"] for item in items]
    after = query.get("after")
    if after is not None and after not in ids:
        raise InvalidParameter("`after` is the id of none of these items.", parameter="after")
    start = ids.index(after) + 1 if after is not None else 0
    page = items[start : start + int(limit)]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": start + len(page) < len(items),
    }


def history(response_id: str | None, store: ResponseStore) -> list[dict[str, Any]]:
    """The items of a conversation up to and with a response, in order.

    Raises :class:`~ocicat.errors.ResponseStateLost`.
    """
    turns: list[list[dict[str, Any]]] = []
    while response_id is not None:
        kept = store.get(response_id)
        if kept is None:
            raise ResponseStateLost(response_id)
        turns.append([*kept.input, *kept.response["output"]])
        response_id = kept.response["previous_response_id"]
    return [item for turn in reversed(turns) for item in turn]


def _kept(response_id: str, store: ResponseStore) -> KeptResponse:
    kept = store.get(response_id)
    if kept is None:
        raise _not_found(response_id)
    return kept


def _not_found(response_id: str) -> NotFoundError:
    return NotFoundError(
        f"Response with id {response_id!r} not found.",
        status=404,
        code="not_found",
        parameter="response_id",
    )


def _not_in_background(done: str) -> BadRequestError:
    return BadRequestError(
        f"Only responses created with background=true can be {done}.",
        status=400,
        code="invalid_request_error",
    )
