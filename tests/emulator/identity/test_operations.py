"""The list of identity operations."""

from __future__ import annotations

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.identity.operations import IDENTITY_OPERATIONS
from support.emulator_client import ask

PATHS = {
    "/opc/v2/instance/region": "GET",
    "/v1/x509": "POST",
    "/v1/authentication/refresh": "POST",
    "/v1/token/upst/actions/GenerateUpst": "POST",
    "/v1/oauth2/authorize": "GET",
    "/v1/oauth2/authorize/answer": "POST",
    "/v1/oauth2/scoped": "POST",
    "/20180711/resourcePrincipalToken/x": "GET",
    "/20180711/resourcePrincipalTokenV2/x": "GET",
    "/20180711/resourcePrincipalTokenV212/x": "GET",
    "/v1/resourcePrincipalSessionToken": "POST",
    "/oauth2/v1/token": "POST",
    "/resourcePrincipalSessionTokens": "POST",
}


def test_every_operation_has_a_path_here() -> None:
    for operation in IDENTITY_OPERATIONS:
        assert any(
            operation.path.fullmatch(path) and operation.method == method
            for path, method in PATHS.items()
        )


@pytest.mark.parametrize(("path", "method"), PATHS.items())
def test_nobody_gets_anything_without_proof(emulator: Emulator, path: str, method: str) -> None:
    answer = ask(emulator, method, path, sign=False)

    assert answer.status in (400, 401)
    assert "opc-request-id" in answer.headers
    assert answer.reason == emulator.ledger.last.refusal
    assert ask(emulator, "DELETE", path, sign=False).status == 405
