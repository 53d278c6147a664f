"""completion() and acompletion(): what callers may say, and what they get."""

from __future__ import annotations

import asyncio
import copy
import gc
import logging
import pickle
import threading
from pathlib import Path
from typing import Any

import pytest

import ocicat
from ocicat import acompletion, completion, errors
from ocicat.emulator import Emulator

ASK = [{"role": "user", "content": "What is OCI?"}]
MODEL = "oci/xai.grok-4.3"


def manual(oci: Emulator) -> dict[str, Any]:
    """Manual credentials, as on LiteLLM's OCI page."""
    return {
        "oci_region": "us-chicago-1",
        "oci_user": oci.home.user_id,
        "oci_fingerprint": oci.home.fingerprint,
        "oci_tenancy": oci.home.tenancy_id,
        "oci_key": oci.home.key_file.read_text(),
        "oci_compartment_id": oci.compartment_id,
        "api_base": oci.url,
    }


@pytest.mark.parametrize("model", ["oci/xai.grok-4.3", "oci:xai.grok-4.3", "xai.grok-4.3"])
def test_all_spellings_of_a_model_are_one(oci_emulator: Emulator, model: str) -> None:
    reply = completion(model, ASK)
    assert reply.model == "xai.grok-4.3"
    assert oci_emulator.ledger.last.json["model"] == "xai.grok-4.3"


