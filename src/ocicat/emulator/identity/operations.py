"""The identity plane's operations: paths, methods, and whether a request must be signed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from ocicat.emulator.call import Call
from ocicat.emulator.identity.authorize import show_login_page, take_login_answer
from ocicat.emulator.identity.exchange import exchange_token
from ocicat.emulator.identity.metadata import answer_metadata
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.identity.resources import exchange_resource_token, vouch_for_resource
from ocicat.emulator.identity.sessions import (
    exchange_for_scope,
    generate_session,
    refresh_session,
)
from ocicat.emulator.identity.workloads import log_workload_in

__all__ = ["IDENTITY_OPERATIONS", "IdentityOperation"]


@dataclass(frozen=True, slots=True)
class IdentityOperation:
    """``answer`` may take long, so it is called on a thread. ``signed``: by a known principal."""

    path: re.Pattern[str]
    method: str
    answer: Callable[[Call, IdentityPlane], web.StreamResponse]
    signed: bool = True


def _exchange_certificate(call: Call, plane: IdentityPlane) -> web.StreamResponse:
    # Imported late because loading X.509 is slow, and few emulators are asked for this.
    from ocicat.emulator.identity.federation import exchange_certificate

    return exchange_certificate(call, plane)


IDENTITY_OPERATIONS: Final = (
    IdentityOperation(re.compile(r"/opc/v2/.*"), "GET", answer_metadata, signed=False),
    # Signed by a certificate's key, which the request itself brings.
    IdentityOperation(re.compile(r"/v1/x509"), "POST", _exchange_certificate, signed=False),
    IdentityOperation(re.compile(r"/v1/authentication/refresh"), "POST", refresh_session),
    IdentityOperation(re.compile(r"/v1/token/upst/actions/GenerateUpst"), "POST", generate_session),
    IdentityOperation(re.compile(r"/v1/oauth2/authorize"), "GET", show_login_page, signed=False),
    # Where the form of that page goes is the emulator's own affair.
    IdentityOperation(
        re.compile(r"/v1/oauth2/authorize/answer"), "POST", take_login_answer, signed=False
    ),
    IdentityOperation(re.compile(r"/v1/oauth2/scoped"), "POST", exchange_for_scope),
    IdentityOperation(
        re.compile(r"/20180711/resourcePrincipalToken(V2|V212)?/[^/]+"), "GET", vouch_for_resource
    ),
    IdentityOperation(
        re.compile(r"/v1/resourcePrincipalSessionToken"), "POST", exchange_resource_token
    ),
    IdentityOperation(re.compile(r"/oauth2/v1/token"), "POST", exchange_token, signed=False),
    IdentityOperation(
        re.compile(r"/resourcePrincipalSessionTokens"), "POST", log_workload_in, signed=False
    ),
)
