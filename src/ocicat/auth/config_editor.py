"""Changes one profile of the OCI config file and leaves every other byte as it is.

People write comments into that file and keep keys for other programs in it, so it is edited line by
line. The outcome is read back before it is written: a file laid out so that the lines were
misunderstood stays as it was.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ocicat.auth import config_file, files
from ocicat.errors import ConfigurationError, InvalidSetting

__all__ = ["own_values", "write_profile"]

_HEADER = re.compile(r"\[(.+)\]")
_ENTRY = re.compile(r"([^#;\s=:\[][^=:]*?)\s*[=:]")
_COMMENTS = ("#", ";")
_BOM = "\ufeff"


def own_values(path: Path, name: str) -> dict[str, str] | None:
    """What the profile itself says, without what it inherits; ``None`` where there is none.

    Raises :class:`~ocicat.errors.ConfigurationError` kin for a file that cannot be read, or is no
    OCI config file.
    """
    return config_file.parse(_read(path), path).get(name)


def write_profile(path: Path, name: str, values: Mapping[str, str]) -> None:
    """Set ``values`` in the profile ``name``; profile and file are made if need be.

    A new file is readable for its owner only. Raises :class:`~ocicat.errors.ConfigurationError` kin
    for a file that cannot be read, edited or written.
    """
    before = _read(path)
    expected = config_file.parse(before, path)
    expected[name] = {**expected.get(name, {}), **values}
    after = _edited(before.decode(), name, values).encode()
    if config_file.parse(after, path) != expected:
        raise InvalidSetting(
            f"The OCI config file {path} is laid out in a way that ocicat cannot edit.",
            setting="config_file",
            hint=f"Give another file with --config-file, or write the profile {name} yourself.",
        )
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
        files.write_private(path, after, mode=mode)
    except OSError as problem:
        raise InvalidSetting(
            f"The OCI config file {path} cannot be written: {problem.strerror}.",
            setting="config_file",
        ) from None


def _read(path: Path) -> bytes:
    """The file's bytes; none where there is no file yet."""
    if not path.exists():
        return b""
    return files.read(path, f"The OCI config file {path}", ConfigurationError)


def _edited(text: str, name: str, values: Mapping[str, str]) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.split("\n")
    last = lines.pop()
    lines = [line + "\n" for line in lines] + ([last + end] if last else [])
    start = _start_of(lines, name)
    if start is None:
        blank = [end] if lines and lines[-1].strip() else []
        return "".join([*lines, *blank, f"[{name}]{end}", *_entries(values, end)])
    kept: list[str] = []
    missing = dict(values)
    replacing = False
    at = start
    while at < len(lines) and not _HEADER.match(lines[at]):
        line = lines[at]
        at += 1
        entry = _ENTRY.match(line)
        if entry is None:
            # What an indented line continues goes with it.
            if not (replacing and line[:1].isspace() and line.strip() and not _is_comment(line)):
                kept.append(line)
            continue
        key = entry[1].strip().lower()
        replacing = key in values
        if not replacing:
            kept.append(line)
        elif key in missing:
            kept.append(f"{entry[1].strip()}={missing.pop(key)}{end}")
    # New entries go behind the last one, before the comments and blank lines of what follows.
    tail = len(kept)
    while tail and (not kept[tail - 1].strip() or _is_comment(kept[tail - 1])):
        tail -= 1
    return "".join(
        [*lines[:start], *kept[:tail], *_entries(missing, end), *kept[tail:], *lines[at:]]
    )


def _start_of(lines: list[str], name: str) -> int | None:
    """The index of the line that follows the profile's header."""
    for index, line in enumerate(lines):
        header = _HEADER.match(line.removeprefix(_BOM))
        if header and header[1] == name:
            return index + 1
    return None


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(_COMMENTS)


def _entries(values: Mapping[str, str], end: str) -> list[str]:
    return [f"{key}={value}{end}" for key, value in values.items()]
