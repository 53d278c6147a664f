"""OpenAI's Responses for every chat model, and OCI's own where OCI answers them.

::

    respond / respond_stream (answering.py)
        kept here? ─ put what came before into `input` (turn.py)
        OCI's own Responses ─── the body as it is ──> OCI, which keeps the state (at_oci.py)
        any other model ─── a chat ──── events ────> the local store keeps the state (as_chat.py)

OCI's own Responses answer where the model has them and a project is set, or where the request
needs what only they have: ``conversation``, ``background``, a stored ``prompt``, hosted tools, or
an earlier response that OCI keeps; and where a conversation store is named. ``transport`` has the
last word: ``responses`` means them, ``openai`` and ``native`` mean a translated chat.

What a caller of this folder needs:

* :func:`respond` and :func:`respond_stream` take the body of ``POST /responses`` and the options of
  :func:`ocicat.completion`, and are flows for either driver. A stream yields the events as
  dictionaries, each with its ``type``. One that breaks says so with ``response.failed`` (as far as
  it had begun here) and then raises.
* :func:`retrieve`, :func:`delete`, :func:`cancel` and :func:`input_items` (kept.py) are about
  responses that are kept here: plain functions without effects, which wait for the store. Ids for
  which :func:`is_kept` is false are OCI's business.
* Every response has ``opc_request_id`` beside OpenAI's fields, and ``oci_notes`` where something
  was not done just as asked.
"""

from __future__ import annotations

from ocicat.client.responses.answering import respond, respond_stream
from ocicat.client.responses.kept import cancel, delete, input_items, is_kept, retrieve

__all__ = [
    "cancel",
    "delete",
    "input_items",
    "is_kept",
    "respond",
    "respond_stream",
    "retrieve",
]
