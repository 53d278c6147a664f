"""The package as a whole: what its face shows, and what importing it costs."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

import ocicat

HEAVY = ("openai", "oci", "pydantic", "aiohttp", "httpx", "httpx2", "starlette", "cryptography")


def loaded_by(code: str) -> set[str]:
    """The top-level packages that a fresh interpreter has loaded after running ``code``."""
    script = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not loaded_by("import ocicat") & {*HEAVY, "msgspec", "asyncio", "ssl"}


def test_the_pytest_plugin_loads_nothing_heavy() -> None:
    assert not loaded_by("import ocicat.testing.pytest_plugin") & set(HEAVY)


def test_a_synchronous_call_loads_no_other_client() -> None:
    loaded = loaded_by("from ocicat import completion")
    assert not loaded & {"openai", "oci", "pydantic", "aiohttp", "httpx", "httpx2", "requests"}


def test_the_face_is_what_it_says() -> None:
    assert sorted(ocicat.__all__) == sorted(ocicat._HOME)
    for name in ocicat.__all__:
        assert getattr(ocicat, name) is not None
    assert set(ocicat.__all__) <= set(dir(ocicat))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ocicat.nonsense


def test_the_error_tree_in_the_docstring_is_the_real_one() -> None:
    drawn = ocicat.errors.__doc__ or ""
    for name in ocicat.errors.__all__:
        assert f" {name} " in drawn.replace("\n", " "), name
