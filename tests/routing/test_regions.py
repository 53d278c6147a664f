"""Regions and realms, and the hosts that follow from them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.errors import InvalidSetting
from ocicat.routing import regions
from ocicat.routing.regions import Region

ROOT = Path(__file__).resolve().parents[2]
ALLOY = Region("xy-somewhere-1", "sww", "oc99", "example.cloud")


def test_the_table_is_what_its_tool_makes_from_the_installed_sdk() -> None:
    subprocess.run([sys.executable, ROOT / "tools/make_regions.py", "--check"], check=True)


def test_the_tool_says_so_when_the_table_is_not_what_it_makes(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        from table_module import write_or_check
    finally:
        sys.path.pop(0)
    table = tmp_path / "table.py"
    assert write_or_check(table, "A = 1\n", ["--check"]) == 1
    assert write_or_check(table, "A = 1\n", []) == 0
    assert write_or_check(table, "A = 1\n", ["--check"]) == 0
    assert write_or_check(table, "A = 2\n", ["--check"]) == 1
    assert write_or_check(table, "A = 2\n", ["--wrong"]) == 2


def test_every_region_has_the_host_that_the_oci_sdk_gives_it() -> None:
    """The SDK's own function is the authority, for ids and for short codes."""
    import oci

    template = "https://inference.generativeai.{region}.oci.{secondLevelDomain}"
    for region in regions.regions():
        for name in (region.id, region.code.upper()):
            expected = oci.regions.endpoint_for(
                "generative_ai_inference", region=name, service_endpoint_template=template
            )
            assert f"https://{regions.inference_host(name)}" == expected
        assert regions.realm_of(region.code) == oci.regions.get_realm_from_region(region.id)


def test_model_deployments_have_the_hosts_of_the_oci_sdk() -> None:
    """The SDK has one template for the commercial realm, and one for all others."""
    import oci
    from oci.model_deployment import ModelDeploymentClient

    signer = oci.auth.signers.SecurityTokenSigner("token", _key())
    for region in regions.regions():
        for template_per_realm in (True, False):
            client = ModelDeploymentClient(
                {"region": region.id},
                signer=signer,
                client_level_realm_specific_endpoint_template_enabled=template_per_realm,
            )
            host = client.base_client.endpoint.removeprefix("https://").partition("/")[0]
            assert host in regions.deployment_hosts(region.id)
            if template_per_realm:
                assert host == regions.deployment_hosts(region.code.upper())[0]


def test_a_deployment_in_a_place_of_its_own_has_one_host() -> None:
    assert regions.deployment_hosts("my.custom.domain") == ("md.datascience.my.custom.domain",)
    hosts = regions.deployment_hosts("sww", extra=(ALLOY,))
    assert hosts == ("md.datascience.xy-somewhere-1.oci.example.cloud",)


def _key() -> object:
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(65537, 2048)


@pytest.mark.parametrize(
    ("written", "id", "realm", "domain"),
    [
        ("us-chicago-1", "us-chicago-1", "oc1", "oraclecloud.com"),
        ("ORD", "us-chicago-1", "oc1", "oraclecloud.com"),
        ("  Us-Chicago-1\n", "us-chicago-1", "oc1", "oraclecloud.com"),
        ("eu-frankfurt-2", "eu-frankfurt-2", "oc19", "oraclecloud.eu"),
        ("str", "eu-frankfurt-2", "oc19", "oraclecloud.eu"),
        ("uk-gov-london-1", "uk-gov-london-1", "oc4", "oraclegovcloud.uk"),
        ("us-gov-ashburn-1", "us-gov-ashburn-1", "oc3", "oraclegovcloud.com"),
        ("foo-bar-9", "foo-bar-9", "oc1", "oraclecloud.com"),
    ],
)
def test_a_region_is_known_by_id_and_short_code_in_any_case(
    written: str, id: str, realm: str, domain: str
) -> None:
    assert regions.region_id(written) == id
    assert regions.realm_of(written) == realm
    assert regions.domain_of(written) == domain
    assert regions.inference_host(written) == f"inference.generativeai.{id}.oci.{domain}"
    assert regions.management_host(written) == f"generativeai.{id}.oci.{domain}"


