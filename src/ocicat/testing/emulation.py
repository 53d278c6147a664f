"""A running emulator, and an environment in which every OCI client finds it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ocicat.emulator import Emulator, StreamStyle

__all__ = ["emulator"]

_PREFIXES = ("OCI_", "OCICAT_")
# How the oci SDK behaves, not where it goes.
_LEFT_ALONE = ("OCI_SDK_", "OCI_PYTHON_SDK_")
_PROXY_EXCEPTIONS = ("NO_PROXY", "no_proxy")


@contextmanager
def emulator(
    *,
    rules: str | os.PathLike[str] | None = None,
    backend: str | None = None,
    streams: StreamStyle | None = None,
) -> Iterator[Emulator]:
    """A running emulator that every client with no settings of its own reaches.

    Inside, ``OCI_CONFIG_FILE``, ``OCI_PROFILE`` and ``OCI_COMPARTMENT_ID`` lead to the emulator,
    and all other variables that tell OCI clients where to go or who they are do not exist.
    ``OCICAT_API_BASE`` and ``OCICAT_AUTH_ENDPOINT`` send even those ocicat calls there that bring
    credentials and a region of their own, so that no test reaches the real OCI by mistake.
    Responses are kept for as long as the emulator runs.
    Afterwards the environment is as it was. The options are those of
    :class:`ocicat.emulator.Emulator`.
    """
    from ocicat.emulator import Emulator, Home

    with tempfile.TemporaryDirectory(prefix="ocicat-emulator-") as directory:
        home = Home(directory, key_pem=_key())
        with (
            Emulator(home, rules=rules, backend=backend, streams=streams) as running,
            _environment(_variables(running)),
        ):
            yield running


def _variables(running: Emulator) -> dict[str, str]:
    own = {
        "OCICAT_API_BASE": running.url,
        "OCICAT_AUTH_ENDPOINT": running.url,
        "OCICAT_RESPONSE_STORE": str(running.home.path / "responses.db"),
    }
    return {**running.environment(), **own}


@lru_cache(maxsize=1)
def _key() -> bytes:
    """One throwaway key for the whole process, because making one is slow."""
    from ocicat.emulator.home import new_key

    return new_key()


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    before = {name: value for name, value in os.environ.items() if _concerns_us(name)}
    for name in before:
        if name not in _PROXY_EXCEPTIONS:
            del os.environ[name]
    os.environ.update(variables)
    for name in _PROXY_EXCEPTIONS:
        listed = before.get(name)
        os.environ[name] = f"{listed},127.0.0.1" if listed else "127.0.0.1"
    try:
        yield
    finally:
        for name in [name for name in os.environ if _concerns_us(name)]:
            del os.environ[name]
        os.environ.update(before)


def _concerns_us(name: str) -> bool:
    if name in _PROXY_EXCEPTIONS:
        return True
    return name.startswith(_PREFIXES) and not name.startswith(_LEFT_ALONE)
