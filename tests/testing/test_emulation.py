"""The context manager that puts an emulator in OCI's place."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import oci
import pytest

from ocicat.testing import emulator
from support.emulator_client import ask, chat_body

OURS = {
    "OCI_CONFIG_FILE",
    "OCI_PROFILE",
    "OCI_COMPARTMENT_ID",
    "OCI_GENAI_PROJECT_ID",
    "OCICAT_API_BASE",
    "OCICAT_AUTH_ENDPOINT",
    "OCICAT_RESPONSE_STORE",
}


def oci_variables() -> set[str]:
    return {name for name in os.environ if name.startswith(("OCI_", "OCICAT_"))}


def test_inside_the_environment_leads_to_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OCI_CLI_PROFILE",
        "OCI_REGION",
        "OCI_AUTH_TYPE",
        "OCICAT_API_BASE",
        "OCICAT_AUTH_ENDPOINT",
    ):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("OCI_CONFIG_FILE", "/somewhere/else")
    before = dict(os.environ)

    with emulator() as running:
        assert oci_variables() == OURS
        assert os.environ["OCI_COMPARTMENT_ID"] == running.compartment_id
        assert os.environ["OCICAT_API_BASE"] == running.url
        config = oci.config.from_file(os.environ["OCI_CONFIG_FILE"], os.environ["OCI_PROFILE"])
        assert config["endpoint"] == running.url
        assert ask(running, "POST", "/20231130/actions/chat", chat_body(running)).status == 200
    assert dict(os.environ) == before


def test_variables_set_inside_do_not_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OCI_REGION", raising=False)
    with emulator():
        os.environ["OCI_REGION"] = "us-ashburn-1"
    assert "OCI_REGION" not in os.environ


def test_how_the_sdk_behaves_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCI_SDK_DEFAULT_RETRY_ENABLED", "true")
    with emulator():
        assert os.environ["OCI_SDK_DEFAULT_RETRY_ENABLED"] == "true"


def test_a_proxy_is_not_asked_for_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    with emulator():
        assert os.environ["NO_PROXY"] == "example.com,127.0.0.1"
        assert os.environ["no_proxy"] == "127.0.0.1"
    assert os.environ["NO_PROXY"] == "example.com"
    assert "no_proxy" not in os.environ


def test_emulators_nest() -> None:
    with emulator() as outer:
        with emulator() as inner:
            assert inner.url != outer.url
            assert os.environ["OCI_CONFIG_FILE"] == str(inner.home.config_file)
        assert os.environ["OCI_CONFIG_FILE"] == str(outer.home.config_file)


def test_the_environment_comes_back_after_an_error() -> None:
    before = dict(os.environ)
    with pytest.raises(ZeroDivisionError), emulator():
        raise ZeroDivisionError
    assert dict(os.environ) == before


def test_one_key_serves_the_whole_process() -> None:
    with emulator() as first, emulator() as second:
        assert first.home.fingerprint == second.home.fingerprint
        assert first.home.path != second.home.path


def test_options_reach_the_emulator(tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nfail = { status = 503 }\n")
    with emulator(rules=rules) as running:
        assert ask(running, "POST", "/20231130/actions/chat", chat_body(running)).status == 503


@pytest.mark.parametrize("module", ["ocicat.testing", "ocicat.testing.pytest_plugin"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    """pytest imports the plugin wherever ocicat is installed."""
    heavy = ("aiohttp", "cryptography", "msgspec", "asyncio", "ssl", "ocicat.emulator", "click")
    code = (
        f"import pytest, sys; before = set(sys.modules); import {module}; "
        f"new = set(sys.modules) - before; print(sorted(new & set({heavy!r})))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=50
    )
    assert shown.stdout == "[]\n"
