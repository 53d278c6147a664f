"""OCI's lists of models, kept in files, so that a look at one costs no call and needs no network.

The files are in ``$XDG_CACHE_HOME/ocicat``, or else in ``~/.cache/ocicat``; one for each region,
service address and compartment. Deleting them loses nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from ocicat.auth.files import write_private
from ocicat.client.connection import Connection
from ocicat.client.discovery import ModelList, listing
from ocicat.errors import OcicatError
from ocicat.transport import sync

__all__ = ["Kept", "live_models"]

#: Seconds for which a list is as good as new.
FRESH = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """A list, its age in seconds, and why there is no newer one, where one was wanted."""

    models: ModelList
    age: float = 0.0
    failure: OcicatError | None = None


def live_models(connection: Connection, *, refresh: bool) -> Kept:
    """The list for this connection: the kept one while it is fresh, else OCI's.

    With ``refresh`` OCI is asked in any case. Where it cannot answer now, an older list is better
    than none, unless ``refresh`` was asked for. Raises what
    :func:`~ocicat.client.discovery.list_models` raises.
    """
    path = _path(connection)
    kept = None if refresh else _read(path)
    if kept is not None and kept.age < FRESH:
        return kept
    # With an older list at hand, nobody need wait for a far side that is out of order.
    patience = {} if kept is None else {"max_retries": 0}
    try:
        models = sync.run(listing(connection, patience))
    except OcicatError as failure:
        if kept is None or not failure.is_retryable:
            raise
        return Kept(kept.models, kept.age, failure)
    _write(path, models)
    return Kept(ModelList(models))


def _path(connection: Connection) -> Path:
    place = connection.place
    who = f"{place.api_base or ''}\n{connection.compartment_id}"
    digest = hashlib.sha256(who.encode()).hexdigest()[:12]
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    region = "".join(c for c in place.region or "" if c.isalnum() or c == "-").lower()
    return Path(root) / "ocicat" / f"models-{region}-{digest}.json"


def _read(path: Path) -> Kept | None:
    """The kept list, or ``None`` for one that is not there or not whole."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        age = time.time() - kept["asked"]
        # What says that it comes from the future says nothing.
        return Kept(ModelList(kept["models"]), age) if age >= 0 and kept["models"]["data"] else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _write(path: Path, models: dict[str, object]) -> None:
    text = json.dumps({"asked": time.time(), "models": models}, ensure_ascii=False)
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, text.encode())
    except OSError:
        pass  # a machine on which nothing can be kept still gets its list
