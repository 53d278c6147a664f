"""The auth classes on real httpx and httpx2 clients, sync and async, against the emulator."""

from __future__ import annotations

import asyncio
import copy
import io
import json
import pickle
import time
from typing import Any

import httpx
import httpx2
import oci
import openai
import pytest
import requests

from ocicat.client.httpx_auth import HttpxOciAuth, OciSignerAuth, OciUserPrincipalAuth
from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import shared_key
from ocicat.signing.verify import verify
from support.raw_server import raw_server, reply

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
BODY = {"model": "xai.grok-4.3", "messages": [{"role": "user", "content": "hi"}]}


def headers(oci_emulator: Emulator) -> dict[str, str]:
    return {"opc-compartment-id": oci_emulator.compartment_id}


@LIBRARIES
def test_a_sync_client_signs(oci_emulator: Emulator, library: Any) -> None:
    with library.Client(auth=OciUserPrincipalAuth(), headers=headers(oci_emulator)) as client:
        url = f"{oci_emulator.url}/openai/v1/chat/completions"
        assert client.post(url, json=BODY).status_code == 200
        query = {"compartmentId": oci_emulator.compartment_id, "displayName": "a b&c"}
        assert client.get(f"{oci_emulator.url}/20231130/models", params=query).status_code == 200
    assert all(received.verified for received in oci_emulator.ledger)


@LIBRARIES
def test_an_async_client_signs(oci_emulator: Emulator, library: Any) -> None:
    async def call() -> int:
        async with library.AsyncClient(
            auth=OciUserPrincipalAuth(profile_name="DEFAULT"), headers=headers(oci_emulator)
        ) as client:
            answer = await client.post(f"{oci_emulator.url}/openai/v1/chat/completions", json=BODY)
            return int(answer.status_code)

    assert asyncio.run(call()) == 200
    assert oci_emulator.ledger.last.verified


@LIBRARIES
def test_a_body_that_comes_in_pieces_is_signed_whole(oci_emulator: Emulator, library: Any) -> None:
    data = json.dumps(BODY).encode()
    with library.Client(auth=OciUserPrincipalAuth(), headers=headers(oci_emulator)) as client:
        answer = client.post(
            f"{oci_emulator.url}/openai/v1/chat/completions",
            content=(data[i : i + 7] for i in range(0, len(data), 7)),
            headers={"content-type": "application/json"},
        )
    assert answer.status_code == 200
    assert oci_emulator.ledger.last.headers["content-length"] == str(len(data))


@LIBRARIES
def test_what_other_services_are_told_is_taken_out(oci_emulator: Emulator, library: Any) -> None:
    foreign = {
        "Authorization": "Bearer sk-secret",
        "X-Api-Key": "sk-secret",
        "x-goog-api-key": "sk-secret",
        "OpenAI-Organization": "org-mine",
        "OpenAI-Project": "proj-mine",
        "Accept-Encoding": "gzip, zstd",
        **headers(oci_emulator),
    }
    with library.Client(auth=OciUserPrincipalAuth(), headers=foreign) as client:
        client.post(f"{oci_emulator.url}/google/v1beta/models/x:generateContent?key=sk-secret&a=b")
        mine = {"OpenAI-Project": "ocid1.generativeaiproject.oc1..x"}
        client.post(f"{oci_emulator.url}/openai/v1/chat/completions", json=BODY, headers=mine)
    first, second = oci_emulator.ledger
    assert first.target.endswith("?a=b")
    assert "secret" not in str(dict(first.headers))
    assert not {"openai-organization", "openai-project"} & set(first.headers)
    assert "zstd" not in first.headers["accept-encoding"]
    assert second.headers["openai-project"] == "ocid1.generativeaiproject.oc1..x"


