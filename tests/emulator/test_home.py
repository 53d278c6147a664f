"""The emulator's home on disk."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ocicat.emulator.home import Home, new_key
from ocicat.errors import InvalidSetting


def profile(home: Home) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(home.config_file)
    return dict(parser["DEFAULT"])


def test_a_home_has_a_key_and_a_profile_that_leads_to_the_emulator(
    tmp_path: Path, emulator_key: bytes
) -> None:
    home = Home(tmp_path / "made" / "for it", key_pem=emulator_key)
    home.write_config("http://127.0.0.1:8080")

    assert profile(home) == {
        "user": home.user_id,
        "fingerprint": home.fingerprint,
        "tenancy": home.tenancy_id,
        "region": "us-chicago-1",
        "key_file": str(home.key_file),
        "endpoint": "http://127.0.0.1:8080",
    }
    assert home.environment() == {
        "OCI_CONFIG_FILE": str(home.config_file),
        "OCI_PROFILE": "DEFAULT",
        "OCI_COMPARTMENT_ID": home.compartment_id,
        "OCI_GENAI_PROJECT_ID": home.project_id,
    }
    assert home.key_file.read_bytes() == emulator_key


def test_only_the_owner_may_read_a_home(tmp_path: Path, emulator_key: bytes) -> None:
    home = Home(tmp_path, key_pem=emulator_key)
    home.write_config("http://127.0.0.1:1")

    for file in (home.key_file, home.config_file):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_home_without_a_key_gets_a_new_one_of_2048_bits(tmp_path: Path) -> None:
    key = load_pem_private_key(Home(tmp_path).key_file.read_bytes(), None)
    assert key.key_size == 2048  # type: ignore[union-attr]


def test_a_second_start_keeps_the_key(tmp_path: Path, emulator_key: bytes) -> None:
    first = Home(tmp_path, key_pem=emulator_key)
    first.write_config("http://127.0.0.1:1")
    second = Home(tmp_path, key_pem=new_key())
    second.write_config("http://127.0.0.1:2")

    assert second.fingerprint == first.fingerprint
    assert second.key_id == first.key_id
    assert profile(second)["endpoint"] == "http://127.0.0.1:2"


def test_a_config_file_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[DEFAULT]\nuser=me\n")

    with pytest.raises(InvalidSetting, match="did not write it"):
        Home(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["config"]
    assert (tmp_path / "config").read_text() == "[DEFAULT]\nuser=me\n"


@pytest.mark.parametrize("kind", ["garbage", "elliptic"])
def test_an_unusable_key_is_told(tmp_path: Path, kind: str) -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "emulator_key.pem").write_bytes(b"garbage" if kind == "garbage" else elliptic)

    with pytest.raises(InvalidSetting, match="Delete the file"):
        Home(tmp_path)
