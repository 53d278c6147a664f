"""The transports under real httpx and httpx2 clients, against the emulator and raw sockets."""

from __future__ import annotations

import asyncio
import base64
import gc
import hashlib
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import httpx2
import oci
import pytest

from ocicat import AsyncOciTransport, OciTransport, OciUserPrincipalAuth
from ocicat.emulator import Emulator
from ocicat.errors import MissingSetting, UnknownParameter
from support.raw_server import RawServer, raw_server, reply
from support.relay import relay

LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2], ids=["httpx", "httpx2"])
GROK = "xai.grok-4.3"
COHERE = "cohere.command-a-03-2025"
ANYWHERE = "https://api.openai.com/v1"
ASK = [{"role": "user", "content": "What is OCI?"}]


def body(model: str = GROK, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": ASK, **more}


def events(data: bytes) -> list[Any]:
    payloads = [line[6:] for line in data.decode().split("\n") if line.startswith("data: ")]
    return [payload if payload == "[DONE]" else json.loads(payload) for payload in payloads]


@pytest.fixture
def client(oci_emulator: Emulator) -> Iterator[httpx2.Client]:
    with httpx2.Client(transport=OciTransport(), base_url=ANYWHERE) as made:
        yield made


# --- both libraries -----------------------------------------------------------------------------


@LIBRARIES
@pytest.mark.parametrize("model", [GROK, COHERE])
def test_a_chat_is_answered_whatever_the_base_url_is(
    oci_emulator: Emulator, library: Any, model: str
) -> None:
    oci_emulator.when("OCI").answer("A cloud ☁️.")
    with library.Client(transport=OciTransport(), base_url=ANYWHERE) as http:
        answer = http.post("/chat/completions", json=body(model))
    assert isinstance(answer, library.Response)
    assert answer.status_code == 200
    assert answer.json()["choices"][0]["message"]["content"] == "A cloud ☁️."
    assert answer.json()["object"] == "chat.completion"
    assert answer.headers["x-request-id"] == oci_emulator.ledger.last.opc_request_id
    assert oci_emulator.ledger.last.verified


@LIBRARIES
@pytest.mark.parametrize("model", [GROK, COHERE])
def test_a_stream_is_server_sent_events(oci_emulator: Emulator, library: Any, model: str) -> None:
    oci_emulator.when("OCI").answer("A cloud ☁️.")
    asked = body(model, stream=True, stream_options={"include_usage": True})
    with library.Client(transport=OciTransport(), base_url=ANYWHERE) as http:
        answer = http.post("/chat/completions", json=asked)
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["opc-request-id"] == oci_emulator.ledger.last.opc_request_id
    *chunks, usage, done = events(answer.content)
    assert done == "[DONE]"
    assert usage["choices"] == []
    assert usage["usage"]["total_tokens"] > 0
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text == "A cloud ☁️."
    assert {chunk["object"] for chunk in chunks} == {"chat.completion.chunk"}


@LIBRARIES
def test_it_works_on_event_loops_one_after_the_other(oci_emulator: Emulator, library: Any) -> None:
    transport = AsyncOciTransport()

    async def ask() -> Any:
        async with library.AsyncClient(transport=transport, base_url=ANYWHERE) as http:
            whole = await http.post("/chat/completions", json=body())
            async with http.stream(
                "POST", "/chat/completions", json=body(COHERE, stream=True)
            ) as answer:
                pieces = [piece async for piece in answer.aiter_bytes()]
            return whole.json()["object"], events(b"".join(pieces))[-1]

    for _ in range(3):
        assert asyncio.run(ask()) == ("chat.completion", "[DONE]")


@LIBRARIES
def test_one_transport_serves_many_threads(oci_emulator: Emulator, library: Any) -> None:
    with library.Client(transport=OciTransport(), base_url=ANYWHERE) as http:

        def ask(number: int) -> str:
            asked = {"model": GROK, "messages": [{"role": "user", "content": f"<{number}>"}]}
            answer = http.post("/chat/completions", json=asked)
            return str(answer.json()["choices"][0]["message"]["content"])

        with ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(ask, range(64)))
    assert all(f"<{number}>" in text for number, text in enumerate(answers))


