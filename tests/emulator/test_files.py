"""Files of a project: strict uploads, lists in pages, contents byte for byte."""

from __future__ import annotations

from typing import Any

import pytest
from openai.types import FileDeleted, FileObject

from ocicat.emulator import Emulator
from support.emulator_client import ask
from support.objects import form, get, send, upload, uploaded

NOT_FOUND = {"code": "404", "message": "Authorization failed or requested resource not found."}
PURPOSE = ("purpose", None, b"user_data")


def test_a_file_goes_up_and_comes_down_byte_for_byte(emulator: Emulator) -> None:
    content = bytes(range(256)) + b"\r\n--0ocicat\r\n\r\n--\r\n\n"
    answer = upload(emulator, form(PURPOSE, ("file", "Grüße ✓.bin", content)))
    file = FileObject.model_validate(answer.json)
    assert (file.bytes, file.filename, file.purpose) == (len(content), "Grüße ✓.bin", "user_data")
    assert file.status == "processed"
    assert get(emulator, f"/files/{file.id}") == answer.json
    down = send(emulator, "GET", f"/files/{file.id}/content")
    assert (down.body, down.headers["content-type"]) == (content, "application/octet-stream")
    assert emulator.ledger.last.verified


def test_a_file_name_with_quotes_is_read(emulator: Emulator) -> None:
    answer = upload(emulator, form(PURPOSE, ("file", '\\"a\\".txt', b"x")))
    assert answer.json["filename"] == '"a".txt'


def test_a_changed_upload_is_refused(emulator: Emulator) -> None:
    body = form(PURPOSE, ("file", "a.txt", b"hello"))
    answer = ask(
        emulator,
        "POST",
        "/openai/v1/files",
        body,
        {
            "openai-project": emulator.project_id,
            "content-type": "multipart/form-data; boundary=0ocicat0",
        },
        after_signing=lambda headers, content: content.replace(b"hello", b"hullo"),
    )
    assert answer.status == 401


def test_a_deleted_file_is_gone(emulator: Emulator) -> None:
    id = uploaded(emulator)
    FileDeleted.model_validate(send(emulator, "DELETE", f"/files/{id}").json)
    for method, path in [("GET", ""), ("DELETE", ""), ("GET", "/content")]:
        answer = send(emulator, method, f"/files/{id}{path}")
        assert (answer.status, answer.json["error"]["code"]) == (404, "not_found")


def test_files_are_listed_in_pages(emulator: Emulator) -> None:
    ids = [uploaded(emulator, f"{number}.txt") for number in range(5)]
    assert [file["id"] for file in get(emulator, "/files")["data"]] == ids[::-1]
    seen: list[Any] = []
    after = ""
    while True:
        page = get(emulator, f"/files?limit=2&order=asc{after}")
        seen += [file["id"] for file in page["data"]]
        assert (page["first_id"], page["last_id"]) == (page["data"][0]["id"], seen[-1])
        if not page["has_more"]:
            break
        after = f"&after={page['last_id']}"
    assert seen == ids
    assert get(emulator, "/files?purpose=vision")["data"] == []
    assert get(emulator, f"/files?after={ids[0]}")["has_more"] is False


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("order=up", "order"),
        ("after=file-x", "after"),
        ("colour=red", "colour"),
    ],
)
def test_a_wrong_query_is_refused_by_name(emulator: Emulator, query: str, parameter: str) -> None:
    answer = send(emulator, "GET", f"/files?{query}")
    assert (answer.status, answer.json["error"]["param"]) == (400, parameter)


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ([PURPOSE], "file"),
        ([PURPOSE, ("file", None, b"x")], "file"),
        ([("file", "a", b"x")], "purpose"),
        ([("purpose", None, b"fun"), ("file", "a", b"x")], "purpose"),
        ([PURPOSE, ("file", "a", b"x"), ("colour", None, b"red")], "colour"),
        ([PURPOSE, PURPOSE, ("file", "a", b"x")], "purpose"),
        ([PURPOSE, ("file", "a", b"x"), ("expires_after[seconds]", None, b"1")], "expires_after"),
    ],
)
def test_a_wrong_form_is_refused_by_name(
    emulator: Emulator, fields: list[Any], parameter: str
) -> None:
    answer = upload(emulator, form(*fields))
    assert (answer.status, answer.json["error"]["param"]) == (400, parameter)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--0ocicat0\r\n\r\nx",
        b"preamble\r\n--0ocicat0--\r\n",
        b"--0ocicat0\r\nno end of headers\r\n--0ocicat0--\r\n",
        b"--0ocicat0\r\ncontent-type: a/b\r\n\r\nx\r\n--0ocicat0--\r\n",
        b"--0ocicat0\r\ncontent-disposition: form-data\r\n\r\nx\r\n--0ocicat0--\r\n",
    ],
)
def test_what_is_no_form_is_refused(emulator: Emulator, body: bytes) -> None:
    answer = upload(emulator, body)
    assert answer.status == 400
    assert "multipart" in answer.json["error"]["message"]


def test_json_is_no_form(emulator: Emulator) -> None:
    answer = send(emulator, "POST", "/files", {"purpose": "user_data"})
    assert answer.json["error"]["code"] == "invalid_content_type"


def test_a_file_may_expire(emulator: Emulator) -> None:
    expiry = [
        ("expires_after[anchor]", None, b"created_at"),
        ("expires_after[seconds]", None, b"3600"),
    ]
    file = upload(emulator, form(PURPOSE, ("file", "a", b"x"), *expiry)).json
    assert file["expires_at"] == file["created_at"] + 3600


def test_files_belong_to_a_project_and_are_asked_for_with_either_credential(
    emulator: Emulator,
) -> None:
    id = uploaded(emulator)
    other = "ocid1.generativeaiproject.oc1.us-chicago-1.other"
    without = ask(emulator, "GET", f"/openai/v1/files/{id}")
    unknown = send(emulator, "GET", f"/files/{id}", openai_project=other)
    assert (without.status, without.json) == (unknown.status, unknown.json) == (404, NOT_FOUND)
    emulator.add_project(other)
    assert send(emulator, "GET", f"/files/{id}", openai_project=other).status == 404
    assert get(emulator, "/files")["data"] != []
    key = {
        "authorization": f"Bearer {emulator.identity.add_api_key()}",
        "openai-project": emulator.project_id,
    }
    assert ask(emulator, "GET", f"/openai/v1/files/{id}", b"", key, sign=False).status == 200
    key["authorization"] = "Bearer sk-other"
    assert ask(emulator, "GET", f"/openai/v1/files/{id}", b"", key, sign=False).status == 401
