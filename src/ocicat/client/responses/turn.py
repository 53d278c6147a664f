"""One turn of a conversation: what is asked, what came before, and what its response repeats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from ocicat.auth.background import in_background
from ocicat.call.exchange import Call
from ocicat.client.connection import Connection
from ocicat.client.options import split
from ocicat.client.response_store import KeptResponse, ResponseStore, usual_store
from ocicat.client.responses.kept import history, is_kept
from ocicat.client.responses.names import note_in_own_words
from ocicat.errors import InvalidParameter, OcicatError
from ocicat.vocabulary.flow import Ambient, Flow

__all__ = ["OWN_OPTIONS", "Turn", "kind_of", "read_turn"]

#: Options that are no connection arguments.
OWN_OPTIONS: Final = frozenset({"drop_params", "inline_tool_calls"})
#: What a response repeats of its request.
_ECHOED: Final = (
    *("instructions", "max_output_tokens", "max_tool_calls", "metadata", "parallel_tool_calls"),
    *("previous_response_id", "prompt_cache_key", "prompt_cache_retention", "safety_identifier"),
    *("temperature", "tool_choice", "top_logprobs", "top_p", "truncation", "user"),
)
_KEPT_EVENTS: Final = ("response.completed", "response.incomplete")
_LETTERS: Final = {"message": "msg", "reasoning": "rs", "function_call": "fc"}


class _Item(msgspec.Struct):
    type: str | None = None
    id: str | None = None


class _Typed(msgspec.Struct):
    type: str


class _Text(msgspec.Struct, frozen=True):
    format: _Typed | None = None


class _Shape(msgspec.Struct):
    """What is read of a body here, before a dialect or OCI reads the whole."""

    input: str | list[_Item] = ""
    tools: list[_Typed] = []
    tool_choice: str | _Typed = "auto"
    include: list[str] = []
    reasoning: dict[str, Any] = {}
    text: _Text = _Text()
    metadata: dict[str, str] = {}
    max_tool_calls: int = 0
    previous_response_id: str = ""
    background: bool = False
    store: bool = True
    stream: bool = False


@dataclass(slots=True)
class Turn:
    """One request, and what is known of its response."""

    #: As the caller gave it, without what has no value.
    body: dict[str, Any]
    options: Mapping[str, Any]
    connection: Connection
    store: ResponseStore
    #: What came before, as far as it is kept here.
    earlier: list[dict[str, Any]]
    #: The items of this turn.
    input: list[dict[str, Any]]
    #: Whether an earlier response is continued that is not kept here.
    continues_elsewhere: bool
    response_id: str = ""
    #: What every form of the response says beside the answer.
    said: dict[str, Any] = field(default_factory=dict)

    @property
    def whole_input(self) -> list[dict[str, Any]]:
        """The items of the conversation as far as it is known here."""
        return [*self.earlier, *self.input]

    def begin(self, call: Call, source: dict[str, Any]) -> None:
        """Give the response, of which ``source`` is a neutral reply or chunk, its own id."""
        if not self.response_id:
            self.response_id = f"resp_{call.ambient.token().lower()}"
            self.said = {**_echo(self.body), "opc_request_id": source.get("opc_request_id", "")}
        if source.get("oci_notes"):
            notes = [note_in_own_words(note) for note in source["oci_notes"]]
            self.said["oci_notes"] = [*self.said.get("oci_notes", []), *notes]
        source["id"] = self.response_id

    def dressed(self, response: dict[str, Any], ambient: Ambient) -> dict[str, Any]:
        """The response with what it repeats of its request, and when it was completed."""
        done = int(ambient.now()) if response["status"] == "completed" else None
        return {**response, **self.said, "completed_at": done}

    def told(self, event: dict[str, Any], ambient: Ambient) -> Flow[None]:
        """The event with what its response repeats; the response is kept before its end is told."""
        if "response" in event:
            event["response"] = self.dressed(event["response"], ambient)
            if event["type"] in _KEPT_EVENTS:
                yield from self.kept(event["response"])
        yield event

    def kept(self, response: dict[str, Any]) -> Flow[None]:
        """Keep the response for later ones, unless it is not to be kept."""
        if response["store"]:
            # The store may have to wait for a lock, for which an event loop must not stand still.
            yield from in_background(lambda: self._keep(response))

    def _keep(self, response: dict[str, Any]) -> None:
        stem = self.response_id.removeprefix("resp_")
        items = [_listed(item, f"{stem}_in{n}") for n, item in enumerate(self.input)]
        try:
            self.store.put(self.response_id, KeptResponse(response, items))
        except Exception as problem:
            # The answer is there and has been paid for. Words of other people's stores may hold
            # addresses and passwords.
            why = str(problem) if isinstance(problem, OcicatError) else type(problem).__name__
            response["store"] = False
            note = {"parameter": "store", "message": f"Not kept: {why}"}
            response["oci_notes"] = [*response.get("oci_notes", []), note]


def read_turn(
    body: Mapping[str, Any], options: Mapping[str, Any], store: ResponseStore | None
) -> Flow[Turn]:
    """The turn that a request asks for. Raises :class:`~ocicat.errors.InvalidParameter`."""
    said = {name: value for name, value in body.items() if value is not None}
    _, connection = split(options, OWN_OPTIONS, function="responses")
    store = store or usual_store()
    given = said.get("input", [] if "prompt" in said else None)
    if isinstance(given, str):
        given = [{"type": "message", "role": "user", "content": given}]
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise InvalidParameter("`input` must be a text or a list of items.", parameter="input")
    try:
        msgspec.convert(said, _Shape)
    except msgspec.ValidationError as problem:
        named = re.search(r"\$\.(\w+)", str(problem))
        raise InvalidParameter(
            f"The request is not in the form of OpenAI's Responses ({problem}).",
            parameter=named[1] if named else "",
        ) from problem
    earlier: list[dict[str, Any]] | None = []
    previous = said.get("previous_response_id")
    if previous is not None:
        # The store may have to wait for a lock, for which an event loop must not stand still.
        earlier = yield from in_background(lambda: _earlier(previous, store))
    return Turn(said, options, connection, store, earlier or [], given, earlier is None)


def _earlier(response_id: str, store: ResponseStore) -> list[dict[str, Any]] | None:
    """The conversation up to a response; ``None`` where that is not kept here."""
    return history(response_id, store) if is_kept(response_id, store) else None


def _echo(body: Mapping[str, Any]) -> dict[str, Any]:
    echoed = {name: body[name] for name in _ECHOED if name in body}
    return {
        **echoed,
        "background": False,
        "reasoning": {"effort": None, "summary": None, **body.get("reasoning", {})},
        "store": body.get("store", True),
        "text": {"format": {"type": "text"}, **body.get("text", {})},
        "tools": [
            {"strict": False, **tool} if tool["type"] == "function" else tool
            for tool in body.get("tools", ())
        ],
    }


def kind_of(item: Mapping[str, Any]) -> str:
    """The type of an item of ``input``, where it need not be said too."""
    return item.get("type") or ("message" if "role" in item else "item_reference")


def _listed(item: dict[str, Any], stem: str) -> dict[str, Any]:
    """An item of ``input`` in full, as lists of items have it."""
    kind = kind_of(item)
    listed = {**item, "type": kind}
    if not listed.get("id"):
        listed["id"] = f"{_LETTERS.get(kind, 'item')}_{stem}"
    if kind == "message":
        listed.setdefault("status", "completed")
        if isinstance(item["content"], str):
            part: dict[str, Any] = {"type": "input_text", "text": item["content"]}
            if item["role"] == "assistant":
                part = {"type": "output_text", "text": item["content"], "annotations": []}
            listed["content"] = [part]
    return listed
