"""cost_of(): what a reply cost."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat import completion, cost_of
from ocicat.emulator import Emulator
from ocicat.errors import InvalidParameter

REPLY = {
    "model": "xai.grok-4.3",
    "usage": {"prompt_tokens": 2_000, "completion_tokens": 500, "total_tokens": 2_500},
}


def test_tokens_are_charged_by_the_million() -> None:
    assert cost_of(REPLY, input_price=3.0, output_price=8) == pytest.approx(0.01)


def test_a_price_that_nobody_knows_is_no_cost() -> None:
    unknown = {**REPLY, "model": "xai.grok-99"}
    assert cost_of(unknown) is None
    assert cost_of(unknown, input_price=3.0) is None
    assert cost_of(unknown, output_price=3.0) is None
    assert cost_of(unknown, input_price=1, output_price=2) == pytest.approx(0.003)


def used(prompt: int, answer: int, *, cached: int | None = None) -> dict[str, Any]:
    """The usage of a reply."""
    return {
        "prompt_tokens": prompt,
        "completion_tokens": answer,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


# The prices are those of the catalogue on the day that its comments name.
@pytest.mark.parametrize(
    ("model", "usage", "cost"),
    [
        ("openai.gpt-oss-120b", used(1_000_000, 100_000), 0.15 + 0.06),
        ("xai.grok-4.3", used(100_000, 1_000), 0.125 + 0.0025),
        ("xai.grok-4.20-0309-reasoning", used(100_000, 1_000), 0.125 + 0.0025),
        # "Greater than 200K" tokens of prompt cost twice as much, and so does their answer.
        ("xai.grok-4.3", used(200_000, 1_000), 0.25 + 0.0025),
        ("xai.grok-4.3", used(300_000, 1_000), 0.75 + 0.005),
        # What is in the cache costs less, where the list says so.
        ("xai.grok-4.3", used(100_000, 0, cached=60_000), 0.05 + 0.012),
        ("google.gemini-2.5-flash", used(1_000_000, 0, cached=60_000), 0.30),
    ],
)
def test_without_a_price_of_ones_own_it_is_the_list_price(
    model: str, usage: dict[str, Any], cost: float
) -> None:
    assert cost_of({"model": model, "usage": usage}) == pytest.approx(cost)


# Oracle's own example counts 220 characters of prompt and 2,205 of answer as transactions.
def test_what_is_sold_by_the_character_is_estimated_at_four_to_a_token() -> None:
    exact = (220 + 2_205) / 10_000 * 0.0018
    reply = {"model": "meta.llama-3.3-70b-instruct", "usage": used(220 // 4, 2_205 // 4)}
    assert cost_of(reply) == pytest.approx(exact, rel=0.01)


def test_ones_own_prices_win_over_the_list() -> None:
    reply = {"model": "xai.grok-4.3", "usage": used(2_000, 500, cached=1_000)}
    assert cost_of(reply, input_price=1, output_price=2) == pytest.approx(0.003)
    assert cost_of(reply, output_price=0) == pytest.approx(0.00145)
    assert cost_of(reply, input_price=0) == pytest.approx(0.00125)
    cheap = cost_of(reply, input_price=1, output_price=2, cached_input_price=0.5)
    assert cheap == pytest.approx(0.0025)


@pytest.mark.parametrize(
    "model",
    [
        "ocid1.generativeaiendpoint.oc1.us-chicago-1.example",
        "ocid1.datasciencemodeldeployment.oc1.iad.example",
    ],
)
def test_what_is_paid_by_the_hour_has_no_cost(model: str) -> None:
    assert cost_of({**REPLY, "model": model}) is None


def test_searches_are_not_counted() -> None:
    assert cost_of({"model": "cohere.rerank-v4.0-fast", "results": []}) is None


@pytest.mark.parametrize("usage", [None, {}])
def test_a_reply_without_counts_has_no_cost(usage: Any) -> None:
    assert cost_of({**REPLY, "usage": usage}, input_price=1, output_price=1) is None
    assert cost_of({}, input_price=1, output_price=1) is None


def test_what_has_no_answer_tokens_needs_no_price_for_them() -> None:
    embeddings = {"model": "cohere.embed-v4.0", "usage": {"prompt_tokens": 1_000_000}}
    assert cost_of(embeddings, input_price=0.12) == pytest.approx(0.12)
    assert cost_of(embeddings) == pytest.approx(0.4)


def test_free_of_charge_is_not_unknown() -> None:
    assert cost_of(REPLY, input_price=0, output_price=0) == 0.0


@pytest.mark.parametrize("price", [-1, float("nan"), "3"])
@pytest.mark.parametrize("name", ["input_price", "output_price", "cached_input_price"])
def test_a_price_that_is_none_is_refused(name: str, price: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        cost_of(REPLY, **{name: price})
    assert caught.value.parameter == name


@pytest.mark.parametrize("reply", [None, "a text", [REPLY]])
def test_what_is_no_reply_is_refused(reply: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        cost_of(reply)
    assert caught.value.parameter == "reply"


def test_replies_and_last_chunks_have_a_cost(oci_emulator: Emulator) -> None:
    ask = [{"role": "user", "content": "Hello!"}]
    reply = completion("xai.grok-4.3", ask)
    assert reply.usage is not None
    whole = cost_of(reply, input_price=1, output_price=1)
    assert whole == pytest.approx(reply.usage.total_tokens / 1_000_000)
    with completion(
        "xai.grok-4.3", ask, stream=True, stream_options={"include_usage": True}
    ) as stream:
        costs = [cost_of(chunk, input_price=1, output_price=1) for chunk in stream]
    assert costs[-1] == whole
    assert set(costs[:-1]) == {None}