def test_the_stock_openai_sdk_reaches_oci(oci_emulator: Emulator) -> None:
    with httpx2.Client(auth=OciUserPrincipalAuth(), headers=headers(oci_emulator)) as http:
        client = openai.OpenAI(
            api_key="OCI", base_url=f"{oci_emulator.url}/openai/v1", http_client=http
        )
        reply = client.chat.completions.create(**BODY)  # type: ignore[call-overload]
        assert "emulator" in reply.choices[0].message.content
        stream = client.chat.completions.create(**BODY, stream=True)  # type: ignore[call-overload]
        assert list(stream)


@LIBRARIES
def test_a_signer_of_the_sdk_serves_too(oci_emulator: Emulator, library: Any) -> None:
    config = oci.config.from_file(str(oci_emulator.home.config_file))
    signer = oci.signer.Signer.from_config(config)
    for auth in (OciSignerAuth(signer), HttpxOciAuth(signer, refresh_interval=60)):
        with library.Client(auth=auth, headers=headers(oci_emulator)) as client:
            url = f"{oci_emulator.url}/openai/v1/chat/completions"
            assert client.post(url, json=BODY).status_code == 200


@LIBRARIES
def test_a_key_that_is_not_accepted_is_answered_once(oci_emulator: Emulator, library: Any) -> None:
    oci_emulator.clock_offset = 3600
    with library.Client(auth=OciUserPrincipalAuth(), headers=headers(oci_emulator)) as client:
        url = f"{oci_emulator.url}/openai/v1/chat/completions"
        assert client.post(url, json=BODY).status_code == 401
    assert len(oci_emulator.ledger) == 1


def test_an_auth_object_pickles_as_its_arguments(oci_emulator: Emulator) -> None:
    auth = OciUserPrincipalAuth(config_file=str(oci_emulator.home.config_file), refresh_interval=60)
    data = pickle.dumps(auth)
    assert b"PRIVATE" not in data
    assert oci_emulator.home.key_id.encode() not in data
    for again in (pickle.loads(data), copy.copy(auth)):
        with httpx2.Client(auth=again, headers=headers(oci_emulator)) as client:
            url = f"{oci_emulator.url}/openai/v1/chat/completions"
            assert client.post(url, json=BODY).status_code == 200


# --- any OCI REST call ----------------------------------------------------------------------------

PIECES = [b"\x00\xff", b"", b"PK\x03\x04" * 50_000]
#: Arguments of a client's ``request``. A list of bytes is a body that comes in these pieces.
REQUESTS: dict[str, dict[str, Any]] = {
    "list with parameters": {
        "method": "GET",
        "url": "/n/ns/b/my%20bucket/o",
        "params": {"prefix": "a b/\u00fc&=+%~*'()", "fields": "name,size", "key": "k", "end": ""},
    },
    "parameters written out": {"method": "GET", "url": "/20160918/vcns?b=2&a=1&a=%2f%2F&c=x+y&d"},
    "strange path": {"method": "GET", "url": "/n//a;b=c/@:!$'()*~/%E2%82%AC%2E/\u20ac|/"},
    "nothing but a host": {"method": "GET", "url": ""},
    "head": {"method": "HEAD", "url": "/n/ns/b/x/o/y"},
    "delete": {"method": "DELETE", "url": "/n/ns/b/x/o/y", "headers": {"if-match": "e"}},
    "delete with a body": {"method": "DELETE", "url": "/x", "json": {"a": 1}},
    "upload in pieces": {"method": "PUT", "url": "/n/ns/b/x/o/y", "content": PIECES},
    "typed upload in pieces": {
        "method": "PUT",
        "url": "/n/ns/b/x/o/y",
        "content": PIECES,
        "headers": {"content-type": "image/png"},
    },
    "upload": {"method": "PUT", "url": "/n/ns/b/x/o/y", "content": PIECES[2]},
    "form": {"method": "POST", "url": "/f", "files": {"file": ("a.bin", PIECES[2])}},
    "json": {"method": "PATCH", "url": "/x", "json": {"name": "Gr\u00fc\u00dfe"}},
    **{f"empty {method}": {"method": method, "url": "/x"} for method in ("POST", "PUT", "PATCH")},
}


