"""Regions that the machine's owner describes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ocicat import completion, errors
from ocicat.auth.region_metadata import default_domain, extra_regions
from ocicat.emulator import Emulator
from ocicat.routing.regions import Region

MINE = {
    "realmKey": "OC99",
    "realmDomainComponent": "cloud99.example",
    "regionKey": "XXX",
    "regionIdentifier": "my-region-1",
}
REGION = Region("my-region-1", "xxx", "oc99", "cloud99.example")


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_the_variable_describes_one_region() -> None:
    assert extra_regions({"OCI_REGION_METADATA": json.dumps(MINE)}) == (REGION,)
    assert extra_regions({}) == ()


def test_the_file_describes_several(tmp_path: Path) -> None:
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "regions-config.json").write_text(json.dumps([MINE, MINE]))
    assert extra_regions({}) == (REGION, REGION)


@pytest.mark.parametrize(
    "text", ["{", "[]", "5", '{"realmKey": "x"}', json.dumps({**MINE, "regionKey": 5})]
)
def test_what_is_no_description_is_named(text: str) -> None:
    with pytest.raises(errors.InvalidSetting, match="OCI_REGION_METADATA"):
        extra_regions({"OCI_REGION_METADATA": text})


def test_the_default_realm_is_a_domain() -> None:
    assert default_domain({"OCI_DEFAULT_REALM": "cloud98.example"}) == "cloud98.example"
    assert default_domain({}) is None


@pytest.mark.parametrize("region", ["my-region-1", "XXX"])
def test_a_call_goes_to_the_region_that_was_described(oci_emulator: Emulator, region: str) -> None:
    config = oci_emulator.home.config_file
    lines = config.read_text().splitlines()
    config.write_text("\n".join(line for line in lines if not line.startswith("endpoint")))
    # Undone before the emulator takes its variables away again.
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("OCI_REGION_METADATA", json.dumps(MINE))
        environment.delenv("OCICAT_API_BASE")
        with pytest.raises(errors.APIConnectionError, match="my-region-1.oci.cloud99.example"):
            completion(
                "xai.grok-4.3",
                [{"role": "user", "content": "hi"}],
                oci_region=region,
                max_retries=0,
            )
