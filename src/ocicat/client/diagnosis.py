"""What a call would use, and whether it works: step by step, each explained for people.

``ocicat doctor`` prints this. The steps build on one another, so a failure ends those that would
only fail for the same reason. Secrets never appear: of a key or a pass phrase it is only said that
there is one.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urlsplit

from ocicat.call.exchange import exchange
from ocicat.call.fetch import fetch, get
from ocicat.client.connection import Connection, connect
from ocicat.client.functions import prepare
from ocicat.client.options import user_agent
from ocicat.client.settings import Settings
from ocicat.dialects import faults
from ocicat.errors import OcicatError
from ocicat.routing.addresses import Address
from ocicat.transport import sync
from ocicat.transport.ambient import SYSTEM
from ocicat.transport.tls import context
from ocicat.vocabulary.flow import Flow, Request, Response, Timeout
from ocicat.vocabulary.target import Target

__all__ = ["SHOWN", "Finding", "diagnose", "settings_in_use"]

#: The settings that are shown, in the order in which they are looked for.
SHOWN = (
    "config_file",
    "profile",
    "auth_type",
    "region",
    "compartment_id",
    "tenancy",
    "user",
    "fingerprint",
    "key",
    "key_file",
    "passphrase",
    "api_base",
    "transport",
)
_SECRET = frozenset({"key", "passphrase"})
_TIMEOUT = Timeout(connect=10.0, read=30.0)
_MAX_SKEW = 300.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one step found. ``detail`` says what, ``hint`` what to do about it."""

    step: str
    ok: bool
    detail: str
    hint: str = ""


