"""``ocicat doctor``: where each setting comes from, and what is wrong with which step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from ocicat.cli import ocicat
from ocicat.emulator import Emulator


def doctor(*arguments: str) -> tuple[int, dict[str, Any]]:
    """The exit code, and the findings by step."""
    result = CliRunner().invoke(
        ocicat, ["doctor", "--json", *arguments], standalone_mode=False, catch_exceptions=False
    )
    report = json.loads(result.output)
    return result.return_value, report


def steps(report: dict[str, Any]) -> dict[str, bool]:
    return {finding["step"].partition(" ")[0]: finding["ok"] for finding in report["findings"]}


def test_all_is_well_with_the_emulator(oci_emulator: Emulator) -> None:
    code, report = doctor()
    assert code == 0
    assert steps(report) == {
        "settings": True,
        "identity": True,
        "DNS": True,
        "connection": True,
        "clock": True,
        "signature": True,
        "one-token": True,
    }
    settings = {setting["name"]: setting for setting in report["settings"]}
    assert settings["compartment_id"]["source"] == "OCI_COMPARTMENT_ID"
    assert settings["region"]["source"].startswith("profile DEFAULT in ")


def test_people_get_a_page(oci_emulator: Emulator) -> None:
    result = CliRunner().invoke(ocicat, ["doctor"], standalone_mode=False)
    assert "ok    one-token chat" in result.output
    assert "(OCI_COMPARTMENT_ID)" in result.output


def test_secrets_are_not_shown(oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    key = oci_emulator.home.key_file.read_text()
    monkeypatch.setenv("OCI_KEY", key)
    monkeypatch.setenv("OCI_CLI_PASSPHRASE", "sesame")
    result = CliRunner().invoke(ocicat, ["doctor"], standalone_mode=False)
    assert "set, not shown" in result.output
    assert "sesame" not in result.output
    assert "PRIVATE" not in result.output
    assert key.splitlines()[3] not in result.output


def test_a_missing_permission_is_told_from_a_bad_signature(oci_emulator: Emulator) -> None:
    code, report = doctor("--compartment-id", "ocid1.compartment.oc1..other")
    assert code == 1
    found = {finding["step"]: finding for finding in report["findings"]}
    listed = found["signature and policy (list models)"]
    assert not listed["ok"]
    assert "Allow group" in listed["hint"]


def test_a_wrong_clock_is_found_before_the_signature_fails(oci_emulator: Emulator) -> None:
    oci_emulator.clock_offset = 3600
    _, report = doctor()
    last = report["findings"][-1]
    assert (last["step"], last["ok"]) == ("clock", False)
    assert "s behind" in last["detail"]


@pytest.mark.parametrize(
    ("variable", "value", "step", "says"),
    [
        ("OCICAT_API_BASE", "http://127.0.0.1:1", "connection", "cannot be reached"),
        ("OCICAT_API_BASE", "http://no-such-host.invalid", "DNS", "not known"),
        ("OCICAT_API_BASE", "nonsense", "settings", "not a URL"),
        ("OCI_CONFIG_FILE", "/nowhere", "settings", "no OCI config file"),
        ("OCI_PROFILE", "nobody", "settings", "no profile"),
    ],
)
def test_the_first_broken_step_is_named(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    value: str,
    step: str,
    says: str,
) -> None:
    monkeypatch.setenv(variable, value)
    code, report = doctor()
    assert code == 1
    last = report["findings"][-1]
    assert (last["step"], last["ok"]) == (step, False)
    assert says in last["detail"]


def test_a_bad_key_is_the_identity_step(oci_emulator: Emulator, tmp_path: Path) -> None:
    oci_emulator.home.key_file.write_text("rubbish")
    _, report = doctor()
    assert report["findings"][-1]["step"] == "identity"


def test_a_far_side_without_tls_is_named(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCICAT_API_BASE", oci_emulator.url.replace("http:", "https:"))
    _, report = doctor()
    assert (report["findings"][-1]["step"], report["findings"][-1]["ok"]) == ("TLS", False)
