"""What every function of ocicat takes beside its own arguments, checked and made ready."""

from __future__ import annotations

import difflib
import functools
import platform
import sys
from collections.abc import Collection, Mapping
from types import MappingProxyType
from typing import Any

from ocicat._version import __version__
from ocicat.call.attempts import Ask
from ocicat.client.connection import Connection, connect
from ocicat.client.settings import ConnectionArguments
from ocicat.dialects.checks import integer, number
from ocicat.errors import InvalidParameter, UnknownParameter
from ocicat.routing.addresses import Address
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Timeout
from ocicat.vocabulary.identity import IdentityResolver
from ocicat.vocabulary.model import ModelFacts
from ocicat.vocabulary.retry import RetryPolicy
from ocicat.vocabulary.target import ServingMode, Target

__all__ = ["CallOptions", "ask_about", "ask_arguments", "split", "unknown_parameter", "user_agent"]


class CallOptions(ConnectionArguments, total=False):
    """The connection arguments, and how patient to be.

    * ``timeout``: seconds to wait for the next byte (default 300; connecting gets at most 10).
    * ``max_retries``: attempts after a first that failed in passing (default 3).
    """

    timeout: float | Timeout | None
    max_retries: int | None


_CONNECTION = frozenset(ConnectionArguments.__annotations__)
_PATIENCE = frozenset({"timeout", "max_retries"})


def split(
    options: Mapping[str, Any], own: Collection[str], *, function: str
) -> tuple[dict[str, Any], Connection]:
    """The function's own options among ``options``, and the connection that the others make.

    Raises :class:`~ocicat.errors.UnknownParameter` for a name that is neither.
    """
    mine: dict[str, Any] = {}
    connection: dict[str, Any] = {}
    for name, value in options.items():
        if name in own:
            mine[name] = value
        elif name in _CONNECTION:
            connection[name] = value
        elif name not in _PATIENCE:
            raise unknown_parameter(name, own, function)
    return mine, connect(connection)


def ask_arguments(
    options: Mapping[str, Any], connection: Connection, target: Target, identities: IdentityResolver
) -> dict[str, Any]:
    """The arguments of a :class:`~ocicat.call.attempts.Ask` that are the same for every call."""
    return {
        "target": target,
        "learned": connection.learned,
        "drop_params": bool(options.get("drop_params")),
        "compartment_id": connection.compartment_id,
        "identities": identities,
        "ambient": SYSTEM,
        "user_agent": user_agent(),
        "timeout": timeout_of(options.get("timeout")),
        "retry": _retry(options.get("max_retries")),
        "log": connection.log,
        "skew": connection.skew,
    }


def ask_about(
    what: str,
    connection: Connection,
    address: Address,
    options: Mapping[str, Any] = MappingProxyType({}),
) -> Ask:
    """How to ask the management API at ``address``; :func:`~ocicat.call.attempts.fetch` does.

    ``what`` is what messages of errors call it.
    """
    target = Target(
        model=what,
        facts=ModelFacts(what),
        transport="native",
        dialect="",
        scheme=address.scheme,
        host=address.host,
        path=address.path,
        serving=ServingMode("ON_DEMAND", what),
    )
    return Ask(**ask_arguments(options, connection, target, connection.identities("native")))


def unknown_parameter(name: str, own: Collection[str], function: str) -> UnknownParameter:
    """The error for a parameter that is neither ``own`` nor a connection argument."""
    nearest = difflib.get_close_matches(name, {*own, *_CONNECTION, *_PATIENCE}, 1)
    hint = f"Did you mean `{nearest[0]}`?" if nearest else f"See `help(ocicat.{function})`."
    return UnknownParameter(
        f"`{name}` is not a parameter of {function}.", parameter=name, hint=hint
    )


def timeout_of(value: Any) -> Timeout:
    """A time-out from what callers give. Raises :class:`~ocicat.errors.InvalidParameter`."""
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
