"""Requests from end to end: operations, signatures, headers of every reply, bodies of refusals."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from email.utils import formatdate
from typing import Any

import oci
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ocicat.emulator import Emulator
from ocicat.emulator.home import new_key
from ocicat.emulator.service import MAX_BODY_BYTES
from support.emulator_client import (
    ask,
    chat_body,
    connected,
    openai_body,
    openai_headers,
    request_bytes,
    signed_headers,
    signer,
)

CHAT = "/20231130/actions/chat"
REQUEST_ID = re.compile(r"[^/]{1,32}/[0-9A-F]{32}/[0-9A-F]{32}")
INCOMPLETE = (
    "The required information to complete authentication was not provided or was incorrect."
)
MISMATCH = "Failed to verify the HTTP(S) Signature"


def test_a_signed_chat_is_answered(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", CHAT, chat_body(emulator))

    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json["modelId"] == "meta.llama-3.3-70b-instruct"
    assert (
        "What is OCI?" in answer.json["chatResponse"]["choices"][0]["message"]["content"][0]["text"]
    )


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/", 404, "NotAuthorizedOrNotFound"),
        ("POST", "/20231130/actions/generateText", 404, "NotAuthorizedOrNotFound"),
        ("POST", "/20231130/actions/chat/", 404, "NotAuthorizedOrNotFound"),
        ("POST", "/20231130/actions/%63hat", 404, "NotAuthorizedOrNotFound"),
        ("GET", CHAT, 405, "MethodNotAllowed"),
        ("PUT", CHAT, 405, "MethodNotAllowed"),
        ("OPTIONS", CHAT, 405, "MethodNotAllowed"),
        ("POST", "/20231130/models", 405, "MethodNotAllowed"),
    ],
)
def test_unknown_places_are_refused_in_ocis_shape(
    emulator: Emulator, method: str, target: str, status: int, code: str
) -> None:
    answer = ask(emulator, method, target, sign=False)

    assert answer.status == status
    assert answer.headers["content-type"] == "application/json"
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])
    assert set(answer.json) == {"code", "message"}
    assert answer.json["code"] == code
    assert answer.reason == emulator.ledger.last.refusal


def test_a_refused_method_is_told_which_are_allowed(emulator: Emulator) -> None:
    assert ask(emulator, "DELETE", CHAT, sign=False).headers["allow"] == "POST"


def test_the_clients_request_id_leads_the_answers(emulator: Emulator) -> None:
    answer = ask(
        emulator, "POST", CHAT, chat_body(emulator), {"opc-request-id": "MINE/second/third"}
    )

    assert re.fullmatch(r"MINE/[0-9A-F]{32}/[0-9A-F]{32}", answer.headers["opc-request-id"])
    assert emulator.ledger.last.opc_request_id == answer.headers["opc-request-id"]


@pytest.mark.parametrize("given", [None, "", "x" * 33])
def test_without_a_usable_request_id_the_emulator_makes_one(
    emulator: Emulator, given: str | None
) -> None:
    headers = {} if given is None else {"opc-request-id": given}
    answer = ask(emulator, "POST", CHAT, chat_body(emulator), headers)

    assert re.fullmatch(r"[0-9A-F]{32}(/[0-9A-F]{32}){2}", answer.headers["opc-request-id"])


def test_an_unsigned_request_is_refused(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", CHAT, chat_body(emulator), sign=False)

    assert answer.status == 401
    assert answer.json == {"code": "NotAuthenticated", "message": INCOMPLETE}
    assert answer.reason == "the request has no Authorization header"
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])
    assert not emulator.ledger.last.verified


def test_a_bearer_token_is_no_signature(emulator: Emulator) -> None:
    answer = ask(
        emulator,
        "POST",
        "/openai/v1/chat/completions",
        openai_body(),
        {"authorization": "Bearer sk-secret", **openai_headers(emulator)},
        sign=False,
    )

    assert answer.status == 401
    assert emulator.ledger.last.headers["authorization"] == "(redacted)"
    assert "sk-secret" not in repr(emulator.ledger.last)


def test_a_body_changed_after_signing_is_refused(emulator: Emulator) -> None:
    answer = ask(
        emulator,
        "POST",
        CHAT,
        chat_body(emulator),
        after_signing=lambda _, body: body.replace(b"What", b"Who?"),
    )

    assert answer.status == 401
    assert answer.json == {"code": "NotAuthenticated", "message": MISMATCH}
    assert "SHA-256" in answer.reason


def test_a_body_and_its_hash_changed_after_signing_are_refused(emulator: Emulator) -> None:
    def tamper(headers: dict[str, str], body: bytes) -> bytes:
        changed = body.replace(b"What", b"Who?")
        headers["x-content-sha256"] = base64.b64encode(hashlib.sha256(changed).digest()).decode()
        return changed

    answer = ask(emulator, "POST", CHAT, chat_body(emulator), after_signing=tamper)

    assert answer.status == 401
    assert answer.json["message"] == MISMATCH


def test_a_signature_for_another_target_is_refused(emulator: Emulator) -> None:
    body = json.dumps(openai_body()).encode()
    headers = signed_headers(
        emulator, "POST", "/openai/v1/chat/completions", body, openai_headers(emulator)
    )
    answer = ask(
        emulator, "POST", "/20231130/actions/v1/chat/completions", body, headers, sign=False
    )

    assert answer.status == 401
    assert answer.json["message"] == MISMATCH


@pytest.mark.parametrize("offset", [-301, 302])
def test_a_date_too_far_from_the_emulators_clock_is_refused(
    emulator: Emulator, offset: int
) -> None:
    import time

    date = formatdate(time.time() + offset, usegmt=True)
    answer = ask(emulator, "POST", CHAT, chat_body(emulator), {"date": date})

    assert answer.status == 401
    assert "is not within allowed clock skew" in answer.json["message"]


def test_the_emulators_clock_can_be_set_wrong(emulator: Emulator) -> None:
    """Replies then carry the wrong date too, from which a client may correct itself."""
    emulator.clock_offset = 3600
    refused = ask(emulator, "POST", CHAT, chat_body(emulator))
    accepted = ask(emulator, "POST", CHAT, chat_body(emulator), {"date": refused.headers["date"]})

    assert refused.status == 401
    assert accepted.status == 200


def test_another_key_is_refused_until_it_is_added(emulator: Emulator) -> None:
    pem = new_key()
    public = load_pem_private_key(pem, None).public_key()
    public_pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    tenancy, user = "ocid1.tenancy.oc1..aaaaother", "ocid1.user.oc1..aaaaother"
    fingerprint = hashlib.md5(
        public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).digest()
    other = oci.signer.Signer(
        tenancy, user, fingerprint.hex(":"), None, private_key_content=pem.decode()
    )

    before = ask(emulator, "POST", CHAT, chat_body(emulator), by=other)
    key_id = emulator.add_key(tenancy, user, public_pem)
    after = ask(emulator, "POST", CHAT, chat_body(emulator), by=other)

    assert before.status == 401
    assert before.json["message"] == INCOMPLETE
    assert key_id in before.reason
    assert after.status == 200
    assert emulator.ledger.last.key_id == key_id


def test_the_wrong_key_under_the_right_name_is_refused(emulator: Emulator) -> None:
    home = emulator.home
    impostor = oci.signer.Signer(
        home.tenancy_id,
        home.user_id,
        home.fingerprint,
        None,
        private_key_content=new_key().decode(),
    )
    answer = ask(emulator, "POST", CHAT, chat_body(emulator), by=impostor)

    assert answer.status == 401
    assert answer.json["message"] == MISMATCH


def test_a_target_with_percent_encoding_verifies_as_it_was_sent(emulator: Emulator) -> None:
    target = f"/20231130/models?compartmentId={emulator.compartment_id}&displayName=a%20b+%41%2fc"
    assert ask(emulator, "GET", target).json == {"items": []}


def test_a_security_token_is_not_shown_in_the_ledger(emulator: Emulator) -> None:
    token = oci.auth.signers.SecurityTokenSigner(
        "secret.jwt.token", load_pem_private_key(emulator.home.key_file.read_bytes(), None)
    )
    refused = ask(emulator, "POST", CHAT, chat_body(emulator), by=token)
    emulator.tenancy.register("ST$secret.jwt.token", emulator.home.public_key)
    accepted = ask(emulator, "POST", CHAT, chat_body(emulator), by=token)

    assert (refused.status, accepted.status) == (401, 200)
    assert "secret" not in refused.reason
    for entry in emulator.ledger:
        assert entry.key_id == "ST$…"
        assert "secret" not in str(dict(entry.headers))


def test_too_large_a_body_is_refused_before_it_is_sent(emulator: Emulator) -> None:
    with connected(emulator) as connection:
        head = f"POST {CHAT} HTTP/1.1\r\nhost: x\r\ncontent-length: {MAX_BODY_BYTES + 1}\r\n\r\n"
        connection.sendall(head.encode())
        answer = connection.recv(65536)

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"opc-request-id: " in answer
    assert b'"code":"RequestEntityTooLarge"' in answer
    assert emulator.ledger.last.status == 413


def test_a_chunked_body_cannot_be_signed(emulator: Emulator) -> None:
    def chunked(headers: dict[str, str], body: bytes) -> bytes:
        del headers["content-length"]
        headers["transfer-encoding"] = "chunked"
        return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    answer = ask(emulator, "POST", CHAT, chat_body(emulator), after_signing=chunked)

    assert answer.status == 401
    assert "content-length" in answer.reason


def test_what_is_no_http_is_refused_in_ocis_shape(emulator: Emulator) -> None:
    with connected(emulator) as connection:
        connection.sendall(b"POST /x HTTP/1.1\r\nhost: x\r\nbroken header\r\n\r\n")
        answer = connection.makefile("rb").read()

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.split(b"\r\n")[0].endswith(b" 400 Bad Request")
    assert b"opc-request-id: " in head
    assert json.loads(body)["code"] == "CannotParseRequest"
    assert emulator.ledger.last.status == 400


def test_a_client_that_waits_for_permission_to_send_gets_it(emulator: Emulator) -> None:
    """curl does so for large bodies."""
    request = request_bytes(emulator, chat_body(emulator), headers={"expect": "100-continue"})
    head, _, body = request.partition(b"\r\n\r\n")
    with connected(emulator) as connection:
        connection.sendall(head + b"\r\n\r\n")
        reader = connection.makefile("rb")
        assert reader.readline() == b"HTTP/1.1 100 Continue\r\n"
        assert reader.readline() == b"\r\n"
        connection.sendall(body)
        assert reader.readline() == b"HTTP/1.1 200 OK\r\n"


def test_a_connection_serves_many_requests(emulator: Emulator) -> None:
    with connected(emulator) as connection:
        reader = connection.makefile("rb")
        for _ in range(3):
            connection.sendall(request_bytes(emulator, chat_body(emulator)))
            assert reader.readline() == b"HTTP/1.1 200 OK\r\n"
            length = 0
            while line := reader.readline().strip():
                if line.lower().startswith(b"content-length: "):
                    length = int(line.partition(b" ")[2])
            assert len(reader.read(length)) == length


def test_a_rule_that_fails_is_a_500_and_no_crash(emulator: Emulator, caplog: Any) -> None:
    def broken(request: Any) -> bool:
        raise ZeroDivisionError("oops")

    emulator.when(broken).answer("never")
    answer = ask(emulator, "POST", CHAT, chat_body(emulator))

    assert answer.status == 500
    assert answer.json["code"] == "InternalServerError"
    assert "ZeroDivisionError: oops" in answer.reason
    assert REQUEST_ID.fullmatch(answer.headers["opc-request-id"])
    assert "failed in the emulator" in caplog.text


def test_the_whole_of_requests_is_signed_by_the_sdks_signer(emulator: Emulator) -> None:
    """The ledger tells which headers were signed, in the client's order."""
    ask(emulator, "POST", CHAT, chat_body(emulator), by=signer(emulator))

    assert emulator.ledger.last.signed_headers == (
        *("date", "(request-target)", "host"),
        *("content-length", "content-type", "x-content-sha256"),
    )
