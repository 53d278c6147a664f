"""Where responses are kept that OCI does not keep, so that later ones can continue them.

A store is any object with the methods of :class:`ResponseStore`. The usual one is a SQLite file,
``$XDG_STATE_HOME/ocicat/responses.db`` (``~/.local/state/ocicat/responses.db``), which only its
owner may read; ``OCICAT_RESPONSE_STORE`` names another file, or ``:memory:`` for none. Several
threads and processes may share it. What nobody has asked for in 30 days is forgotten, as OpenAI
forgets it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from ocicat.errors import InvalidSetting

__all__ = ["KeptResponse", "ResponseStore", "SqliteStore", "usual_store"]

#: Seconds for which a response is kept after its last use.
MAX_AGE: Final = 30 * 86400.0

#: Seconds to wait for another thread or process that has the file locked.
_PATIENCE: Final = 5.0

#: How much may pass before a use is noted again, and between two clean-ups.
_STEP: Final = 3600.0


class KeptResponse(msgspec.Struct, frozen=True):
    """A response as its caller got it, and the ``input`` items of its own turn."""

    response: dict[str, Any]
    input: list[dict[str, Any]]


class ResponseStore(Protocol):
    """Keeps responses by their ids. Every method may be called from any thread, and may wait."""

    def get(self, response_id: str) -> KeptResponse | None:
        """The response with this id, if it is kept."""
        ...

    def put(self, response_id: str, kept: KeptResponse) -> None:
        """Keep a response."""
        ...

    def delete(self, response_id: str) -> bool:
        """Forget a response; whether there was one."""
        ...


class SqliteStore:
    """A store in one file, or in memory.

    ``path`` is a file's, which is made where there is none, or ``:memory:``. ``max_age`` is in
    seconds since the last use. It must not be used on the other side of a fork. Its methods raise
    :class:`~ocicat.errors.InvalidSetting` for a file that cannot be used.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        max_age: float = MAX_AGE,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._path = os.fspath(path)
        self._max_age = max_age
        self._clock = clock
        self._lock = threading.Lock()
        self._database: sqlite3.Connection | None = None
        self._cleaned = 0.0

    def get(self, response_id: str) -> KeptResponse | None:
        """The response with this id, if it is kept."""
        with self._opened() as database:
            now = self._clock()
            row = database.execute(
                "SELECT kept, used FROM responses WHERE id = ? AND used > ?",
                (response_id, now - self._max_age),
            ).fetchone()
            if row is None:
                return None
            if row[1] < now - _STEP:
                database.execute("UPDATE responses SET used = ? WHERE id = ?", (now, response_id))
            return msgspec.json.decode(row[0], type=KeptResponse)

    def put(self, response_id: str, kept: KeptResponse) -> None:
        """Keep a response."""
        with self._opened() as database:
            now = self._clock()
            database.execute(
                "INSERT OR REPLACE INTO responses (id, kept, used) VALUES (?, ?, ?)",
                (response_id, msgspec.json.encode(kept), now),
            )
            if self._cleaned < now - _STEP:
                self._cleaned = now
                database.execute("DELETE FROM responses WHERE used <= ?", (now - self._max_age,))

    def delete(self, response_id: str) -> bool:
        """Forget a response; whether there was one."""
        with self._opened() as database:
            done = database.execute("DELETE FROM responses WHERE id = ?", (response_id,))
            return done.rowcount > 0

    def close(self) -> None:
        """Close the file. The next use opens it again."""
        with self._lock:
            if self._database is not None:
                self._database.close()
            self._database = None

    __del__ = close

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                if self._database is None:
                    self._database = self._open()
                yield self._database
            except (OSError, sqlite3.Error, msgspec.DecodeError) as problem:
                raise InvalidSetting(
                    f"Responses cannot be kept in {self._path}: {problem}.",
                    setting="response_store",
                    hint="Name another file in OCICAT_RESPONSE_STORE, or :memory:, or send"
                    " store=False.",
                ) from problem

    def _open(self) -> sqlite3.Connection:
        if self._path != ":memory:":
            path = Path(self._path)
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.touch(mode=0o600)  # it holds what people said
        database = sqlite3.connect(
            self._path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            _write_ahead(database)
            database.execute("PRAGMA synchronous = NORMAL")
            database.execute(
                "CREATE TABLE IF NOT EXISTS responses"
                " (id TEXT PRIMARY KEY, kept BLOB NOT NULL, used REAL NOT NULL)"
            )
            database.execute("CREATE INDEX IF NOT EXISTS by_use ON responses (used)")
        except BaseException:
            database.close()
            raise
        return database


def _write_ahead(database: sqlite3.Connection) -> None:
    """Choose the journal that readers and a writer can share.

    Here alone SQLite does not wait itself for others, who may be choosing it too.
    """
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as problem:
            if problem.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return


def usual_store() -> ResponseStore:
    """The store that the environment names; the same one as long as it names the same."""
    named = os.environ.get("OCICAT_RESPONSE_STORE")
    if named:
        return _store(named, os.getpid())
    root = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return _store(str(Path(root) / "ocicat" / "responses.db"), os.getpid())


@lru_cache(maxsize=8)
def _store(path: str, _process: int) -> SqliteStore:
    return SqliteStore(path)
