"""Containers and the files in them."""

from __future__ import annotations

from openai.types import ContainerCreateResponse
from openai.types.containers import FileCreateResponse

from ocicat.emulator import Emulator
from support.objects import form, get, post, send, upload, uploaded


def test_a_container_is_made_shown_and_deleted(emulator: Emulator) -> None:
    container = post(emulator, "/containers", {"name": "c", "memory_limit": "4g"})
    made = ContainerCreateResponse.model_validate(container)
    assert (made.status, made.memory_limit) == ("running", "4g")
    path = f"/containers/{container['id']}"
    assert get(emulator, path) == container
    assert get(emulator, "/containers?name=other")["data"] == []
    assert get(emulator, "/containers?name=c")["data"] == [container]
    assert send(emulator, "DELETE", path).json["deleted"] is True
    for method in ("GET", "DELETE"):
        assert send(emulator, method, path).status == 404


def test_files_come_into_a_container_in_each_way(emulator: Emulator) -> None:
    file_id = uploaded(emulator, "a.txt", b"one")
    container = post(emulator, "/containers", {"name": "c", "file_ids": [file_id]})
    path = f"/containers/{container['id']}/files"
    second = upload(emulator, form(("file", "b.txt", b"two")), path).json
    FileCreateResponse.model_validate(second)
    third = post(emulator, path, {"file_id": uploaded(emulator, "c.txt", b"three")})
    listed = get(emulator, f"{path}?order=asc")["data"]
    assert [file["path"] for file in listed] == [
        *("/mnt/data/a.txt", "/mnt/data/b.txt", "/mnt/data/c.txt")
    ]
    assert get(emulator, f"{path}/{second['id']}") == second
    assert send(emulator, "GET", f"{path}/{third['id']}/content").body == b"three"
    assert send(emulator, "DELETE", f"{path}/{third['id']}").json["deleted"] is True
    for what in ("", "/content"):
        assert send(emulator, "GET", f"{path}/{third['id']}{what}").status == 404


def test_what_is_wrong_is_refused(emulator: Emulator) -> None:
    assert send(emulator, "POST", "/containers", {}).json["error"]["param"] == "name"
    for body in (
        {"name": "c", "memory_limit": "2g"},
        {"name": "c", "expires_after": {"anchor": "last_active_at", "minutes": 30}},
    ):
        assert send(emulator, "POST", "/containers", body).status == 400
    unknown = {"name": "c", "file_ids": ["file-x"]}
    assert send(emulator, "POST", "/containers", unknown).status == 404
    assert send(emulator, "POST", "/containers/cntr_x/files", {"file_id": "f"}).status == 404
