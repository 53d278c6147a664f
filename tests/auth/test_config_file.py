"""The OCI config file, read as the SDK reads it, with errors that name file, profile and key."""

from __future__ import annotations

import os
from pathlib import Path

import oci
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocicat.auth import config_file
from ocicat.errors import ConfigFileNotFound, InvalidSetting, OcicatError, ProfileNotFound

TEXT = """[DEFAULT]
region = us-chicago-1
pass_phrase = secret % percent

[work]
user=ocid1.user.oc1..a
region=eu-frankfurt-1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "config"
    made.write_text(TEXT)
    return made


def test_a_profile_inherits_from_default(path: Path) -> None:
    profile = config_file.read_profile(path, "work")
    assert dict(profile.values) == {
        "region": "eu-frankfurt-1",
        "user": "ocid1.user.oc1..a",
        "pass_phrase": "secret % percent",
    }
    assert config_file.read_profile(path, "DEFAULT").values["region"] == "us-chicago-1"


@pytest.mark.parametrize("name", ["DEFAULT", "work"])
def test_it_says_what_the_sdk_says(path: Path, name: str) -> None:
    theirs = oci.config.from_file(str(path), name)
    ours = config_file.read_profile(path, name)
    assert {key: theirs[key] for key in ours.values} == dict(ours.values)


def test_a_profile_that_is_not_there_is_named_with_those_that_are(path: Path) -> None:
    with pytest.raises(ProfileNotFound, match="'wrk'") as caught:
        config_file.read_profile(path, "wrk")
    assert "DEFAULT, work" in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_change_to_the_file_is_noticed(path: Path) -> None:
    config_file.read_profile(path, "work")
    path.write_text(TEXT.replace("eu-frankfurt-1", "uk-london-1"))
    os.utime(path, ns=(1, 1))
    assert config_file.read_profile(path, "work").values["region"] == "uk-london-1"


def test_a_given_path_has_to_exist(tmp_path: Path) -> None:
    with pytest.raises(ConfigFileNotFound, match="nowhere"):
        config_file.locate(str(tmp_path / "nowhere"))


def test_the_usual_paths_may_be_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert config_file.locate(None) is None
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "config").write_text(TEXT)
    assert config_file.locate(None) == tmp_path / ".oci" / "config"


@pytest.mark.parametrize(
    "text", ["region = x\n", "[a]\n[a]\n", "[a]\nx\n", "[a]\nk=1\nk=2\n", "\x00[a\n"]
)
def test_a_file_of_another_kind_is_named_but_not_quoted(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config"
    path.write_text(text + "pass_phrase sesame\n")
    with pytest.raises(InvalidSetting, match="cannot be read") as caught:
        config_file.read_profile(path, "DEFAULT")
    assert str(path) in str(caught.value)
    assert "sesame" not in str(caught.value)


def test_a_profile_does_not_show_its_values(path: Path) -> None:
    assert "secret" not in repr(config_file.read_profile(path, "work"))


@given(st.binary(max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_arbitrary_bytes_give_a_profile_or_a_typed_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "config"
    path.write_bytes(data)
    try:
        config_file.read_profile(path, "DEFAULT")
    except OcicatError:
        pass


def test_what_a_profile_has_itself_is_told_from_what_it_inherits(path: Path) -> None:
    assert config_file.read_profile(path, "work").own == {"user", "region"}
    assert config_file.read_profile(path, "DEFAULT").own == {"region", "pass_phrase"}
