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
    assert cost_of(REPLY) is None
    assert cost_of(REPLY, input_price=3.0) is None
    assert cost_of({**REPLY, "model": "brand-new"}, output_price=3.0) is None


@pytest.mark.parametrize("usage", [None, {}])
def test_a_reply_without_counts_has_no_cost(usage: Any) -> None:
    assert cost_of({**REPLY, "usage": usage}, input_price=1, output_price=1) is None
    assert cost_of({}, input_price=1, output_price=1) is None


def test_what_has_no_answer_tokens_needs_no_price_for_them() -> None:
    embeddings = {"model": "cohere.embed-v4.0", "usage": {"prompt_tokens": 1_000_000}}
    assert cost_of(embeddings, input_price=0.12) == pytest.approx(0.12)


def test_free_of_charge_is_not_unknown() -> None:
    assert cost_of(REPLY, input_price=0, output_price=0) == 0.0


@pytest.mark.parametrize("price", [-1, float("nan"), "3"])
@pytest.mark.parametrize("name", ["input_price", "output_price"])
def test_a_price_that_is_none_is_refused(name: str, price: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        cost_of(REPLY, **{name: price})
    assert caught.value.parameter == name


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
