"""Streams as callers hold them: several answers at once, and what a stream amounts to."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from typing import Any

import pytest

from ocicat import ChatCompletion, Timeout, acompletion, completion, errors
from ocicat.emulator import Emulator

COHERE = "cohere.command-a-03-2025"
COHERE_V2 = "cohere.command-a-reasoning-08-2025"
RESPONSES_ONLY = "xai.grok-4.20-multi-agent"
GROK = "xai.grok-4.3"
ONE_AT_A_TIME = [COHERE, COHERE_V2, RESPONSES_ONLY]
ASK = [{"role": "user", "content": "What is OCI?"}]
PATIENCE: Any = Timeout(read=5)


@pytest.fixture(autouse=True)
def models(oci_emulator: Emulator) -> None:
    oci_emulator.add_model(COHERE_V2)


def drawn_out(oci: Emulator) -> None:
    """The first answer that is asked for never ends, the others do."""
    oci.when().answer("slow " * 20).stall(30, after_events=5).times(1)
    oci.when().answer("one two three")


def no_threads_are_left() -> bool:
    for _ in range(500):
        if not any(thread.name == "ocicat-together" for thread in threading.enumerate()):
            return True
        time.sleep(0.01)
    return False


async def only(others: set[asyncio.Task[Any]]) -> None:
    """Wait until there are no other tasks than these."""
    async with asyncio.timeout(5):
        while not asyncio.all_tasks() <= others:
            await asyncio.sleep(0.01)


def ends_of(chunk: Any) -> list[int]:
    return [choice.index for choice in chunk.choices if choice.finish_reason]


# --- several answers ----------------------------------------------------------------------------


@pytest.mark.parametrize("model", ONE_AT_A_TIME)
def test_answers_stream_at_once_and_do_not_wait_for_each_other(
    oci_emulator: Emulator, model: str
) -> None:
    drawn_out(oci_emulator)
    ended: list[int] = []
    seen: set[int] = set()
    with completion(model, ASK, stream=True, n=3, timeout=PATIENCE) as stream:
        while len(ended) < 2 or len(seen) < 3:
            chunk = next(stream)
            ended += ends_of(chunk)
            seen |= {choice.index for choice in chunk.choices}
    assert no_threads_are_left()


@pytest.mark.anyio
@pytest.mark.parametrize("model", ONE_AT_A_TIME)
async def test_answers_stream_at_once_on_an_event_loop_too(
    oci_emulator: Emulator, model: str
) -> None:
    others = asyncio.all_tasks()
    drawn_out(oci_emulator)
    ended: list[int] = []
    seen: set[int] = set()
    stream = await acompletion(model, ASK, stream=True, n=3, timeout=PATIENCE)
    async with stream:
        while len(ended) < 2 or len(seen) < 3:
            chunk = await anext(stream)
            ended += ends_of(chunk)
            seen |= {choice.index for choice in chunk.choices}
    await only(others)


def test_the_answer_that_breaks_is_the_one_whose_text_is_kept(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("never ends " * 5).stall(30, after_events=3).times(1)
    oci_emulator.when().answer("alpha beta gamma").cut_after(events=2, clean=True)
    texts = {0: "", 1: ""}
    with pytest.raises(errors.StreamBroken) as caught:
        for chunk in completion(COHERE, ASK, stream=True, n=2, timeout=PATIENCE):
            for choice in chunk.choices:
                texts[choice.index] += choice.delta.content or ""
    assert caught.value.partial == "alpha beta "
    assert caught.value.partial in texts.values()
    assert no_threads_are_left()


def test_a_refusal_is_raised_before_any_of_several_answers_begins(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("slow " * 20).stall(30, after_events=5).times(1)
    oci_emulator.when().fail(400)
    with pytest.raises(errors.BadRequestError):
        completion(COHERE, ASK, stream=True, n=2)
    assert no_threads_are_left()


@pytest.mark.anyio
async def test_an_async_stream_that_is_dropped_leaves_no_tasks(oci_emulator: Emulator) -> None:
    others = asyncio.all_tasks()
    oci_emulator.when().answer("slow " * 20).stall(30, after_events=5)
    stream = await acompletion(COHERE, ASK, stream=True, n=2)
    await anext(stream)
    del stream
    gc.collect()
    await only(others)


@pytest.mark.anyio
async def test_cancelling_a_reader_leaves_no_tasks(oci_emulator: Emulator) -> None:
    others = asyncio.all_tasks()
    oci_emulator.when().answer("slow " * 20).stall(30, after_events=5)
    begun = asyncio.Event()

    async def read() -> None:
        async for _ in await acompletion(COHERE, ASK, stream=True, n=2):
            begun.set()

    task = asyncio.create_task(read())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await only(others)


# --- what a stream amounts to -------------------------------------------------------------------


@pytest.mark.parametrize("model", [GROK, *ONE_AT_A_TIME])
@pytest.mark.parametrize("n", [1, 2])
def test_the_final_completion_is_the_whole_reply(
    oci_emulator: Emulator, model: str, n: int
) -> None:
    oci_emulator.when().answer("A cloud ☁️.")
    whole = completion(model, ASK, n=n)
    stream = completion(model, ASK, n=n, stream=True, stream_options={"include_usage": True})
    next(stream)
    final = stream.get_final_completion()
    assert type(final) is ChatCompletion
    for part in ("object", "model", "usage"):
        assert final[part] == whole[part]
    for choice, other in zip(final.choices, whole.choices, strict=True):
        assert choice.message.content == other.message.content == "A cloud ☁️."
        assert choice.finish_reason == other.finish_reason == "stop"
    assert stream.get_final_completion() == final


@pytest.mark.anyio
async def test_an_async_stream_has_a_final_completion_too(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("A cloud.")
    stream = await acompletion(GROK, ASK, stream=True)
    final = await stream.get_final_completion()
    assert final.choices[0].message.content == "A cloud."
    assert final.opc_request_id == oci_emulator.ledger.last.opc_request_id


def test_a_stream_that_was_left_has_no_final_completion(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("word " * 50).stall(30, after_events=20)
    with completion(GROK, ASK, stream=True) as stream:
        while not next(stream).choices[0].delta.content:
            pass
    with pytest.raises(errors.StreamBroken) as caught:
        stream.get_final_completion()
    assert caught.value.partial == "word "


def test_a_stream_that_breaks_has_no_final_completion(oci_emulator: Emulator) -> None:
    oci_emulator.when().answer("one two three four").cut_after(events=3, clean=True)
    stream = completion(GROK, ASK, stream=True)
    for _ in range(2):
        with pytest.raises(errors.StreamBroken) as caught:
            stream.get_final_completion()
        assert caught.value.partial.startswith("one ")


def test_a_required_call_that_was_not_made_is_in_the_final_completion(
    oci_emulator: Emulator,
) -> None:
    oci_emulator.when().answer("I would rather not.")
    tools = [{"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}]
    stream = completion(COHERE, ASK, stream=True, tools=tools, tool_choice="required")
    *_, last = stream
    assert "without the call" in str(last.oci_notes)
    assert "without the call" in str(stream.get_final_completion().oci_notes)