@pytest.mark.parametrize(
    ("region", "place"),
    [
        ("us-chicago-1", "us-chicago-1.oraclecloud.com"),
        ("ORD", "us-chicago-1.oraclecloud.com"),
        ("eu-frankfurt-2", "eu-frankfurt-2.oraclecloud.eu"),
        ("uk-gov-london-1", "uk-gov-london-1.oraclegovcloud.uk"),
        ("foo-bar-9", "foo-bar-9.oraclecloud.com"),
        ("my.custom.domain", "my.custom.domain"),
    ],
)
def test_hosts_of_identity_have_no_oci_before_the_domain(region: str, place: str) -> None:
    assert regions.auth_host(region) == f"auth.{place}"
    assert regions.login_host(region) == f"login.{place}"


def test_hosts_of_identity_know_extra_regions_and_the_default_domain() -> None:
    assert regions.auth_host("SWW", extra=[ALLOY]) == "auth.xy-somewhere-1.example.cloud"
    assert regions.login_host("foo-bar-9", default_domain="x.com") == "login.foo-bar-9.x.com"
    with pytest.raises(InvalidSetting):
        regions.auth_host("no host/at all")


def test_an_unknown_region_with_a_dot_is_a_full_domain() -> None:
    host = regions.inference_host("My.Custom.Domain")
    assert host == "inference.generativeai.my.custom.domain"
    assert regions.management_host("my.custom.domain") == "generativeai.my.custom.domain"


def test_the_default_domain_is_for_unknown_regions_only() -> None:
    def host(region: str) -> str:
        return regions.inference_host(region, default_domain="oraclecloud99.com")

    assert host("foo-bar-9") == "inference.generativeai.foo-bar-9.oci.oraclecloud99.com"
    assert host("us-chicago-1") == "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
    assert host("my.domain") == "inference.generativeai.my.domain"


@pytest.mark.parametrize("name", ["xy-somewhere-1", "SWW"])
def test_an_extra_region_is_known_by_id_and_short_code(name: str) -> None:
    host = "inference.generativeai.xy-somewhere-1.oci.example.cloud"
    assert regions.inference_host(name, extra=[ALLOY], default_domain="other.com") == host
    assert regions.realm_of(name, extra=[ALLOY]) == "oc99"
    assert regions.is_known(name, extra=[ALLOY])
    assert not regions.is_known(name)


def test_the_table_comes_before_extra_regions() -> None:
    impostor = Region("us-chicago-1", "ord", "oc99", "example.cloud")
    assert regions.domain_of("ORD", extra=[impostor]) == "oraclecloud.com"


@pytest.mark.parametrize(
    "extra",
    [ALLOY._replace(domain="evil.example/path"), ALLOY._replace(id="xy/evil")],
)
def test_an_extra_region_cannot_smuggle_anything_into_a_host(extra: Region) -> None:
    with pytest.raises(InvalidSetting):
        regions.inference_host("sww", extra=[extra])


@pytest.mark.parametrize(
    "garbage",
    [
        "",
        " ",
        "us chicago 1",
        "us-chicago-1/",
        "us-chicago-1@evil",
        "a..b",
        ".a",
        "a.",
        "ü",
        "a" * 64,
    ],
)
def test_what_cannot_be_part_of_a_host_name_is_refused(garbage: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        regions.inference_host(garbage)
    assert caught.value.setting == "region"
    assert caught.value.hint


def test_a_refused_region_comes_with_the_nearest_names() -> None:
    with pytest.raises(InvalidSetting, match="Did you mean us-chicago-1"):
        regions.region_id("us chicago 1")


def test_a_default_domain_that_is_no_domain_is_refused_by_name() -> None:
    with pytest.raises(InvalidSetting, match="default_domain") as caught:
        regions.domain_of("foo-bar-9", default_domain="evil.example/path")
    assert caught.value.setting == "default_domain"


@pytest.mark.parametrize(
    ("typo", "meant"),
    [("us-chicgo-1", "us-chicago-1"), ("EU-FRANKFRUT-1", "eu-frankfurt-1"), ("", None)],
)
def test_a_typo_finds_the_region_that_was_meant(typo: str, meant: str | None) -> None:
    found = regions.nearest_regions(typo)
    assert found[:1] == ([meant] if meant else [])


def test_a_realm_has_a_domain() -> None:
    assert regions.realm_domain("OC19") == "oraclecloud.eu"
    assert regions.realm_domain("oc999") is None


@given(st.text(max_size=80))
def test_any_text_gives_a_host_of_plain_labels_or_an_invalid_setting(text: str) -> None:
    try:
        host = regions.inference_host(text)
    except InvalidSetting:
        return
    assert len(host) <= 253
    assert all(
        label.replace("-", "").replace("_", "").isalnum() or label for label in host.split(".")
    )
    assert host.isascii()
    assert not set(host) & set("/@:?# \\")
