"""``completion`` and ``acompletion``: OpenAI's chat call, for every model on OCI."""

from __future__ import annotations

import functools
import platform
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack, overload

from ocicat._version import __version__
from ocicat.call.exchange import Call, exchange, exchange_stream
from ocicat.call.retry import RetryPolicy
from ocicat.client.connection import Connection, connect
from ocicat.client.replies import ChatCompletion
from ocicat.client.settings import ConnectionArguments
from ocicat.client.stream import AsyncChatStream, ChatStream
from ocicat.dialects.parameters import integer, number
from ocicat.errors import InvalidParameter, UnknownParameter
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.chat import ChatParameters
from ocicat.vocabulary.flow import Ambient, Flow, Timeout
from ocicat.vocabulary.target import Target

if TYPE_CHECKING:
    from ocicat.vocabulary.chat import ChatRequest

__all__ = ["CompletionOptions", "acompletion", "completion", "prepare", "user_agent"]


class CompletionOptions(ChatParameters, ConnectionArguments, total=False):
    """What a completion takes beside the model and the messages.

    * ``timeout``: seconds to wait for the next byte (default 300; connecting gets at most 10).
    * ``max_retries``: attempts after a first that failed in passing (default 3).
    """

    timeout: float | Timeout | None
    max_retries: int | None


_CHAT = frozenset(ChatParameters.__annotations__)
_CONNECTION = frozenset(ConnectionArguments.__annotations__)
_CALL = frozenset({"timeout", "max_retries"})

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

    Raises :class:`~ocicat.errors.OcicatError` kin, all listed in ``ocicat.errors``.
    """
    from ocicat.transport import sync

    call = prepare(model, messages, stream, options)
    if stream:
        return ChatStream(sync.open_stream(exchange_stream(call)))
    return ChatCompletion(sync.run(exchange(call)))


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
        return AsyncChatStream(await aio.open_stream(exchange_stream(call)))
    return ChatCompletion(await aio.run(exchange(call)))


def prepare(
    model: str, messages: Messages, stream: bool | None, options: Mapping[str, Any]
) -> Call:
    """One call, from what its caller said, ready to be driven."""
    request: ChatRequest = {"model": model, "messages": list(messages)}  # type: ignore[arg-type]
    connection_arguments: dict[str, Any] = {}
    for name, value in options.items():
        if name in _CHAT:
            request[name] = value  # type: ignore[literal-required]
        elif name in _CONNECTION:
            connection_arguments[name] = value
        elif name not in _CALL:
            raise _unknown(name)
    if stream:
        request["stream"] = True
    connection = connect(connection_arguments)
    target = connection.route(model)
    identities = connection.identities(target.transport)
    if connection.log:
        connection.log("route", {"model": model, "target": target})
    return Call(
        request=request,
        target=target,
        compartment_id=connection.compartment_id,
        identities=identities,
        ambient=SYSTEM,
        user_agent=user_agent(),
        timeout=_timeout(options.get("timeout")),
        retry=_retry(options.get("max_retries")),
        log=connection.log,
        skew=connection.skew,
        locate=(
            _locator(model, connection, identities)
            if connection.region_is_guessed and hasattr(identities, "find_region")
            else None
        ),
    )


def _locator(
    model: str, connection: Connection, identities: Any
) -> Callable[[Ambient], Flow[Target]]:
    """Asks the identity for the region: an instance knows which one it is in."""

    def locate(ambient: Ambient) -> Flow[Target]:
        region = yield from identities.find_region(ambient)
        return connection.route(model, region)

    return locate


def _unknown(name: str) -> UnknownParameter:
    import difflib

    nearest = difflib.get_close_matches(name, _CHAT | _CONNECTION | _CALL, 1)
    hint = f"Did you mean `{nearest[0]}`?" if nearest else "See `help(ocicat.completion)`."
    return UnknownParameter(
        f"`{name}` is not a parameter of completion.", parameter=name, hint=hint
    )


def _timeout(value: Any) -> Timeout:
    if value is None:
        return _USUAL_TIMEOUT
    if isinstance(value, Timeout):
        return value
    try:
        seconds = float(number(0)(value))
    except ValueError as problem:
        raise InvalidParameter(
            f"`timeout` {problem} of seconds, not {value!r}.", parameter="timeout"
        ) from None
    return Timeout(connect=min(seconds, _USUAL_TIMEOUT.connect), read=seconds)


def _retry(value: Any) -> RetryPolicy:
    if value is None:
        return _USUAL_RETRY
    try:
        return RetryPolicy(max_retries=integer(0)(value))
    except ValueError as problem:
        raise InvalidParameter(
            f"`max_retries` {problem}, not {value!r}.", parameter="max_retries"
        ) from None


_USUAL_TIMEOUT = Timeout()
_USUAL_RETRY = RetryPolicy()


@functools.cache
def user_agent() -> str:
    """How ocicat introduces itself."""
    return f"ocicat/{__version__} (python {platform.python_version()}; {sys.platform})"