@LIBRARIES
def test_an_unreachable_service_is_the_librarys_own_connect_error(
    oci_emulator: Emulator, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("OCICAT_API_BASE", f"http://127.0.0.1:{port}")
    with library.Client(transport=OciTransport(), base_url=ANYWHERE) as http:
        with pytest.raises(library.ConnectError, match="refuses connections"):
            http.post("/chat/completions", json=body())


@LIBRARIES
def test_the_clients_time_out_holds(oci_emulator: Emulator, library: Any) -> None:
    oci_emulator.when("OCI").stall(5)
    began = time.monotonic()
    with library.Client(transport=OciTransport(), base_url=ANYWHERE, timeout=0.2) as http:
        with pytest.raises(library.ReadTimeout) as caught:
            http.post("/chat/completions", json=body())
    assert time.monotonic() - began < 3
    assert caught.value.request.url == f"{ANYWHERE}/chat/completions"


@LIBRARIES
def test_no_time_out_is_no_time_out(oci_emulator: Emulator, library: Any) -> None:
    with library.Client(transport=OciTransport(), base_url=ANYWHERE, timeout=None) as http:
        assert http.post("/chat/completions", json=body()).status_code == 200


@LIBRARIES
def test_a_time_out_on_an_event_loop_is_the_librarys_own(
    oci_emulator: Emulator, library: Any
) -> None:
    oci_emulator.when("OCI").stall(5)

    async def ask() -> None:
        async with library.AsyncClient(
            transport=AsyncOciTransport(), base_url=ANYWHERE, timeout=0.2
        ) as http:
            await http.post("/chat/completions", json=body())

    with pytest.raises(library.ReadTimeout):
        asyncio.run(ask())


# --- streams ------------------------------------------------------------------------------------


def test_pieces_come_as_they_arrive_and_leaving_early_ends_the_request(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    oci_emulator.when("OCI").answer("one two three").stall(20, after_events=2)
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)
        began = time.monotonic()
        with client.stream("POST", "/chat/completions", json=body(stream=True)) as answer:
            assert b"chat.completion.chunk" in next(answer.iter_bytes())
        assert time.monotonic() - began < 5
        assert _soon(lambda: wire.open == 0)


def test_dropping_an_answer_unread_ends_the_request(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    oci_emulator.when("OCI").answer("one two three").stall(20, after_events=2)
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)
        request = httpx2.Request("POST", f"{ANYWHERE}/chat/completions", json=body(stream=True))
        answer = OciTransport().handle_request(request)
        assert wire.open == 1
        del answer
        gc.collect()
        assert _soon(lambda: wire.open == 0)


def test_cancelling_a_task_ends_its_request(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    oci_emulator.when("OCI").stall(20)
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)

        async def ask() -> None:
            async with httpx2.AsyncClient(transport=AsyncOciTransport()) as http:
                await http.post(f"{ANYWHERE}/chat/completions", json=body())

        async def cancel() -> bool:
            task = asyncio.create_task(ask())
            while wire.open == 0:
                await asyncio.sleep(0.01)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return await asyncio.to_thread(_soon, lambda: wire.open == 0)

        assert asyncio.run(cancel())


def test_a_stream_that_breaks_ends_with_an_error_event(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    oci_emulator.when("OCI").answer("one two three").cut_after(2)
    answer = client.post("/chat/completions", json=body(COHERE, stream=True))
    *chunks, broken = events(answer.content)
    assert chunks
    assert broken["error"]["code"] == "stream_broken"
    assert broken["error"]["type"] == "server_error"


@pytest.mark.parametrize("model", [GROK, COHERE])
def test_a_stream_of_a_response_that_breaks_tells_of_it_in_an_event_with_a_name(
    oci_emulator: Emulator, client: httpx2.Client, model: str
) -> None:
    asked = {"model": model, "input": "OCI?", "stream": True, "background": model == GROK}
    oci_emulator.when("OCI").answer("one two three").cut_after(2)
    answer = client.post("/responses", json=asked)
    told = events(answer.content)
    (error,) = [event for event in told if event["type"] == "error"]
    assert error["code"] == error["error"]["code"] == "stream_broken"
    assert error["message"] == error["error"]["message"]
    assert "event: error\n" in answer.text
    assert [event["sequence_number"] for event in told] == list(range(len(told)))


def test_a_stream_that_makes_no_sense_ends_with_an_error_event(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    event = {"apiFormat": 5, "message": 5, "text": 5, "finishReason": None}
    oci_emulator.when("OCI").answer("one two three").error_event(event, after_events=2)
    answer = client.post("/chat/completions", json=body(COHERE, stream=True))
    *chunks, broken = events(answer.content)
    assert chunks
    assert broken["error"]["code"] == "malformed_reply"


def test_a_failure_reported_before_anything_else_is_an_error_status(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    event = {"code": "429", "message": "slow down"}
    oci_emulator.when("OCI").error_event(event, after_events=0)
    answer = client.post("/chat/completions", json=body(COHERE, stream=True))
    assert answer.status_code == 429
    assert answer.json()["error"]["type"] == "rate_limit_error"


def test_a_stream_that_breaks_before_anything_came_may_be_repeated(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    oci_emulator.when("OCI").answer("one two three").cut_after(0)
    with pytest.raises(httpx2.RemoteProtocolError):
        client.post("/chat/completions", json=body(COHERE, stream=True))


def test_one_connection_is_used_again_and_again(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)
        for number in range(10):
            client.post("/chat/completions", json=body(stream=number % 2 == 0))
        assert wire.connections == 1


# --- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/audio/speech"),
        ("POST", "/images/generations"),
        ("POST", "/completions"),
        ("GET", "/chat/completions"),
        ("GET", "/chat/completions/chatcmpl-1"),
        ("GET", "/responses"),
        ("POST", "/responses/compact"),
        ("POST", "/responses/input_tokens"),
        ("POST", "/assistants/x/files"),
        ("GET", "/organization/usage/embeddings"),
        ("GET", "/nonsense"),
        ("GET", "/modelsandmore"),
    ],
)
def test_what_oci_cannot_do_is_refused_by_name_and_sent_nowhere(
    oci_emulator: Emulator, client: httpx2.Client, method: str, path: str
) -> None:
    answer = client.request(method, path, json={})
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unsupported_endpoint"
    assert path in answer.json()["error"]["message"]
    assert len(oci_emulator.ledger) == 0


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"colour": "red", "size": 3}, "unknown_parameter", "colour"),
        ({"oci_region": "us-phoenix-1"}, "unknown_parameter", "oci_region"),
        ({"oci_key_file": "/etc/passwd"}, "unknown_parameter", "oci_key_file"),
        ({"max_retries": 5}, "unknown_parameter", "max_retries"),
        ({"temperature": "hot"}, "invalid_parameter", "temperature"),
        ({"messages": "hello"}, "invalid_parameter", "messages"),
        ({"model": None}, "invalid_parameter", "model"),
        ({"logit_bias": {"1": 2}, "model": COHERE}, "unsupported_feature", "logit_bias"),
        ({"stream": "no"}, "invalid_parameter", "stream"),
        ({"stream": True, "stream_options": 5}, "invalid_parameter", "stream_options"),
        ({"n": 10**9, "model": COHERE}, "invalid_parameter", "n"),
    ],
)
def test_a_wrong_parameter_is_a_400_in_openais_shape(
    oci_emulator: Emulator,
    client: httpx2.Client,
    changes: dict[str, Any],
    code: str,
    parameter: str,
) -> None:
    answer = client.post("/chat/completions", json={**body(), **changes})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"], error["param"]) == (
        "invalid_request_error",
        code,
        parameter,
    )
    assert answer.headers["x-should-retry"] == "false"
    assert len(oci_emulator.ledger) == 0


