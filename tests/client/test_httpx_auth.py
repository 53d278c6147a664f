"""The auth classes on real httpx and httpx2 clients, sync and async, against the emulator."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from typing import Any

import httpx
import httpx2
import oci
import openai
import pytest

from ocicat.client.httpx_auth import HttpxOciAuth, OciSignerAuth, OciUserPrincipalAuth
from ocicat.emulator import Emulator

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
        url = f"{oci_emulator.url}/20231130/models?key=sk-secret&compartmentId="
        assert client.get(url + oci_emulator.compartment_id).status_code == 200
        mine = {"OpenAI-Project": "ocid1.generativeaiproject.oc1..x"}
        client.post(f"{oci_emulator.url}/openai/v1/chat/completions", json=BODY, headers=mine)
    first, second = oci_emulator.ledger
    assert "secret" not in str(dict(first.headers)) + first.target
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
