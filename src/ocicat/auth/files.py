"""Small files that identities live in: noticed when they change, and read with clear errors."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from ocicat.errors import ConfigurationError

__all__ = ["Stamp", "read", "stamp", "write_private"]

#: What tells one state of a file from the next: modification time (ns), size, inode.
Stamp = tuple[int, int, int]


def stamp(path: Path) -> Stamp | None:
    """The file's present state, or ``None`` where there is none to see."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def read(path: Path, where: str, error: type[ConfigurationError]) -> bytes:
    """The file's bytes. Raises ``error``, which calls the file ``where``."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise error(f"{where} does not exist.") from None
    except OSError as problem:
        raise error(f"{where} cannot be read: {problem.strerror}.") from None


def write_private(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Write a file that, unless ``mode`` says otherwise, only its owner may read; all or nothing.

    Whoever reads it meanwhile sees the old file or the new one, never a part. A link is followed.
    Raises ``OSError``.
    """
    target = path.resolve()
    # It is readable for its owner alone from the beginning.
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    unfinished = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        unfinished.chmod(mode)
        unfinished.replace(target)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
