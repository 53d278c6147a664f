"""Small files: when they change, how they are read, and how they are written."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from ocicat.auth import files
from ocicat.errors import InvalidKey


def test_a_change_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert files.stamp(path) is None
    path.write_bytes(b"a")
    first = files.stamp(path)
    assert first == files.stamp(path)
    files.write_private(path, b"b")
    assert files.stamp(path) != first


def test_what_cannot_be_read_is_said_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidKey, match="The key does not exist"):
        files.read(tmp_path / "none", "The key", InvalidKey)
    with pytest.raises(InvalidKey, match="The key cannot be read"):
        files.read(tmp_path, "The key", InvalidKey)


def test_a_private_file_is_for_its_owner_whatever_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    files.write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    files.write_private(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_bytes() == b"new"


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(OSError):
        files.write_private(tmp_path / "directory", b"new")
    with pytest.raises(OSError):
        files.write_private(tmp_path / "none" / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["directory"]


def test_nobody_reads_half_a_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    contents = [character * 100_000 for character in (b"a", b"b")]
    path.write_bytes(contents[0])
    done = threading.Event()

    def write() -> None:
        for turn in range(60):
            files.write_private(path, contents[turn % 2])
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert path.read_bytes() in contents
    writer.join()