def sent_by(library: Any, request: dict[str, Any], auth: Any, *, is_async: bool) -> bytes:
    """What a client of ``library`` puts on the wire for this request."""
    pieces = request.get("content")
    in_pieces = isinstance(pieces, list)
    with answering(reply(b"")) as server:
        whole = {**request, "url": server.url + request["url"]}
        if is_async:

            async def generate() -> Any:
                for piece in pieces:
                    yield piece

            async def call() -> None:
                content = {"content": generate()} if in_pieces else {}
                async with library.AsyncClient(auth=auth, trust_env=False) as client:
                    await client.request(**{**whole, **content})

            asyncio.run(call())
        else:
            content = {"content": iter(pieces)} if in_pieces else {}
            with library.Client(auth=auth, trust_env=False) as client:
                client.request(**{**whole, **content})
        return server.requests[0]


def answering(answer: bytes) -> Any:
    """A server that gives this answer to every request."""
    return raw_server(lambda _, connection, __: not connection.sendall(answer))


def taken_apart(request: bytes) -> tuple[str, str, dict[str, str], bytes]:
    """Method, target, headers under lower-case names, and body."""
    head, _, body = request.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    method, target, _ = first.split(" ")
    fields = (line.partition(": ") for line in lines)
    return method, target, {name.lower(): value for name, _, value in fields}, body


@LIBRARIES
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
@pytest.mark.parametrize("asked", REQUESTS.values(), ids=REQUESTS)
def test_any_request_is_sent_as_it_is_and_signed_as_the_sdk_does(
    oci_emulator: Emulator, library: Any, is_async: bool, asked: dict[str, Any]
) -> None:
    """The bytes on the wire pass the verifier, and the SDK gives them the very same signature."""
    plain = taken_apart(sent_by(library, asked, None, is_async=is_async))
    method, target, sent, body = taken_apart(
        sent_by(library, asked, OciUserPrincipalAuth(), is_async=is_async)
    )
    assert (method, target) == plain[:2]
    content = asked.get("content")
    if content is not None:
        assert body == (b"".join(content) if isinstance(content, list) else content)
    public_key = oci_emulator.home.public_key
    verify(method, target, sent, body, keys=lambda _: public_key, now=time.time())

    data = io.BytesIO(body) if isinstance(content, list) else body
    by_sdk = requests.Request(method, "http://x", data=data).prepare()
    by_sdk.url = f"http://{sent['host']}{target}"  # prepare() would quote it anew
    left_to_the_sdk = {"authorization", "x-content-sha256"}
    if "content-type" not in plain[2]:
        left_to_the_sdk.add("content-type")
    by_sdk.headers.clear()
    by_sdk.headers.update({n: value for n, value in sent.items() if n not in left_to_the_sdk})
    oci.signer.Signer.from_config(oci.config.from_file(str(oci_emulator.home.config_file)))(by_sdk)
    assert by_sdk.headers["authorization"] == sent["authorization"]


@LIBRARIES
def test_a_signer_of_the_sdk_says_nothing_of_a_body_that_is_not_there(library: Any) -> None:
    signer = oci.auth.signers.SecurityTokenSigner("token", shared_key("session"))
    request = {"method": "GET", "url": "/x"}
    _, _, sent, _ = taken_apart(sent_by(library, request, OciSignerAuth(signer), is_async=False))
    assert "authorization" in sent
    assert "content-length" not in sent


@LIBRARIES
def test_a_redirect_to_another_host_takes_no_signature_along(
    oci_emulator: Emulator, library: Any
) -> None:
    with answering(reply(b"")) as other:
        elsewhere = reply(b"", "307 Temporary Redirect", location=f"{other.url}/there")
        with answering(elsewhere) as server:
            with library.Client(
                auth=OciUserPrincipalAuth(), trust_env=False, follow_redirects=True
            ) as client:
                assert client.post(server.url, json=BODY).status_code == 200
    assert b"authorization: signature" in server.requests[0].lower()
    assert b"authorization" not in other.requests[0].lower()
