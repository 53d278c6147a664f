"""Who and what exists."""

from __future__ import annotations

import re

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ocicat.emulator.tenancy import DEPLOYMENT_ID, ENDPOINTS, IMPORTED, Tenancy, model_ocid
from ocicat.errors import InvalidKey, InvalidSetting
from ocicat.routing import catalog

OCID = re.compile(r"[0-9a-zA-Z_-]+[.:]([0-9a-zA-Z_-]*[.:]){3,}[0-9a-zA-Z_-]+")


def test_every_model_of_the_catalogue_exists_under_name_alias_and_ocid() -> None:
    tenancy = Tenancy()

    assert tenancy.models() == [*catalog.models(), IMPORTED]
    for facts in catalog.models():
        if facts.retired_on_demand is None:
            for name in (facts.id, *facts.aliases, model_ocid(facts.id)):
                assert tenancy.on_demand(name).id == name
                assert tenancy.on_demand(name).facts == facts


def test_ocids_of_models_are_lasting_distinct_and_well_formed() -> None:
    ocids = [model_ocid(facts.id) for facts in catalog.models()]

    assert len(set(ocids)) == len(ocids)
    assert all(OCID.fullmatch(ocid) for ocid in ocids)
    assert model_ocid("meta.llama-3.3-70b-instruct").startswith(
        "ocid1.generativeaimodel.oc1.us-chicago-1.amaaaaaa"
    )


def test_each_default_endpoint_serves_a_model_of_its_format() -> None:
    tenancy = Tenancy()
    for api_format, (ocid, model) in ENDPOINTS.items():
        served = tenancy.dedicated(ocid)
        assert served.facts.id == model
        assert served.facts.api_format == ("GENERIC" if api_format == "IMPORTED" else api_format)


def test_an_imported_model_is_served_by_its_endpoint_only() -> None:
    tenancy = Tenancy()

    assert tenancy.dedicated(ENDPOINTS["IMPORTED"][0]).facts == IMPORTED
    with pytest.raises(LookupError, match="dedicated endpoint only"):
        tenancy.on_demand(IMPORTED.id)


def test_deployments_and_projects_are_known_once_they_are_added() -> None:
    tenancy = Tenancy()
    with pytest.raises(LookupError):
        tenancy.deployed("ocid1.datasciencemodeldeployment.oc1..x")
    tenancy.add_deployment("ocid1.datasciencemodeldeployment.oc1..x", "meta.llama-3.3-70b-instruct")
    tenancy.add_project("ocid1.generativeaiproject.oc1..x")

    assert tenancy.deployed("ocid1.datasciencemodeldeployment.oc1..x").family == "llama"
    assert tenancy.deployments() == (DEPLOYMENT_ID, "ocid1.datasciencemodeldeployment.oc1..x")
    assert tenancy.has_project("ocid1.generativeaiproject.oc1..x")
    assert not tenancy.has_project("ocid1.generativeaiproject.oc1..y")


def test_an_endpoint_for_an_unknown_model_cannot_be_added() -> None:
    with pytest.raises(InvalidSetting, match="add_model"):
        Tenancy().add_endpoint("ocid1.generativeaiendpoint.oc1..x", "nobody.knows")


def test_adding_a_retired_model_brings_it_back() -> None:
    tenancy = Tenancy()
    retired = next(facts for facts in tenancy.models() if facts.retired_on_demand)
    tenancy.add_model(retired.id)

    assert tenancy.on_demand(retired.id).facts.retired_on_demand is None
    assert len(tenancy.models()) == len(catalog.models()) + 1


def test_a_public_key_must_be_one_of_rsa() -> None:
    elliptic = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = elliptic.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    for text in (pem, "nonsense"):
        with pytest.raises(InvalidKey):
            Tenancy().add_key("t", "u", text)