def settings_in_use(arguments: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Name, value and source of each setting that a call with these arguments would use."""
    settings = Settings(arguments)
    for name in SHOWN:
        try:
            found = settings.find(name)
        except OcicatError as problem:
            # Everything after this needs the config file, and the steps will say so.
            yield name, "?", problem.message
            return
        if found is not None:
            yield name, "(set, not shown)" if name in _SECRET else found.value, found.source


def diagnose(model: str, arguments: Mapping[str, Any]) -> Iterator[Finding]:
    """Try everything that a call to ``model`` needs, up to a whole call of one token."""
    try:
        connection = connect(arguments)
        target = connection.route(model)
    except OcicatError as problem:
        yield _failed("settings", problem)
        return
    yield Finding("settings", True, f"{target.transport} transport to {target.url}")
    try:
        identity = sync.run(connection.identities(target.transport).resolve(SYSTEM))
    except OcicatError as problem:
        yield _failed("identity", problem)
        return
    yield Finding("identity", True, repr(identity).strip("<>"))
    identities = connection.identities(target.transport)
    region = None
    if connection.region_is_guessed and hasattr(identities, "find_region"):
        try:
            region = sync.run(identities.find_region(SYSTEM))
        except OcicatError as problem:
            yield _failed("region", problem)
            return
        target = connection.route(model, region)
        yield Finding("region", True, f"{region.id if region else 'not known to the identity'}")
    management = connection.management(target.serving.id, region)
    steps: list[Callable[[], Finding]] = [
        lambda: _find_host(target),
        lambda: _shake_hands(target),
        lambda: _compare_clocks(management),
    ]
    for step in steps:
        finding = step()
        yield finding
        if not finding.ok:
            return
    # Listing models and chatting need different permissions, so one may work without the other.
    yield _list_models(management, connection)
    yield _chat(model, arguments)


def _failed(step: str, problem: OcicatError) -> Finding:
    code = getattr(problem, "status", None)
    detail = f"{problem.message} ({code})" if code else problem.message
    request_id = getattr(problem, "opc_request_id", "")
    if request_id:
        detail += f" opc-request-id: {request_id}"
    return Finding(step, False, detail, problem.hint)


def _address(target: Target) -> tuple[str, int]:
    parts = urlsplit(target.url)
    return parts.hostname or "", parts.port or (443 if target.scheme == "https" else 80)


def _find_host(target: Target) -> Finding:
    name, port = _address(target)
    try:
        found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    except OSError as problem:
        return Finding(
            "DNS",
            False,
            f"the name {name} is not known: {problem.strerror}",
            "Generative AI may not be offered in this region; `ocicat models` shows where it is."
            " Or this machine cannot resolve names on the Internet.",
        )
    addresses = sorted({str(entry[4][0]) for entry in found})
    return Finding("DNS", True, f"{name} is {', '.join(addresses[:3])}")


def _shake_hands(target: Target) -> Finding:
    name, port = _address(target)
    step = "TLS" if target.scheme == "https" else "connection"
    began = time.perf_counter()
    try:
        with socket.create_connection((name, port), _TIMEOUT.connect) as plain:
            said = "connected, without TLS"
            if target.scheme == "https":
                with context().wrap_socket(plain, server_hostname=name) as secured:
                    said = f"{secured.version()}"
    except ssl.SSLError as problem:
        return Finding(
            step,
            False,
            f"the connection is not secure: {getattr(problem, 'verify_message', problem.reason)}",
            "Behind a proxy that inspects TLS, point SSL_CERT_FILE at its authority.",
        )
    except OSError as problem:
        return Finding(
            step,
            False,
            f"{name}:{port} cannot be reached: {problem.strerror or problem}",
            "A firewall may be in between. If there is a proxy, set HTTPS_PROXY.",
        )
    return Finding(step, True, f"{said}, {(time.perf_counter() - began) * 1000:.0f} ms")


def _models_request(address: Address, compartment_id: str) -> Request:
    return get(
        address.scheme,
        address.host,
        f"{address.path}/20231130/models?compartmentId={quote(compartment_id, safe='')}&limit=100",
        user_agent=user_agent(),
        timeout=_TIMEOUT,
    )


def _compare_clocks(management: Address) -> Finding:
    """An unsigned request is refused, but its answer tells the time."""

    def ask() -> Flow[Response]:
        response: Response = yield _models_request(management, "")
        return response

    try:
        response = sync.run(ask())
        told = parsedate_to_datetime(response.headers["date"]).timestamp()
    except OcicatError as problem:
        return _failed("clock", problem)
    except (KeyError, ValueError, TypeError):
        return Finding("clock", True, "the far side does not tell the time")
    skew = time.time() - told
    words = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} OCI's"
    if abs(skew) > _MAX_SKEW:
        return Finding(
            "clock",
            False,
            f"this machine's clock is {words}",
            "Set it right; OCI refuses requests that are off by more than 5 minutes.",
        )
    return Finding("clock", True, words)


def _list_models(management: Address, connection: Connection) -> Finding:
    step = "signature and policy (list models)"
    request = _models_request(management, connection.compartment_id)
    try:
        response = sync.run(fetch(request, connection.identities("native"), SYSTEM))
    except OcicatError as problem:
        return _failed(step, problem)
    if response.status != 200:
        return _failed(
            step,
            faults.decode(
                response.status,
                response.headers,
                response.body,
                compartment_id=connection.compartment_id,
            ),
        )
    return Finding(step, True, f"accepted; {response.body.count(b'lifecycleState')} models listed")


def _chat(model: str, arguments: Mapping[str, Any]) -> Finding:
    step = f"one-token chat with {model}"
    began = time.perf_counter()
    try:
        call = prepare(
            model,
            [{"role": "user", "content": "Say yes."}],
            None,
            {**arguments, "max_tokens": 1, "max_retries": 0},
        )
        reply = sync.run(exchange(call))
    except OcicatError as problem:
        return _failed(step, problem)
    usage = reply.get("usage") or {}
    return Finding(
        step,
        True,
        f"answered in {(time.perf_counter() - began) * 1000:.0f} ms,"
        f" {usage.get('total_tokens', 0)} tokens",
    )
