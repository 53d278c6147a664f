"""list_models() and alist_models(): OCI's own lists, over sockets."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest

import ocicat
from ocicat import alist_models, list_models
from ocicat.emulator import Emulator
from ocicat.errors import (
    APITimeoutError,
    AuthenticationError,
    MalformedReply,
    MissingSetting,
    NotAuthorizedOrNotFound,
    RateLimitError,
    UnknownParameter,
)
from support.management import items, management
from support.raw_server import RawServer, raw_server, reply

NOT_FOUND = reply(b'{"code": "404", "message": "no such thing"}', "404 Not Found")


def test_the_list_has_openais_shape_and_ocis_facts(oci_emulator: Emulator) -> None:
    found = list_models()
    assert (found.object, found["object"]) == ("list", "list")
    assert (found.oci_source, found.oci_region) == ("modelDiscovery", "us-chicago-1")
    models = {model.id: model for model in found.data}
    grok = models["xai.grok-4.3"]
    assert (grok.object, grok.owned_by, grok.created) == ("model", "xai", 0)
    assert grok.oci_capabilities == ["CHAT"]
    assert "OPENAI_V1_CHAT_COMPLETIONS" in grok.oci_api_capabilities
    assert grok.oci_input_modalities == ["text", "image"]
    assert grok.oci_serving_modes == ["ON_DEMAND"]
    assert grok.oci_access == "PROXY"
    assert grok.oci_time_deprecated is None
    assert models["xai.grok-3"].oci_time_deprecated
    assert models["xai.grok-3"].oci_replacements == ["xai.grok-4.3"]
    assert [model.id for model in found.data] == sorted(models)
    assert oci_emulator.ledger.last.path == "/20231130/modelDiscovery"


def test_an_openai_client_could_read_it(oci_emulator: Emulator) -> None:
    from openai.types import Model

    for model in list_models().model_dump()["data"]:
        Model.model_validate(model, strict=True)


def test_the_region_that_is_asked_for_is_the_one_that_is_listed(oci_emulator: Emulator) -> None:
    found = list_models(oci_region="KIX")
    assert found.oci_region == "ap-osaka-1"
    ids = {model.id for model in found.data}
    assert "meta.llama-3.3-70b-instruct" in ids
    assert "xai.grok-4.3" not in ids


def test_async_is_the_same(oci_emulator: Emulator) -> None:
    assert asyncio.run(alist_models()) == list_models()


def test_all_pages_are_read(oci_emulator: Emulator) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> bytes:
        page = query.get("page", ["first"])[0]
        following = {"first": {"opc_next_page": "a b"}, "a b": {"opc_next_page": "c"}}
        return items({"modelId": f"m-{page}", "vendor": "V"}, **following.get(page, {}))

    with management(answer) as server:
        found = list_models(api_base=server.url)
    assert [model.id for model in found.data] == ["m-a b", "m-c", "m-first"]
    assert {model.owned_by for model in found.data} == {"v"}


def test_a_page_that_leads_to_itself_ends_the_list(oci_emulator: Emulator) -> None:
    with management(lambda path, query: items({"modelId": "m"}, opc_next_page="again")) as server:
        found = list_models(api_base=server.url)
    assert len(found.data) == 2


@pytest.mark.parametrize(
    "refusal",
    [
        NOT_FOUND,
        reply(b"<html>oops</html>", "500 Oops", content_type="text/html"),
        reply(b'{"nothing": 1}'),
        reply(b"[1]"),
        reply(b'{"items": [{"modelId": "m", "availability": "everywhere"}]}'),
    ],
)
def test_the_older_list_is_asked_where_the_newer_one_is_not_to_be_had(
    oci_emulator: Emulator, refusal: bytes
) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> bytes:
        if path == "/20231130/modelDiscovery":
            return refusal
        assert query["lifecycleState"] == ["ACTIVE"]
        base = {"displayName": "meta.llama", "vendor": "Meta", "type": "BASE"}
        return items(
            {
                **base,
                "id": "ocid1.a",
                "capabilities": ["CHAT"],
                "timeOnDemandRetired": "2026-01-01",
            },
            {**base, "id": "ocid1.b", "capabilities": ["FINE_TUNE"]},
            {
                "displayName": "our lawyer",
                "id": "ocid1.generativeaimodel.oc1..c",
                "type": "CUSTOM",
                "timeCreated": "2025-01-01T00:00:00.000Z",
                "vendor": None,
            },
            {"lifecycleState": "ACTIVE"},
        )

    with management(answer) as server:
        found = list_models(api_base=server.url, max_retries=0)
    assert found.oci_source == "models"
    llama, lawyer = found.data
    assert (llama.id, llama.owned_by) == ("meta.llama", "meta")
    assert llama.oci_capabilities == ["CHAT", "FINE_TUNE"]
    assert llama.oci_time_on_demand_retired is None  # one of its versions lives
    assert lawyer.id == lawyer.oci_ocid == "ocid1.generativeaimodel.oc1..c"
    assert (lawyer.oci_display_name, lawyer.created) == ("our lawyer", 1735689600)


def test_availability_elsewhere_is_none_here(oci_emulator: Emulator) -> None:
    def answer(path: str, query: dict[str, list[str]]) -> bytes:
        assert query["region"] == ["us-chicago-1"]
        return items(
            {"modelId": "here", "availability": [{"region": "ORD", "servingModes": ["DEDICATED"]}]},
            {"modelId": "there", "availability": [{"region": "eu-frankfurt-1"}]},
            {"modelId": "nowhere", "availability": [{"region": "no region!"}]},
            {"modelId": "anywhere", "availability": None},
            {"vendor": "of nothing"},
        )

    with management(answer) as server:
        found = list_models(api_base=server.url)
    assert [model.id for model in found.data] == ["anywhere", "here"]
    assert found.data[1].oci_serving_modes == ["DEDICATED"]


def test_what_is_refused_by_both_lists_is_an_error_with_a_way_out(oci_emulator: Emulator) -> None:
    with pytest.raises(NotAuthorizedOrNotFound) as caught:
        list_models(oci_compartment_id="ocid1.compartment.oc1..other")
    assert "Allow group" in caught.value.hint


def test_a_refused_identity_is_not_tried_on_the_other_list(oci_emulator: Emulator) -> None:
    refusal = reply(b'{"code": "NotAuthenticated", "message": "no"}', "401 Unauthorized")
    with management(lambda path, query: refusal) as server:
        with pytest.raises(AuthenticationError):
            list_models(api_base=server.url)
        assert len(server.requests) == 1


DISCOVERY = "/20231130/modelDiscovery"


def paths(emulator: Emulator) -> list[str]:
    return [received.path for received in emulator.ledger]


def test_a_list_that_is_refused_in_passing_is_asked_for_again(oci_emulator: Emulator) -> None:
    oci_emulator.at(DISCOVERY).fail(429, retry_after=0.01).times(1)
    oci_emulator.at(DISCOVERY).fail(503, html=True).times(1)
    assert list_models().oci_source == "modelDiscovery"
    assert paths(oci_emulator) == [DISCOVERY] * 3


def test_a_region_that_throttles_is_not_asked_for_its_older_list(oci_emulator: Emulator) -> None:
    oci_emulator.at(DISCOVERY).fail(429)
    with pytest.raises(RateLimitError) as caught:
        asyncio.run(alist_models(max_retries=1))
    assert caught.value.attempts == 2
    assert paths(oci_emulator) == [DISCOVERY] * 2


def test_a_clock_that_is_wrong_is_corrected(oci_emulator: Emulator) -> None:
    oci_emulator.clock_offset = 3600
    with pytest.warns(RuntimeWarning, match="clock is"):
        assert list_models().data
    assert list_models().data
    assert len(oci_emulator.ledger) == 3


def test_an_identity_that_expired_is_renewed(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in oci_emulator.identity.instance_environment().items():
        monkeypatch.setenv(name, value)
    options: Any = {"oci_auth_type": "instance_principal"}
    assert list_models(**options).data
    oci_emulator.identity.revoke_all()
    assert list_models(**options).data
    asked = [received.status for received in oci_emulator.ledger if received.path == DISCOVERY]
    assert asked == [200, 401, 200]


def test_a_list_in_no_known_shape_is_malformed(oci_emulator: Emulator) -> None:
    with management(lambda path, query: reply(b'{"items": [1]}', opc_request_id="X")) as server:
        with pytest.raises(MalformedReply) as caught:
            list_models(api_base=server.url)
    assert caught.value.opc_request_id == "X"


def test_an_idle_connection_that_was_closed_is_opened_anew(oci_emulator: Emulator) -> None:
    """The server says that it keeps a connection, and hangs up on its next use."""

    def handle(server: RawServer, connection: socket.socket, request: bytes) -> bool:
        connection.sendall(items({"modelId": "m"}))
        return False

    with raw_server(handle) as server:
        for _ in range(3):
            assert list_models(api_base=server.url).data
        assert server.connections == 3


def test_a_server_that_says_nothing_is_not_waited_for_for_ever(oci_emulator: Emulator) -> None:
    with raw_server(lambda server, connection, request: True) as server:
        with pytest.raises(APITimeoutError):
            list_models(api_base=server.url, timeout=0.2)


def test_requests_are_signed_and_name_the_compartment(oci_emulator: Emulator) -> None:
    list_models()
    seen = oci_emulator.ledger.last
    assert seen.headers["authorization"].startswith("Signature ")
    assert f"compartmentId={oci_emulator.compartment_id}" in seen.target


def test_an_api_key_alone_cannot_list_models(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCI_COMPARTMENT_ID")
    with pytest.raises(MissingSetting) as caught:
        list_models(api_key="sk-x")
    assert caught.value.setting == "compartment_id"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"oci_regoin": "ORD"}, "Did you mean `oci_region`"),
        ({"drop_params": True}, "not a parameter of list_models"),
    ],
)
def test_unknown_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UnknownParameter, match=words):
        list_models(**options)


def test_the_functions_are_part_of_the_package() -> None:
    for name in ("list_models", "alist_models", "Model", "ModelList"):
        assert name in ocicat.__all__
        assert getattr(ocicat, name).__name__ == name
