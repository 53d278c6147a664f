"""Secrets reach no log, error, repr, traceback or disk, whatever goes wrong."""

from __future__ import annotations

import copy
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ocicat import OciApiKeyAuth, OciSessionAuth, completion, errors
from ocicat.cli import ocicat
from ocicat.client.connection import connect
from ocicat.emulator import Emulator

ASK = [{"role": "user", "content": "What is OCI?"}]
MODEL = "xai.grok-4.3"


def _pieces(secret: str) -> list[str]:
    """Parts of a secret that are long enough to be none but its own."""
    return [line for line in secret.replace(".", "\n").splitlines() if len(line) > 20]


def _told(run: Any) -> str:
    """All that a failing call tells."""
    try:
        run()
    except errors.OcicatError as problem:
        return "\n".join([str(problem), repr(problem), *traceback.format_exception(problem)])
    return ""


@pytest.mark.parametrize("kind", ["api_key", "session", "instance", "resource", "service key"])
@pytest.mark.parametrize("trouble", ["none", "refused", "broken", "revoked"])
def test_no_output_holds_key_material(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    kind: str,
    trouble: str,
) -> None:
    identity = oci_emulator.identity
    secrets = _pieces(oci_emulator.home.key_file.read_text())
    monkeypatch.setenv("OCI_LOG_REQUESTS", "1")
    if kind == "session":
        session = identity.session("WORK")
        monkeypatch.setenv("OCI_PROFILE", session.profile)
        secrets += _pieces(session.token) + _pieces(session.key_file.read_text())
    elif kind == "instance":
        monkeypatch.setenv("OCI_AUTH_TYPE", "instance_principal")
        for name, value in identity.instance_environment().items():
            monkeypatch.setenv(name, value)
    elif kind == "resource":
        monkeypatch.setenv("OCI_AUTH_TYPE", "resource_principal")
        for name, value in identity.resource_environment().items():
            monkeypatch.setenv(name, value)
            if name.endswith(("RPST", "PEM")):
                secrets += _pieces(value)
    elif kind == "service key":
        key = identity.add_api_key()
        monkeypatch.setenv("OCI_GENAI_API_KEY", key)
        secrets.append(key)
    if trouble == "refused":
        oci_emulator.when("OCI").fail(403)
    elif trouble == "broken":
        oci_emulator.when("OCI").reset()
    elif trouble == "revoked":
        identity.revoke_all()
    with caplog.at_level(logging.DEBUG):
        told = _told(lambda: completion(MODEL, ASK, max_retries=0))
        told += _told(lambda: list(completion(MODEL, ASK, stream=True, max_retries=0)))
    doctor = CliRunner().invoke(ocicat, ["doctor"], standalone_mode=False).output
    connection = connect({})
    output = caplog.text + told + doctor + repr(connection) + str(connection)
    assert len(secrets) > 10
    for secret in secrets:
        assert secret not in output


def test_auth_objects_show_and_copy_no_secret(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCI_GENAI_API_KEY", "sk-very-secret-indeed")
    session = oci_emulator.identity.session("WORK")
    for auth in (OciApiKeyAuth(), OciSessionAuth(profile_name="WORK")):
        shown = repr(auth) + repr(auth.resolver) + repr(copy.copy(auth))
        assert "sk-very-secret" not in shown
        assert session.token not in shown