def test_manual_credentials_need_no_config_file(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = manual(oci_emulator)
    monkeypatch.setenv("OCI_CONFIG_FILE", "/nonexistent")
    monkeypatch.delenv("OCI_PROFILE")
    assert "xai.grok-4.3" in completion(MODEL, ASK, **credentials).choices[0].message.content
    credentials["oci_key_file"] = str(oci_emulator.home.key_file)
    del credentials["oci_key"]
    assert completion(MODEL, ASK, oci_serving_mode="ON_DEMAND", **credentials).choices


def test_one_value_may_come_from_an_argument_and_the_rest_from_the_profile(
    oci_emulator: Emulator,
) -> None:
    with pytest.raises(errors.AuthenticationError, match="belong together"):
        completion(MODEL, ASK, oci_user="ocid1.user.oc1..somebodyelse")


def test_a_reply_is_whole_plain_and_portable(oci_emulator: Emulator) -> None:
    reply = completion(MODEL, ASK)
    assert reply.choices[0].message.content == reply["choices"][0]["message"]["content"]
    assert reply.object == "chat.completion"
    assert reply.id.startswith("chatcmpl-")
    assert reply.opc_request_id == oci_emulator.ledger.last.opc_request_id
    assert pickle.loads(pickle.dumps(reply)) == copy.deepcopy(reply) == reply
    assert reply.model_dump()["usage"]["total_tokens"] == reply.usage.total_tokens


def test_chunks_answer_both_ways_and_are_portable(oci_emulator: Emulator) -> None:
    chunks = list(completion(MODEL, ASK, stream=True))
    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text == "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert pickle.loads(pickle.dumps(chunks)) == copy.deepcopy(chunks) == chunks
    assert {chunk.opc_request_id for chunk in chunks} == {oci_emulator.ledger.last.opc_request_id}
    assert chunks[0].model_dump_json()


def test_an_unknown_parameter_is_refused_with_the_nearest_name(oci_emulator: Emulator) -> None:
    with pytest.raises(errors.UnknownParameter, match="Did you mean `temperature`") as caught:
        completion(MODEL, ASK, temprature=0.5)
    assert isinstance(caught.value, TypeError)
    with pytest.raises(errors.UnknownParameter, match="`oci_comprtment_id`"):
        completion(MODEL, ASK, oci_comprtment_id="x")
    assert len(oci_emulator.ledger) == 0


@pytest.mark.parametrize(
    "options",
    [
        {"timeout": "soon"},
        {"timeout": -1},
        {"timeout": float("nan")},
        {"max_retries": -1},
        {"max_retries": 1.5},
        {"oci_region": ["us-chicago-1"]},
        {"transport": "pigeon"},
        {"oci_serving_mode": "LUNCH"},
        {"oci_auth_type": "magic"},
        {"oci_signer": 5},
        {"api_base": "ftp://x"},
    ],
)
def test_an_option_that_cannot_be_right_is_refused_before_anything_is_sent(
    oci_emulator: Emulator, options: dict[str, Any]
) -> None:
    if "api_base" not in options:
        options = {**options, "api_base": oci_emulator.url}
    with pytest.raises(errors.OcicatError):
        completion(MODEL, ASK, **options)
    assert len(oci_emulator.ledger) == 0


@pytest.mark.anyio
async def test_the_async_call_refuses_the_same(oci_emulator: Emulator) -> None:
    with pytest.raises(errors.UnknownParameter):
        await acompletion(MODEL, ASK, temprature=0.5)
    with pytest.raises(errors.UnsupportedFeature, match="`safety_mode`"):
        await acompletion(MODEL, ASK, safety_mode="strict", stream=True)


# --- streams that end early ---------------------------------------------------------------------


def test_a_stream_can_be_closed_early(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("word " * 50).stall(30, after_events=20)
    stream = completion(MODEL, ASK, stream=True)
    assert next(stream).object == "chat.completion.chunk"
    stream.close()
    assert list(stream) == []
    stream.close()


def test_a_with_block_closes_its_stream(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("word " * 50).stall(30, after_events=20)
    with completion(MODEL, ASK, stream=True) as stream:
        for _ in stream:
            break
    assert list(stream) == []


def test_a_dropped_stream_leaves_nothing_open(oci_emulator: Emulator) -> None:
    """An unclosed socket would be a warning, and warnings are errors here."""
    oci_emulator.when("OCI").answer("word " * 50).stall(30, after_events=20)
    stream = completion(MODEL, ASK, stream=True)
    next(stream)
    del stream
    gc.collect()


@pytest.mark.anyio
async def test_an_async_stream_can_be_closed_early(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("word " * 50).stall(30, after_events=20)
    async with await acompletion(MODEL, ASK, stream=True) as stream:
        async for _ in stream:
            break
    assert [chunk async for chunk in stream] == []
    await stream.aclose()


@pytest.mark.anyio
async def test_cancelling_a_task_ends_its_request_at_once(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").stall(30)
    task = asyncio.create_task(acompletion(MODEL, ASK))
    while not len(oci_emulator.ledger):
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


def test_a_broken_stream_keeps_what_arrived(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("one two three four").cut_after(events=3, mid_event=True)
    stream = completion(MODEL, ASK, stream=True)
    got = ""
    with pytest.raises(errors.StreamBroken) as caught:
        for chunk in stream:
            got += chunk.choices[0].delta.content or ""
    assert got
    assert caught.value.partial == got
    assert caught.value.opc_request_id == oci_emulator.ledger.last.opc_request_id
    assert len(oci_emulator.ledger.chats) == 1


def test_a_stream_that_ends_cleanly_but_early_is_broken_too(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").answer("one two three four").cut_after(events=3, clean=True)
    with pytest.raises(errors.StreamBroken, match="ended before"):
        list(completion(MODEL, ASK, stream=True))


def test_an_error_in_the_middle_of_a_stream_is_raised(oci_emulator: Emulator) -> None:
    event = {"code": "429", "message": "slow down"}
    oci_emulator.when("OCI").answer("one two three").error_event(event, after_events=2)
    with pytest.raises(errors.StreamBroken, match="slow down") as caught:
        list(completion(MODEL, ASK, stream=True))
    assert isinstance(caught.value.__cause__, errors.RateLimitError)


# --- many at once -------------------------------------------------------------------------------


def test_threads_share_the_function(oci_emulator: Emulator) -> None:
    answers: list[str] = []

    def ask(number: int) -> None:
        content = f"question {number}"
        reply = completion(MODEL, [{"role": "user", "content": content}])
        assert content in reply.choices[0].message.content
        answers.append(content)

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 24


def test_each_event_loop_works_and_leaves_nothing_behind(oci_emulator: Emulator) -> None:
    async def several() -> list[Any]:
        return await asyncio.gather(*(acompletion(MODEL, ASK) for _ in range(8)))

    for _ in range(3):
        assert len(asyncio.run(several())) == 8
    gc.collect()


# --- the log ------------------------------------------------------------------------------------


def test_the_request_log_tells_the_story_without_its_secrets(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OCI_LOG_REQUESTS", "1")
    oci_emulator.when("OCI").fail(503).times(1)
    with caplog.at_level(logging.INFO, "ocicat.requests"):
        completion(MODEL, ASK)
    log = caplog.text
    assert "route: oci/xai.grok-4.3 goes over the openai transport" in log
    assert "request, attempt 2" in log
    assert "attempt 1 failed: InternalServerError" in log
    assert "response to attempt 2: 200" in log
    assert "What is OCI?" in log
    assert "'authorization': '(hidden)'" in log
    assert "signature=" not in log
    assert "PRIVATE KEY" not in log


def test_what_is_learned_of_a_model_is_logged(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OCI_LOG_REQUESTS", "1")
    oci_emulator.when("OCI").answer("Yes.").refuse_parameter("top_p")
    with caplog.at_level(logging.INFO, "ocicat.requests"):
        completion(MODEL, ASK, top_p=0.5, drop_params=True)
    assert "xai.grok-4.3 refused a parameter, which is remembered" in caplog.text


def test_nothing_is_logged_unless_asked_for(
    oci_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, "ocicat"):
        completion(MODEL, ASK)
    assert caplog.text == ""


def test_the_profile_can_ask_for_the_log(
    oci_emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    config: Path = oci_emulator.home.config_file
    config.write_text(config.read_text() + "log_requests = True\n")
    with caplog.at_level(logging.INFO, "ocicat.requests"):
        completion(MODEL, ASK)
    assert "response to attempt 1: 200" in caplog.text


# --- the caller's own signer --------------------------------------------------------------------


def test_a_signer_of_the_sdk_signs(oci_emulator: Emulator, monkeypatch: Any) -> None:
    import oci

    signer = oci.signer.Signer(
        tenancy=oci_emulator.home.tenancy_id,
        user=oci_emulator.home.user_id,
        fingerprint=oci_emulator.home.fingerprint,
        private_key_file_location=str(oci_emulator.home.key_file),
    )
    monkeypatch.setenv("OCI_CONFIG_FILE", "/nonexistent")
    monkeypatch.delenv("OCI_PROFILE")
    for transport in ("openai", "native"):
        reply = completion(
            MODEL,
            ASK,
            oci_signer=signer,
            oci_region="us-chicago-1",
            oci_compartment_id=oci_emulator.compartment_id,
            api_base=oci_emulator.url,
            transport=transport,
        )
        assert reply.choices
        assert oci_emulator.ledger.last.verified


def test_the_version_is_the_packages() -> None:
    import importlib.metadata

    assert ocicat.__version__ == importlib.metadata.version("ocicat")


@pytest.mark.parametrize("messages", [None, "Hello!", {"role": "user", "content": "Hello!"}, 5, []])
def test_what_is_no_list_of_messages_is_refused_with_an_example(
    oci_emulator: Emulator, messages: Any
) -> None:
    with pytest.raises(errors.InvalidParameter, match=r"Such as \[\{") as caught:
        completion(MODEL, messages)
    assert caught.value.parameter == "messages"
