"""The one resolver: its order, its sources, and what it says when something is missing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ocicat.client.connection import connect
from ocicat.client.settings import Settings
from ocicat.errors import (
    ConfigFileNotFound,
    InvalidKey,
    InvalidSetting,
    MissingSetting,
    ProfileNotFound,
    WrongPassphrase,
)

CONFIG = """[DEFAULT]
region=uk-london-1
[work]
region=eu-frankfurt-1
compartment_id=ocid1.compartment.oc1..work
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "config"
    path.write_text(CONFIG)
    return path


def find(name: str, arguments: dict[str, Any], environment: dict[str, str]) -> tuple[str, str]:
    found = Settings(arguments, environment).find(name)
    assert found is not None
    return found.value, found.source


def test_the_order_is_argument_ocicat_oci_profile_default(config: Path) -> None:
    arguments = {"oci_region": "a"}
    environment = {
        "OCICAT_REGION": "b",
        "OCI_REGION": "c",
        "OCI_CLI_REGION": "d",
        "OCI_CONFIG_FILE": str(config),
    }
    assert find("region", arguments, environment) == ("a", "argument oci_region")
    assert find("region", {}, environment) == ("b", "OCICAT_REGION")
    del environment["OCICAT_REGION"]
    assert find("region", {}, environment) == ("c", "OCI_REGION")
    del environment["OCI_REGION"]
    assert find("region", {}, environment) == ("d", "OCI_CLI_REGION")
    del environment["OCI_CLI_REGION"]
    assert find("region", {}, environment) == ("uk-london-1", f"profile DEFAULT in {config}")
    environment["OCI_PROFILE"] = "work"
    assert find("region", {}, environment)[0] == "eu-frankfurt-1"
    assert find("region", {"oci_profile": "DEFAULT"}, environment)[0] == "uk-london-1"


def test_an_empty_value_is_as_good_as_none(config: Path) -> None:
    environment = {"OCI_REGION": "", "OCI_CONFIG_FILE": str(config)}
    assert find("region", {"oci_region": ""}, environment)[0] == "uk-london-1"


def test_without_anything_the_region_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert find("region", {}, {}) == ("us-ashburn-1", "default")


def test_what_is_missing_is_named_with_the_ways_to_give_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingSetting, match="compartment_id") as caught:
        Settings({}, {"OCI_TENANCY": "ocid1.tenancy.oc1..t"}).require("compartment_id")
    assert caught.value.setting == "compartment_id"
    for way in ("oci_compartment_id", "OCI_COMPARTMENT_ID", "profile", "ocid1.tenancy.oc1..t"):
        assert way in str(caught.value)


def test_a_profile_asked_for_by_name_has_to_exist(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ProfileNotFound, match="wrk"):
        Settings({"oci_profile": "wrk"}, {"OCI_CONFIG_FILE": str(config)}).get("region")
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(MissingSetting, match="'work'"):
        Settings({"oci_profile": "work"}, {}).get("region")
    with pytest.raises(ConfigFileNotFound):
        Settings({}, {"OCI_CONFIG_FILE": str(tmp_path / "nowhere")}).get("region")


def test_the_clis_own_file_gives_a_compartment_and_a_default_profile(
    config: Path, tmp_path: Path
) -> None:
    rc = tmp_path / "oci_cli_rc"
    rc.write_text(
        "[DEFAULT]\ncompartment-id = ocid1.compartment.oc1..cli\n"
        "[OCI_CLI_SETTINGS]\ndefault_profile=work\n"
    )
    environment = {"OCI_CONFIG_FILE": str(config), "OCI_CLI_RC_FILE": str(rc)}
    assert find("profile", {}, environment)[0] == "work"
    assert find("compartment_id", {}, environment)[0] == "ocid1.compartment.oc1..work"
    environment["OCI_PROFILE"] = "DEFAULT"
    assert find("compartment_id", {}, environment) == (
        "ocid1.compartment.oc1..cli",
        "DEFAULT in the CLI's own file",
    )


def test_a_whole_identity_in_arguments_stands_alone(config: Path) -> None:
    whole = {"oci_user": "u", "oci_tenancy": "t", "oci_fingerprint": "f", "oci_key": "k"}
    environment = {"OCI_CONFIG_FILE": str(config)}
    assert Settings(whole, environment).profile() is None
    assert Settings({"oci_signer": object()}, environment).profile() is None
    del whole["oci_key"]
    assert Settings(whole, environment).profile() is not None
    named = {**whole, "oci_key": "k", "oci_profile": "work"}
    assert Settings(named, environment).profile() is not None


# --- what the settings come to ------------------------------------------------------------------


@pytest.fixture
def home(oci_emulator: Any) -> Any:
    return oci_emulator.home


def resolve(**arguments: Any) -> Any:
    from ocicat.transport.ambient import SYSTEM

    flow = connect(arguments).identities("openai").resolve(SYSTEM)
    try:
        next(flow)
    except StopIteration as end:
        return end.value
    raise AssertionError("a user's key needs no waiting")


def test_a_connection_is_kept_until_something_changes(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = connect({})
    assert connect({}) is first
    monkeypatch.setenv("OCI_REGION", "eu-frankfurt-1")
    assert connect({}) is not first
    monkeypatch.delenv("OCI_REGION")
    assert connect({}) is first
    home.config_file.write_text(home.config_file.read_text() + "[other]\n")
    assert connect({}) is not first


def test_a_key_file_that_changes_is_read_again(home: Any) -> None:
    first = resolve()
    assert resolve() is first
    os.utime(home.key_file, ns=(1, 1))
    assert resolve() is not first


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (None, InvalidKey, "does not exist"),
        ("rubbish", InvalidKey, "not a private key"),
    ],
)
def test_a_bad_key_file_is_named(
    home: Any, content: str | None, error: type[Exception], says: str
) -> None:
    if content is None:
        home.key_file.unlink()
    else:
        home.key_file.write_text(content)
    with pytest.raises(error, match=says) as caught:
        resolve()
    assert str(home.key_file) in str(caught.value)


def test_an_encrypted_key_works_with_its_pass_phrase_only(home: Any, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(home.key_file.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"sesame"),
        )
    )
    assert resolve(oci_key_file=str(locked), oci_key_passphrase="sesame")
    for wrong in ("open", None):
        with pytest.raises(WrongPassphrase):
            resolve(oci_key_file=str(locked), oci_key_passphrase=wrong)


def test_a_fingerprint_of_another_key_is_noticed_before_oci_does(home: Any) -> None:
    with pytest.raises(InvalidSetting, match="fingerprint") as caught:
        resolve(oci_fingerprint="00:" * 15 + "00")
    assert home.fingerprint in str(caught.value)


def test_a_tilde_in_a_path_is_expanded(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(home.path))
    assert resolve(oci_key_file="~/emulator_key.pem")


def test_an_endpoint_in_the_profile_may_be_a_url_or_as_for_the_sdk_a_domain(
    home: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCICAT_API_BASE")
    url = connect({}).place.api_base
    assert url is not None
    home.config_file.write_text(home.config_file.read_text().replace(url, "my.cloud.example"))
    place = connect({}).place
    assert (place.api_base, place.region) == (None, "my.cloud.example")
