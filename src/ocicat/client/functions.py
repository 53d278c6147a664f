"""``completion`` and ``acompletion``: OpenAI's chat call, for every model on OCI."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from ocicat.call.exchange import Call, exchange, exchange_stream
from ocicat.client import structured
from ocicat.client.connection import Connection
from ocicat.client.locating import locator
from ocicat.client.options import CallOptions, ask_arguments, split
from ocicat.client.replies import ChatCompletion
from ocicat.client.stream import AsyncChatStream, ChatStream
from ocicat.client.telemetry import traced
from ocicat.vocabulary.chat import ChatParameters
from ocicat.vocabulary.target import Target

if TYPE_CHECKING:
    from ocicat.vocabulary.chat import ChatRequest

__all__ = ["CompletionOptions", "acompletion", "completion", "prepare"]


class CompletionOptions(ChatParameters, CallOptions, total=False):
    """What a completion takes beside the model and the messages.

    * ``drop_params``: leave out, with a note in the reply, what the model cannot be told, instead
      of refusing it.
    * ``inline_tool_calls``: read tool calls that the model writes into its text, as some models on
      dedicated clusters do (default: as the catalogue says of the model).
    """

    drop_params: bool | None
    inline_tool_calls: bool | None


_CHAT = frozenset(ChatParameters.__annotations__)
_OWN = _CHAT | {"drop_params", "inline_tool_calls"}

Messages = Iterable[Mapping[str, Any]]


@overload
def completion(
    model: str,
    messages: Messages,
    *,
    stream: Literal[True],
    **options: Unpack[CompletionOptions],
) -> ChatStream: ...
@overload
def completion(
    model: str,
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion: ...
@overload
def completion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion | ChatStream: ...
def completion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion | ChatStream:
    """Ask a model on OCI for the next message of a chat.

    ``model`` is an OCI model id, with or without ``oci/`` or ``oci:`` before it, or the OCID of a
    dedicated endpoint. ``messages`` are OpenAI's. With ``stream=True`` the reply comes as an
    iterator of chunks, which may be closed early. See :class:`CompletionOptions` for the rest;
    whatever identifies the caller and is not given comes from the environment and the OCI config
    file.

    ``response_format`` may be a class too: a Pydantic model, a dataclass, a ``TypedDict`` or a
    ``msgspec.Struct``. The answer then follows its schema, and ``message.parsed`` is an instance of
    it, in the reply that ``get_final_completion()`` gives of a stream too.

    What the model could not be told just as it was asked is reported in ``reply.oci_notes``.

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    call = prepare(model, messages, stream, options)
    if stream:
        run = sync.open_stream(traced(exchange_stream(call), call, call.request))
        return ChatStream(run, options.get("response_format"))
    reply = sync.run(traced(exchange(call), call, call.request))
    return structured.finished(reply, options.get("response_format"))


@overload
async def acompletion(
    model: str,
    messages: Messages,
    *,
    stream: Literal[True],
    **options: Unpack[CompletionOptions],
) -> AsyncChatStream: ...
@overload
async def acompletion(
    model: str,
    messages: Messages,
    *,
    stream: Literal[False] | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion: ...
@overload
async def acompletion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion | AsyncChatStream: ...
async def acompletion(
    model: str,
    messages: Messages,
    *,
    stream: bool | None = None,
    **options: Unpack[CompletionOptions],
) -> ChatCompletion | AsyncChatStream:
    """The same as :func:`completion`, on the running event loop."""
    from ocicat.transport import aio

    call = prepare(model, messages, stream, options)
    if stream:
        run = await aio.open_stream(traced(exchange_stream(call), call, call.request))
        return AsyncChatStream(run, options.get("response_format"))
    reply = await aio.run(traced(exchange(call), call, call.request))
    return structured.finished(reply, options.get("response_format"))


def prepare(
    model: str, messages: Messages, stream: bool | None, options: Mapping[str, Any]
) -> Call:
    """One call, from what its caller said, ready to be driven."""
    own, connection = split(options, _OWN, function="completion")
    # What is no list of messages is named by the dialect, which checks every message anyway.
    given = list(messages) if _is_several(messages) else messages
    request: ChatRequest = {"model": model, "messages": given}  # type: ignore[typeddict-item]
    own.pop("drop_params", None)
    inline_tool_calls = own.pop("inline_tool_calls", None)
    request.update(own)  # type: ignore[typeddict-item]  # what is left are chat parameters
    if isinstance(request.get("response_format"), type):
        request["response_format"] = structured.response_format(request["response_format"])
    if stream:
        request["stream"] = True
    target = connection.route(model)
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": model, "target": target})
    return Call(
        **ask_arguments(options, connection, target, identities),
        request=request,
        inline_tool_calls=inline_tool_calls,
        headers=_headers(connection, target),
        locate=locator(model, connection, target, identities),
    )


def _is_several(messages: Any) -> bool:
    return isinstance(messages, Iterable) and not isinstance(messages, (str, Mapping))


def _headers(connection: Connection, target: Target) -> Mapping[str, str]:
    if target.transport == "responses" and connection.project_id:
        return {"openai-project": connection.project_id}
    return {}
