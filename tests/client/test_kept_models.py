"""OCI's lists of models, kept in files."""

from __future__ import annotations

import json
import os
import stat
import time
from pathlib import Path

import pytest

from ocicat.client.connection import Connection, connect
from ocicat.client.kept_models import FRESH, live_models
from ocicat.emulator import Emulator
from ocicat.errors import APIConnectionError, NotAuthorizedOrNotFound, RateLimitError


@pytest.fixture(autouse=True)
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the files."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "ocicat"


def files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*")) if folder.exists() else []


def make_older(folder: Path, seconds: float) -> None:
    [path] = files(folder)
    kept = json.loads(path.read_text())
    kept["asked"] -= seconds
    path.write_text(json.dumps(kept))


def asked(oci: Emulator) -> int:
    return sum("modelDiscovery" in seen.path for seen in oci.ledger)


def nowhere() -> Connection:
    return connect({"api_base": "http://127.0.0.1:1"})


def test_a_list_is_asked_for_once_a_day(oci_emulator: Emulator, kept_in: Path) -> None:
    first = live_models(connect({}), refresh=False)
    again = live_models(connect({}), refresh=False)
    assert asked(oci_emulator) == 1
    assert first.age == 0.0
    assert 0 < again.age < 60
    assert again.models == first.models
    make_older(kept_in, FRESH)
    assert live_models(connect({}), refresh=False).age == 0.0
    assert asked(oci_emulator) == 2


def test_refreshing_asks_anew(oci_emulator: Emulator) -> None:
    for _ in range(2):
        assert live_models(connect({}), refresh=True).age == 0.0
    assert asked(oci_emulator) == 2


def test_each_region_and_compartment_has_its_own_list(
    oci_emulator: Emulator, kept_in: Path
) -> None:
    oci_emulator.add_compartment("ocid1.compartment.oc1..second")
    for arguments in (
        {},
        {"oci_region": "KIX"},
        {"oci_compartment_id": "ocid1.compartment.oc1..second"},
    ):
        live_models(connect(arguments), refresh=False)
    assert asked(oci_emulator) == len(files(kept_in)) == 3


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_file_is_its_owners_and_its_name_tells_no_compartment(
    oci_emulator: Emulator, kept_in: Path
) -> None:
    live_models(connect({}), refresh=False)
    [path] = files(kept_in)
    assert path.name.startswith("models-us-chicago-1-")
    assert "compartment" not in path.name
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(kept_in.stat().st_mode) == 0o700


def test_an_old_list_is_better_than_none_and_says_so(oci_emulator: Emulator, kept_in: Path) -> None:
    live_models(connect({}), refresh=False)
    make_older(kept_in, 3 * FRESH)
    oci_emulator.stop()
    kept = live_models(connect({}), refresh=False)
    assert kept.age > 3 * FRESH
    assert kept.failure is not None
    assert kept.models.data


def test_with_an_old_list_at_hand_a_far_side_that_is_busy_is_asked_once(
    oci_emulator: Emulator, kept_in: Path
) -> None:
    live_models(connect({}), refresh=False)
    make_older(kept_in, FRESH)
    oci_emulator.at("/20231130/modelDiscovery").fail(429)
    assert isinstance(live_models(connect({}), refresh=False).failure, RateLimitError)
    assert asked(oci_emulator) == 2


def test_an_old_list_is_not_what_refreshing_asks_for(oci_emulator: Emulator) -> None:
    with pytest.raises(APIConnectionError):
        live_models(nowhere(), refresh=True)


def test_without_a_list_the_failure_is_an_error(oci_emulator: Emulator) -> None:
    with pytest.raises(APIConnectionError):
        live_models(nowhere(), refresh=False)


def test_a_refusal_is_never_covered_up(oci_emulator: Emulator, kept_in: Path) -> None:
    live_models(connect({}), refresh=False)
    make_older(kept_in, 3 * FRESH)
    [path] = files(kept_in)
    arguments = {"oci_compartment_id": "ocid1.compartment.oc1..other"}
    with pytest.raises(NotAuthorizedOrNotFound):
        live_models(connect(arguments), refresh=False)
    assert files(kept_in) == [path]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"asked": "x"}', '{"asked": 1, "models": {}}'])
def test_a_damaged_file_is_no_list(oci_emulator: Emulator, kept_in: Path, damage: str) -> None:
    live_models(connect({}), refresh=False)
    [path] = files(kept_in)
    path.write_text(damage)
    assert live_models(connect({}), refresh=False).models.data
    assert asked(oci_emulator) == 2


def test_a_list_from_the_future_is_asked_for_anew(oci_emulator: Emulator, kept_in: Path) -> None:
    live_models(connect({}), refresh=False)
    make_older(kept_in, -3600)
    live_models(connect({}), refresh=False)
    assert asked(oci_emulator) == 2


def test_where_nothing_can_be_kept_there_is_a_list_all_the_same(
    oci_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocked = tmp_path / "a file"
    blocked.write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    assert live_models(connect({}), refresh=False).models.data


def test_without_the_variable_lists_are_kept_at_home(
    oci_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    live_models(connect({}), refresh=False)
    [path] = files(tmp_path / ".cache" / "ocicat")
    assert json.loads(path.read_text())["asked"] <= time.time()