@pytest.mark.parametrize("model", [GROK, COHERE])
@pytest.mark.parametrize(
    ("changes", "parameter"),
    [
        ({"model": []}, "model"),
        ({"input": 5}, "input"),
        ({"input": [5]}, "input"),
        ({"input": [{"type": []}]}, "input"),
        ({"tools": 5}, "tools"),
        ({"tools": [5]}, "tools"),
        ({"tools": [{"type": []}]}, "tools"),
        ({"tools": [{}]}, "tools"),
        ({"include": 5}, "include"),
        ({"reasoning": "high"}, "reasoning"),
        ({"text": "short"}, "text"),
        ({"metadata": {"a": 5}}, "metadata"),
        ({"previous_response_id": 5}, "previous_response_id"),
        ({"store": "no"}, "store"),
        ({"stream": "no"}, "stream"),
    ],
)
def test_a_wrong_shape_of_a_response_is_a_400_in_openais_shape(
    oci_emulator: Emulator,
    client: httpx2.Client,
    model: str,
    changes: dict[str, Any],
    parameter: str,
) -> None:
    answer = client.post("/responses", json={"model": model, "input": "a", **changes})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["param"]) == ("invalid_parameter", parameter)
    assert len(oci_emulator.ledger) == 0


def test_a_truncation_that_nobody_knows_is_a_400(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    asked = {"model": COHERE, "input": "a", "truncation": "some"}
    assert client.post("/responses", json=asked).status_code == 400


def test_what_cannot_be_asked_of_a_kept_response_is_a_400(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    id = client.post("/responses", json={"model": COHERE, "input": "a"}).json()["id"]
    for wrong in ("?stream=true", "/input_items?limit=" + "9" * 5000):
        assert client.get(f"/responses/{id}{wrong}").status_code == 400


def test_all_unknown_parameters_are_named(client: httpx2.Client) -> None:
    answer = client.post("/chat/completions", json=body(colour="red", temprature=1))
    assert "`colour`, `temprature`" in answer.json()["error"]["message"]


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_400(client: httpx2.Client, content: bytes) -> None:
    answer = client.post("/chat/completions", content=content)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "body"


def test_what_a_model_cannot_be_told_is_left_out_if_so_wanted(oci_emulator: Emulator) -> None:
    asked = body(COHERE, logit_bias={"1": 2})
    with httpx2.Client(transport=OciTransport(drop_params=True), base_url=ANYWHERE) as http:
        dropped = http.post("/chat/completions", json=asked)
        refused = http.post("/chat/completions", json={**asked, "drop_params": False})
    assert [note["parameter"] for note in dropped.json()["oci_notes"]] == ["logit_bias"]
    assert refused.status_code == 400


def test_an_answer_that_is_none_is_a_502_that_is_not_repeated(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    oci_emulator.when("OCI").reply_raw(200, {"content-type": "application/json"}, "<html>")
    answer = client.post("/chat/completions", json=body())
    assert answer.status_code == 502
    assert answer.json()["error"]["code"] == "malformed_reply"
    assert answer.headers["x-should-retry"] == "false"


@pytest.mark.parametrize(
    ("status", "code", "repeated"),
    [
        (409, "IncorrectState", "true"),
        (409, "InvalidatedRetryToken", "false"),
        (429, None, "true"),
        (500, None, "true"),
        (501, None, "false"),
        (503, None, "true"),
    ],
)
def test_a_client_is_told_what_is_worth_repeating(
    oci_emulator: Emulator, client: httpx2.Client, status: int, code: str | None, repeated: str
) -> None:
    oci_emulator.when("OCI").fail(status, code=code, retry_after=1.5)
    answer = client.post("/chat/completions", json=body())
    assert answer.status_code == status
    assert answer.headers["x-should-retry"] == repeated
    assert answer.headers["retry-after"] == "1.5" or status == 409
    assert answer.headers["x-request-id"] == oci_emulator.ledger.last.opc_request_id
    assert len(oci_emulator.ledger) == 1


def test_an_argument_that_it_does_not_have_is_refused_at_once() -> None:
    with pytest.raises(UnknownParameter, match="oci_regoin.*OciTransport.*`oci_region`"):
        OciTransport(oci_regoin="us-chicago-1")  # type: ignore[call-arg]


def test_missing_settings_are_ocicats_own_error(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCI_COMPARTMENT_ID")
    with pytest.raises(MissingSetting, match="compartment_id"):
        client.post("/chat/completions", json=body())


# --- who and where ------------------------------------------------------------------------------


def test_nothing_that_a_client_tells_other_services_reaches_oci(oci_emulator: Emulator) -> None:
    foreign = {
        "Authorization": "Bearer sk-secret",
        "X-Api-Key": "sk-secret",
        "OpenAI-Organization": "org-secret",
        "OpenAI-Project": "proj-secret",
        "Cookie": "a=secret",
        "opc-obo-token": "secret",
        "X-Stainless-Lang": "secret",
    }
    with httpx2.Client(transport=OciTransport(), headers=foreign, base_url=ANYWHERE) as http:
        http.post("/chat/completions", json=body())
        http.get("/files")
    assert len(oci_emulator.ledger) == 2
    for received in oci_emulator.ledger:
        assert "secret" not in str(dict(received.headers))


def test_a_requests_own_headers_come_before_the_transports_arguments(
    oci_emulator: Emulator,
) -> None:
    mine, other = "ocid1.compartment.oc1..mine", "ocid1.compartment.oc1..other"
    project = "ocid1.generativeaiproject.oc1.us-chicago-1.mine"
    oci_emulator.add_compartment(mine)
    oci_emulator.add_compartment(other)
    oci_emulator.add_project(project)
    headers = {"opc-compartment-id": other, "openai-project": project}
    with httpx2.Client(transport=OciTransport(compartment_id=mine), base_url=ANYWHERE) as http:
        assert http.post("/chat/completions", json=body()).status_code == 200
        only_responses = body("xai.grok-4.20-multi-agent")
        answer = http.post("/chat/completions", json=only_responses, headers=headers)
        old = {"CompartmentId": other}
        assert http.post("/chat/completions", json=body(), headers=old).status_code == 200
    assert answer.status_code == 200
    first, second, third = oci_emulator.ledger
    assert first.headers["opc-compartment-id"] == mine
    assert second.headers["opc-compartment-id"] == other
    assert second.headers["openai-project"] == project
    assert third.headers["opc-compartment-id"] == other


def test_an_auth_object_or_a_signer_of_the_sdk_says_who(oci_emulator: Emulator) -> None:
    config = oci.config.from_file(str(oci_emulator.home.config_file))
    for auth in (OciUserPrincipalAuth(), oci.signer.Signer.from_config(config)):
        with httpx2.Client(transport=OciTransport(auth=auth), base_url=ANYWHERE) as http:
            assert http.post("/chat/completions", json=body()).status_code == 200
    assert all(received.verified for received in oci_emulator.ledger)


@pytest.mark.parametrize(
    ("base_url", "arguments", "host"),
    [
        (
            "https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com/openai/v1",
            {},
            "inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com",
        ),
        (
            "https://inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu/20231130/actions/v1",
            {},
            "inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
        ),
        (
            "https://inference.generativeai.eu-frankfurt-1.oci.oraclecloud.com/openai/v1",
            {"region": "ORD"},
            "inference.generativeai.us-chicago-1.oci.oraclecloud.com",
        ),
        (
            "https://inference.generativeai.eu-frankfurt-1.oci.evil.com/openai/v1",
            {"region": "us-phoenix-1"},
            "inference.generativeai.us-phoenix-1.oci.oraclecloud.com",
        ),
        (
            "https://modeldeployment.us-ashburn-1.oci.customer-oci.com"
            "/ocid1.datasciencemodeldeployment.oc1.iad.x/predict/v1",
            {},
            "modeldeployment.us-ashburn-1.oci.customer-oci.com",
        ),
        (
            "https://private.example.com/openai/v1",
            {"follow_base_url": True},
            "private.example.com",
        ),
    ],
)
def test_an_oci_base_url_says_where(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    base_url: str,
    arguments: dict[str, Any],
    host: str,
) -> None:
    def refuse(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(reply(b"", "403 Forbidden"))
        return False

    monkeypatch.delenv("OCICAT_API_BASE")
    config = oci_emulator.home.config_file.read_text()
    own = "\n".join(line for line in config.split("\n") if not line.startswith("endpoint"))
    oci_emulator.home.config_file.write_text(own)
    with raw_server(refuse) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        with httpx2.Client(transport=OciTransport(**arguments), base_url=base_url) as http:
            with pytest.raises(httpx2.ConnectError):
                http.post("/chat/completions", json=body())
    assert proxy.requests[0].startswith(f"CONNECT {host}:443 ".encode())


def test_a_deployments_url_needs_no_compartment_and_keeps_the_models_name(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ocid = oci_emulator.deployments[0]
    base = f"https://modeldeployment.us-ashburn-1.oci.customer-oci.com/{ocid}/predict/v1"
    oci_emulator.add_deployment(ocid, "my-model")
    monkeypatch.delenv("OCI_COMPARTMENT_ID")
    with httpx2.Client(transport=OciTransport(), base_url=base) as http:
        answer = http.post("/chat/completions", json=body("my-model"))
        streamed = http.post("/chat/completions", json=body("my-model", stream=True))
    assert answer.json()["model"] == "my-model"
    assert events(streamed.content)[-1] == "[DONE]"
    assert oci_emulator.ledger.last.path == f"/{ocid}/predict/v1/chat/completions"


def test_a_base_url_that_is_followed_is_where_requests_go(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with relay(oci_emulator.url) as wire:
        for follow, expected in ((False, 0), (True, 1)):
            with httpx2.Client(
                transport=OciTransport(follow_base_url=follow), base_url=f"{wire.url}/openai/v1"
            ) as http:
                assert http.post("/chat/completions", json=body()).status_code == 200
            assert wire.connections == expected


def test_the_clients_key_for_repeated_requests_is_ocis_retry_token(
    oci_emulator: Emulator, client: httpx2.Client
) -> None:
    for path in ("/chat/completions", "/responses"):
        for model in (GROK, COHERE):
            asked = body(model) if path == "/chat/completions" else {"model": model, "input": "a"}
            for key in ("mine", "x" * 65):
                client.post(path, json=asked, headers={"Idempotency-Key": key})
    tokens = [received.headers["opc-retry-token"] for received in oci_emulator.ledger]
    assert tokens[::2] == ["mine"] * 4
    assert "x" * 65 not in tokens


# --- a client that carries the requests ---------------------------------------------------------


@LIBRARIES
def test_a_client_of_the_users_carries_the_requests(
    oci_emulator: Emulator, library: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    hooks = {"request": [lambda request: seen.append(str(request.url))]}
    with relay(oci_emulator.url) as wire:
        monkeypatch.setenv("OCICAT_API_BASE", wire.url)
        with (
            library.Client(event_hooks=hooks, auth=("user", "password")) as carrier,
            library.Client(transport=OciTransport(http_client=carrier), base_url=ANYWHERE) as http,
        ):
            whole = http.post("/chat/completions", json=body(COHERE, n=2))
            streamed = http.post("/chat/completions", json=body(COHERE, stream=True))
            oci_emulator.when("OCI").fail(429)
            refused = http.post("/chat/completions", json=body(COHERE))
    assert len(whole.json()["choices"]) == 2
    assert events(streamed.content)[-1] == "[DONE]"
    assert refused.status_code == 429
    assert seen == [f"{wire.url}/20231130/actions/chat"] * 4
    assert all(received.verified for received in oci_emulator.ledger)


@LIBRARIES
def test_a_client_of_the_users_carries_them_on_an_event_loop(
    oci_emulator: Emulator, library: Any
) -> None:
    seen: list[str] = []

    async def note(request: Any) -> None:
        seen.append(str(request.url))

    async def ask() -> list[Any]:
        async with (
            library.AsyncClient(event_hooks={"request": [note]}) as carrier,
            library.AsyncClient(
                transport=AsyncOciTransport(http_client=carrier), base_url=ANYWHERE
            ) as http,
        ):
            whole = await http.post("/chat/completions", json=body(COHERE))
            streamed = await http.post("/chat/completions", json=body(COHERE, stream=True))
            oci_emulator.when("OCI").answer("one two three").stall(20, after_events=2)
            async with http.stream(
                "POST", "/chat/completions", json=body(COHERE, stream=True)
            ) as answer:
                await anext(answer.aiter_bytes())
            return [whole.json()["object"], events(streamed.content)[-1]]

    assert asyncio.run(ask()) == ["chat.completion", "[DONE]"]
    assert seen == [f"{oci_emulator.url}/20231130/actions/chat"] * 3


@LIBRARIES
def test_what_breaks_in_a_carrier_is_the_clients_own_error(
    oci_emulator: Emulator, library: Any
) -> None:
    oci_emulator.when("OCI").stall(5)
    with (
        library.Client() as carrier,
        library.Client(
            transport=OciTransport(http_client=carrier), base_url=ANYWHERE, timeout=0.2
        ) as http,
        pytest.raises(library.ReadTimeout),
    ):
        http.post("/chat/completions", json=body())


# --- what is handed over ------------------------------------------------------------------------


class Recorder:
    """A server in OCI's place that notes what it is asked."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer

    def __call__(self, _: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(self.answer)
        return True


def parts(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, content = request.partition(b"\r\n\r\n")
    line, *rest = head.decode().split("\r\n")
    headers = dict(each.split(": ", 1) for each in rest)
    return line, headers, content


def test_an_upload_is_signed_and_sent_byte_for_byte(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = bytes(range(256)) * 1000
    with raw_server(Recorder(reply(b'{"id":"file-1"}', opc_request_id="abc"))) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        request = client.build_request(
            "POST",
            "/files",
            files={"file": ("a.bin", content)},
            data={"purpose": "user_data"},
            headers={"OpenAI-Project": "ocid1.generativeaiproject.oc1..mine"},
        )
        answer = client.send(request)
    line, headers, sent = parts(server.requests[0])
    assert line == "POST /openai/v1/files HTTP/1.1"
    assert sent == request.content
    assert headers["content-type"] == request.headers["content-type"]
    assert headers["x-content-sha256"] == base64.b64encode(hashlib.sha256(sent).digest()).decode()
    assert headers["authorization"].startswith("Signature ")
    assert headers["openai-project"] == "ocid1.generativeaiproject.oc1..mine"
    assert headers["opc-compartment-id"] == oci_emulator.compartment_id
    assert answer.json() == {"id": "file-1"}
    assert answer.headers["x-request-id"] == "abc"


@pytest.mark.parametrize(
    ("method", "path", "target"),
    [
        ("GET", "/files?limit=2&order=asc", "/openai/v1/files?limit=2&order=asc"),
        ("GET", "/files/f%20x/content", "/openai/v1/files/f%20x/content"),
        ("DELETE", "/files/f", "/openai/v1/files/f"),
        ("GET", "/containers/c/files/f/content", "/openai/v1/containers/c/files/f/content"),
        ("POST", "/conversations/c/items", "/openai/v1/conversations/c/items"),
        ("GET", "/vector_stores", "/20231130/openai/v1/vector_stores"),
        ("POST", "/vector_stores", "/20231130/openai/v1/vector_stores"),
        ("DELETE", "/vector_stores/v", "/20231130/openai/v1/vector_stores/v"),
        ("POST", "/vector_stores/v/search", "/openai/v1/vector_stores/v/search"),
        ("GET", "/vector_stores/v/files", "/openai/v1/vector_stores/v/files"),
        ("GET", "/responses/resp_x", "/openai/v1/responses/resp_x"),
        ("DELETE", "/responses/resp_x", "/openai/v1/responses/resp_x"),
        ("POST", "/responses/resp_x/cancel", "/openai/v1/responses/resp_x/cancel"),
        ("GET", "/responses/resp_x/input_items", "/openai/v1/responses/resp_x/input_items"),
    ],
)
def test_what_is_ocis_alone_is_handed_over(
    oci_emulator: Emulator,
    client: httpx2.Client,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    path: str,
    target: str,
) -> None:
    monkeypatch.setenv("OCICAT_RESPONSE_STORE", ":memory:")
    with raw_server(Recorder(reply(b"\x00\xff", content_type="image/png"))) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        answer = client.request(method, path)
    line, headers, _ = parts(server.requests[0])
    assert line == f"{method} {target} HTTP/1.1"
    assert headers["authorization"].startswith("Signature ")
    assert headers["openai-project"] == oci_emulator.project_id
    assert (answer.content, answer.headers["content-type"]) == (b"\x00\xff", "image/png")


def test_stores_are_made_at_the_management_host(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(reply(b"", "403 Forbidden"))
        return False

    monkeypatch.setenv("OCICAT_API_BASE", "https://inference.generativeai.example.com")
    with raw_server(refuse) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy"):
            monkeypatch.setenv(name, proxy.url)
        for path in ("/vector_stores/v", "/vector_stores/v/search"):
            with pytest.raises(httpx2.ConnectError):
                client.post(path)
    first, second = (parts(request)[0] for request in proxy.requests)
    assert first.startswith("CONNECT generativeai.example.com:443")
    assert second.startswith("CONNECT inference.generativeai.example.com:443")


def test_a_handed_over_stream_keeps_its_bytes(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = b'data: {"type": "response.created"}\n\n: keep\r\n\r\ndata:[DONE]'
    with raw_server(Recorder(reply(data, content_type="text/event-stream"))) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        monkeypatch.setenv("OCICAT_RESPONSE_STORE", ":memory:")
        answer = client.get("/responses/resp_x?stream=true&starting_after=3")
    assert answer.content == data


def test_the_older_responses_go_to_their_conversation_store(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OCI_GENAI_PROJECT_ID")
    answered = b'{"id": "resp_1", "object": "response", "output": []}'
    with raw_server(Recorder(reply(answered))) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        answer = client.post(
            "/responses",
            json={"model": f"oci/{GROK}", "input": "hi", "store": True},
            headers={"opc-conversation-store-id": "ocid1.store"},
        )
    line, headers, sent = parts(server.requests[0])
    assert line == "POST /openai/v1/responses HTTP/1.1"
    assert headers["opc-conversation-store-id"] == "ocid1.store"
    assert json.loads(sent) == {"model": GROK, "input": "hi", "store": True, "stream": False}
    assert answer.json()["id"] == "resp_1"


def test_what_oci_refuses_of_it_comes_in_openais_shape(
    oci_emulator: Emulator, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    refusal = reply(b'{"code":"NotAuthorizedOrNotFound","message":"no"}', "404 Not Found")
    with raw_server(Recorder(refusal)) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        answer = client.get("/files/f")
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "NotAuthorizedOrNotFound"
    assert len(server.requests) == 1


# --- embeddings and models ----------------------------------------------------------------------


def test_embeddings_are_made(oci_emulator: Emulator, client: httpx2.Client) -> None:
    asked = {"model": "cohere.embed-v4.0", "input": ["a"] * 100, "dimensions": 256}
    answer = client.post("/embeddings", json={**asked, "input_type": "search_query"}).json()
    assert [item["index"] for item in answer["data"]] == list(range(100))
    assert len(answer["data"][0]["embedding"]) == 256
    assert len(oci_emulator.ledger) == 2
    assert oci_emulator.ledger.last.json["inputType"] == "SEARCH_QUERY"
    assert client.post("/embeddings", json={**asked, "colour": 1}).status_code == 400


def test_the_models_are_what_oci_lists(oci_emulator: Emulator, client: httpx2.Client) -> None:
    listed = client.get("/models").json()
    assert listed["object"] == "list"
    assert {"id", "object", "created", "owned_by"} <= listed["data"][0].keys()
    model = client.get("/models/oci%2Fxai.grok-4.3").json()
    assert (model["id"], model["object"], model["owned_by"]) == (GROK, "model", "xai")
    missing = client.get("/models/nobody.knows")
    assert missing.status_code == 404
    assert missing.json()["error"]["code"] == "model_not_found"


def test_where_oci_lists_none_the_catalogue_does(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: RawServer, connection: socket.socket, __: bytes) -> bool:
        connection.sendall(reply(b'{"code":"404","message":"no"}', "404 Not Found"))
        return True

    with raw_server(refuse) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        for transport in (OciTransport(), OciTransport(api_key="sk-mine")):
            with httpx2.Client(transport=transport, base_url=ANYWHERE) as http:
                listed = http.get("/models").json()["data"]
                model = http.get(f"/models/{GROK}").json()
            assert GROK in {model["id"] for model in listed}
            assert model["owned_by"] == "xai"


# ------------------------------------------------------------------------------------------------


def _soon(condition: Any) -> bool:
    """Whether it comes true within two seconds."""
    happened = threading.Event()
    for _ in range(200):
        if condition():
            return True
        happened.wait(0.01)
    return False
