"""The ledger of requests."""

from __future__ import annotations

import dataclasses

import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.ledger import Ledger
from support.emulator_client import ask, chat_body, openai_body, openai_headers

CHAT = "/20231130/actions/chat"


def test_a_chat_is_recorded_whole(emulator: Emulator) -> None:
    body = chat_body(emulator, text="Grüße", temperature=0.5)
    answer = ask(emulator, "POST", CHAT + "?x=1", body, {"X-Mine": "Yes"})
    entry = emulator.ledger.last

    assert answer.status == 200
    assert (entry.method, entry.target, entry.path) == ("POST", CHAT + "?x=1", CHAT)
    assert entry.json == body
    assert entry.body.startswith(b'{"compartmentId"')
    assert entry.request == {
        "model": "meta.llama-3.3-70b-instruct",
        "messages": [{"role": "user", "content": "Grüße"}],
        "temperature": 0.5,
    }
    assert entry.verified
    assert (entry.status, entry.refusal) == (200, None)
    assert entry.opc_request_id == answer.headers["opc-request-id"]
    assert entry.headers["x-mine"] == "Yes"
    assert entry.headers["authorization"].startswith("Signature ")
    assert entry.key_id == emulator.home.key_id
    assert entry.time > 1_700_000_000


def test_entries_cannot_be_changed(emulator: Emulator) -> None:
    ask(emulator, "GET", "/", sign=False)
    entry = emulator.ledger.last

    with pytest.raises(dataclasses.FrozenInstanceError):
        entry.status = 200  # type: ignore[misc]
    with pytest.raises(TypeError):
        entry.headers["x"] = "y"  # type: ignore[index]


def test_a_body_that_is_not_json_is_kept_as_bytes(emulator: Emulator) -> None:
    ask(emulator, "POST", CHAT, b"{nonsense")

    assert emulator.ledger.last.body == b"{nonsense"
    assert emulator.ledger.last.json is None
    assert emulator.ledger.last.status == 400


def test_the_ledger_is_a_list_that_knows_chats(emulator: Emulator) -> None:
    ask(emulator, "POST", CHAT, chat_body(emulator))
    ask(emulator, "GET", "/", sign=False)
    ask(emulator, "POST", "/openai/v1/chat/completions", openai_body(), openai_headers(emulator))
    ask(emulator, "POST", CHAT, chat_body(emulator), sign=False)
    ledger = emulator.ledger

    assert len(ledger) == 4
    assert [entry.status for entry in ledger] == [200, 404, 200, 401]
    assert [entry.status for entry in ledger.chats] == [200, 200, 401]
    assert ledger[0] is ledger.chats[0]
    assert ledger[-2:] == ledger.chats[1:]
    ledger.clear()
    assert not ledger


def test_the_oldest_requests_are_forgotten_in_the_end(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ocicat.emulator.ledger.MAX_ENTRIES", 2)
    for path in ("/1", "/2", "/3"):
        ask(emulator, "GET", path, sign=False)

    assert [entry.path for entry in emulator.ledger] == ["/2", "/3"]


def test_an_empty_ledger_says_so() -> None:
    with pytest.raises(IndexError, match="no request yet"):
        _ = Ledger().last
