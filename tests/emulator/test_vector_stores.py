"""Vector stores: managed in one place, filled and searched in another."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types import VectorStore, VectorStoreDeleted, VectorStoreSearchResponse
from openai.types.vector_stores import VectorStoreFile, VectorStoreFileBatch

from ocicat.emulator import Emulator
from support.emulator_client import ask
from support.objects import get, post, send, uploaded


def test_a_store_is_made_shown_changed_and_deleted(emulator: Emulator) -> None:
    expiry = {"anchor": "last_active_at", "days": 2}
    said = {"name": "s", "metadata": {"a": "b"}, "expires_after": expiry}
    store = post(emulator, "/vector_stores", said)
    VectorStore.model_validate(store)
    assert store["expires_at"] == store["created_at"] + 2 * 86400
    path = f"/vector_stores/{store['id']}"
    assert get(emulator, path) == store
    assert post(emulator, path, {"name": "t"})["name"] == "t"
    assert get(emulator, path)["metadata"] == {"a": "b"}
    assert [each["id"] for each in get(emulator, "/vector_stores?limit=1")["data"]] == [store["id"]]
    VectorStoreDeleted.model_validate(send(emulator, "DELETE", path).json)
    assert send(emulator, "GET", path).status == 404


def test_stores_are_managed_on_the_management_path_only(emulator: Emulator) -> None:
    headers = {
        "openai-project": emulator.project_id,
        "opc-compartment-id": emulator.compartment_id,
    }
    answer = ask(emulator, "POST", "/openai/v1/vector_stores", {"name": "s"}, headers)
    assert answer.status == 404
    assert "no operation" in answer.reason
    store = post(emulator, "/vector_stores", {})
    inside = f"/20231130/openai/v1/vector_stores/{store['id']}/files"
    assert ask(emulator, "GET", inside, b"", headers).status == 404


def test_who_signs_must_say_the_compartment(emulator: Emulator) -> None:
    path, project = "/20231130/openai/v1/vector_stores", {"openai-project": emulator.project_id}
    without = ask(emulator, "POST", path, {}, project)
    assert (without.status, "opc-compartment-id" in without.reason) == (404, True)
    other = send(emulator, "POST", "/vector_stores", {}, opc_compartment_id="ocid1.x")
    assert other.status == 404
    key = {
        **project,
        "authorization": f"Bearer {emulator.identity.add_api_key()}",
        "content-type": "application/json",
    }
    assert ask(emulator, "POST", path, {}, key, sign=False).status == 200


def test_a_file_is_ready_by_the_next_look(emulator: Emulator) -> None:
    file_id = uploaded(emulator, content=b"hello")
    store = post(emulator, "/vector_stores", {"file_ids": [file_id]})
    assert (store["status"], store["file_counts"]["in_progress"]) == ("in_progress", 1)
    assert get(emulator, f"/vector_stores/{store['id']}")["status"] == "completed"

    path = f"/vector_stores/{store['id']}/files"
    other = uploaded(emulator, "b.txt")
    put = post(emulator, path, {"file_id": other, "attributes": {"year": 2026}})
    VectorStoreFile.model_validate(put)
    assert put["status"] == "in_progress"
    assert get(emulator, f"{path}/{other}")["status"] == "completed"
    changed = post(emulator, f"{path}/{other}", {"attributes": {"year": 2027}})
    assert changed["attributes"] == {"year": 2027}
    assert [each["id"] for each in get(emulator, path)["data"]] == [other, file_id]
    assert get(emulator, f"{path}?filter=failed")["data"] == []
    assert get(emulator, f"{path}/{other}/content")["data"] == [{"type": "text", "text": "hello"}]
    assert send(emulator, "DELETE", f"{path}/{other}").json["deleted"] is True
    assert send(emulator, "GET", f"{path}/{other}").status == 404
    assert get(emulator, f"/vector_stores/{store['id']}")["usage_bytes"] == 5


def test_a_batch_is_put_in_and_may_be_cancelled(emulator: Emulator) -> None:
    store = post(emulator, "/vector_stores", {})
    path = f"/vector_stores/{store['id']}/file_batches"
    ids = [uploaded(emulator, f"{number}.txt") for number in range(3)]
    batch = post(emulator, path, {"file_ids": ids[:2]})
    VectorStoreFileBatch.model_validate(batch)
    assert (batch["status"], batch["file_counts"]["total"]) == ("in_progress", 2)
    assert get(emulator, f"{path}/{batch['id']}")["status"] == "completed"
    listed = get(emulator, f"{path}/{batch['id']}/files?order=asc")["data"]
    assert [each["id"] for each in listed] == ids[:2]
    other = post(emulator, path, {"files": [{"file_id": ids[2]}]})
    cancelled = post(emulator, f"{path}/{other['id']}/cancel", {})
    assert (cancelled["status"], cancelled["file_counts"]["cancelled"]) == ("cancelled", 1)
    assert send(emulator, "GET", f"{path}/vsfb_x").status == 404


def found(emulator: Emulator, store: str, **asked: Any) -> list[str]:
    page = post(emulator, f"/vector_stores/{store}/search", asked)
    for result in page["data"]:
        VectorStoreSearchResponse.model_validate(result)
    return [result["filename"] for result in page["data"]]


def test_a_search_finds_the_best_first(emulator: Emulator) -> None:
    store = post(emulator, "/vector_stores", {})["id"]
    for name, content, year in [
        ("cats.txt", b"Cats sleep all day.\n\nThey hunt at night.", 2024),
        ("dogs.txt", b"Dogs sleep at night.", 2025),
    ]:
        file = uploaded(emulator, name, content)
        body = {"file_id": file, "attributes": {"year": year, "kind": "pet"}}
        post(emulator, f"/vector_stores/{store}/files", body)
    assert found(emulator, store, query="who does sleep at night?") == [
        *("dogs.txt", "cats.txt", "cats.txt")
    ]
    assert found(emulator, store, query=["cats", "day"]) == ["cats.txt"]
    assert found(emulator, store, query="sleep night", max_num_results=1) == ["dogs.txt"]
    best = {"score_threshold": 0.9}
    assert found(emulator, store, query="dogs sleep", ranking_options=best) == ["dogs.txt"]
    assert found(emulator, store, query="birds") == []

    def filtered(**filters: Any) -> list[str]:
        return found(emulator, store, query="sleep", filters=filters)

    assert filtered(type="eq", key="year", value=2024) == ["cats.txt"]
    assert filtered(type="gte", key="year", value=2025) == ["dogs.txt"]
    assert filtered(type="in", key="year", value=[2025]) == ["dogs.txt"]
    assert filtered(type="lt", key="kind", value=1) == []
    assert filtered(type="eq", key="colour", value="red") == []
    later = {"type": "ne", "key": "year", "value": 2024}
    wild = {"type": "nin", "key": "kind", "value": ["pet"]}
    assert filtered(type="and", filters=[later, wild]) == []
    assert filtered(type="or", filters=[later, wild]) == ["dogs.txt"]


@pytest.mark.parametrize(
    ("path", "body", "parameter"),
    [
        ("/vector_stores", {"colour": "red"}, "colour"),
        ("/vector_stores", {"expires_after": {"anchor": "created_at", "days": 1}}, None),
        ("/vector_stores/{}/files", {}, "file_id"),
        ("/vector_stores/{}/file_batches", {}, "file_ids"),
        ("/vector_stores/{}/search", {"query": "x", "max_num_results": 51}, "max_num_results"),
        ("/vector_stores/{}/search", {"query": "x", "filters": {"type": "eq"}}, "filters"),
        (
            "/vector_stores/{}/search",
            {"query": "x", "filters": {"type": "and", "filters": [{"type": "like"}]}},
            "filters",
        ),
    ],
)
def test_a_wrong_body_is_refused_by_name(
    emulator: Emulator, path: str, body: Any, parameter: str | None
) -> None:
    store = post(emulator, "/vector_stores", {})["id"]
    answer = send(emulator, "POST", path.format(store), body)
    assert answer.status == 400
    assert parameter in (None, answer.json["error"]["param"])


def test_unknown_files_and_stores_are_not_found(emulator: Emulator) -> None:
    store = post(emulator, "/vector_stores", {})["id"]
    for path, body in [
        ("/vector_stores", {"file_ids": ["file-x"]}),
        (f"/vector_stores/{store}/files", {"file_id": "file-x"}),
        (f"/vector_stores/{store}/file_batches", {"file_ids": ["file-x"]}),
        ("/vector_stores/vs_x/search", {"query": "x"}),
    ]:
        assert send(emulator, "POST", path, body).status == 404
    assert send(emulator, "GET", f"/vector_stores/{store}/files?filter=new").status == 400
