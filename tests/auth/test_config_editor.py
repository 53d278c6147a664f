"""Editing the config file: what is asked for changes, and nothing else."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocicat.auth.config_editor import own_values, write_profile
from ocicat.errors import InvalidSetting

VALUES = {"region": "us-chicago-1", "key_file": "/new/key.pem"}
FILE = """\
# The team's file.
[DEFAULT]
user=ocid1.user.oc1..a
region = us-ashburn-1   ; not a comment

; about the session
[WORK]
# keep me
Key_File: /old/key.pem
    /continued
custom=1

  # the other one
[OTHER]
region=eu-frankfurt-1
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config"


def test_a_profile_changes_and_all_else_stays_to_the_byte(path: Path) -> None:
    path.write_text(FILE)
    write_profile(path, "WORK", VALUES)
    assert path.read_text() == FILE.replace(
        "Key_File: /old/key.pem\n    /continued\ncustom=1\n",
        "Key_File=/new/key.pem\ncustom=1\nregion=us-chicago-1\n",
    )


def test_a_new_profile_comes_at_the_end(path: Path) -> None:
    path.write_text(FILE)
    write_profile(path, "NEW", VALUES)
    assert path.read_text() == (FILE + "\n[NEW]\nregion=us-chicago-1\nkey_file=/new/key.pem\n")
    assert own_values(path, "NEW") == VALUES


def test_a_new_file_is_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "not" / "there" / "config"
    write_profile(path, "DEFAULT", VALUES)
    assert path.read_text() == "[DEFAULT]\nregion=us-chicago-1\nkey_file=/new/key.pem\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_the_mode_of_a_file_stays(path: Path) -> None:
    path.write_text(FILE)
    path.chmod(0o640)
    write_profile(path, "WORK", VALUES)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"[A]\r\nx=1\r\n", b"[A]\r\nx=1\r\nregion=r\r\n"),
        (b"[A]\nx=1", b"[A]\nx=1\nregion=r\n"),
        (b"\xef\xbb\xbf[A]\nx=1\n", b"\xef\xbb\xbf[A]\nx=1\nregion=r\n"),
        (b"[A]", b"[A]\nregion=r\n"),
        (b"[A]\nregion=1\n\n[B]\n", b"[A]\nregion=r\n\n[B]\n"),
        ("[A]\nx=ü\u2028y\n".encode(), "[A]\nx=ü\u2028y\nregion=r\n".encode()),
    ],
)
def test_line_ends_and_marks_stay(path: Path, before: bytes, after: bytes) -> None:
    path.write_bytes(before)
    write_profile(path, "A", {"region": "r"})
    assert path.read_bytes() == after


def test_values_of_a_profile_are_its_own_and_not_those_of_default(path: Path) -> None:
    path.write_text(FILE)
    assert own_values(path, "OTHER") == {"region": "eu-frankfurt-1"}
    assert own_values(path, "DEFAULT") == {
        "user": "ocid1.user.oc1..a",
        "region": "us-ashburn-1   ; not a comment",
    }
    assert own_values(path, "NONE") is None
    assert own_values(path.with_name("none"), "DEFAULT") is None


@pytest.mark.parametrize(
    "content", [b"x=1\n", b"[A]\nsecret words\n", b"\xff\xfe[A]", b"[A]\n[A]\n", b"[A]\nx=1\nx=2\n"]
)
def test_a_file_that_is_no_config_file_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidSetting) as caught:
        write_profile(path, "A", VALUES)
    assert "secret words" not in str(caught.value)
    assert path.read_bytes() == content


def test_a_layout_that_is_misunderstood_is_left_alone(path: Path) -> None:
    content = "[OTHER]\nx=1\n [A]\ny=2\n"  # the third line continues the second
    path.write_text(content)
    try:
        write_profile(path, "A", VALUES)
    except InvalidSetting:
        assert path.read_text() == content
    assert own_values(path, "OTHER") == {"x": "1\n[A]", "y": "2"}


LINE = st.sampled_from(
    ["[A]", "[B]", "[DEFAULT]", "x=1", "region=r", "region : s", " y=2", "# c", "; c", "", "z", "["]
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINE), name=st.sampled_from(["A", "B", "DEFAULT", "NEW"]))
def test_any_file_keeps_what_it_says(path: Path, lines: list[str], name: str) -> None:
    content = "\n".join(lines)
    path.write_text(content)
    try:
        write_profile(path, name, VALUES)
    except InvalidSetting:
        assert path.read_text() == content
        return
    before, after = (configparser.ConfigParser(default_section="\0") for _ in range(2))
    before.read_string(content)
    after.read_string(path.read_text())
    expected = {section: dict(before[section]) for section in before.sections()}
    expected[name] = {**expected.get(name, {}), **VALUES}
    assert {section: dict(after[section]) for section in after.sections()} == expected
    kept = [line for line in lines if line.startswith(("#", ";"))]
    assert [line for line in path.read_text().split("\n") if line.startswith(("#", ";"))] == kept
