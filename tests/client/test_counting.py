"""count_tokens(): an estimate, held against counts that OpenAI's own tokenizer gave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ocicat import count_tokens
from ocicat.errors import InvalidParameter

MODEL = "meta.llama-3.3-70b-instruct"
STORY = (
    "It was a bright cold morning in the valley, and the bells were ringing for the second time."
    " The old man walked slowly down the hill, thinking about his daughter, who had gone away to"
    ' the city many years ago and had never written him a single letter. "Perhaps tomorrow," he'
    " said to nobody in particular, and he laughed. There was a lamp in the window of the inn, and"
    " somebody was playing the piano, not very well, but with a great deal of feeling."
)
TERMS = (
    "Subject to the terms and conditions of this Agreement, each Contributor hereby grants to the"
    " Recipient a perpetual, worldwide, non-exclusive, royalty-free, irrevocable licence to"
    " reproduce, prepare derivative works of, publicly display, sublicense and distribute the"
    " Contribution, provided that notwithstanding the foregoing no warranties are transferred."
)
CODE = '''def merge(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    """Add the counts of two dictionaries."""
    merged = dict(first)
    for name, count in second.items():
        if name not in merged:
            merged[name] = 0
        merged[name] += count
    return merged
'''
DATA = (
    '{"orders": [{"id": 48213, "customer": "A. Smith", "total": 129.95, "items": 3},'
    ' {"id": 48214, "customer": "J. Jones", "total": 15.00, "items": 1}], "next": null}'
)


def tokens(text: str) -> int:
    """Tokens of the text alone."""
    return count_tokens(MODEL, text).tokens - count_tokens(MODEL, "").tokens


# Counts of the tokenizer ``o200k_base``, which OpenAI publishes.
@pytest.mark.parametrize(
    ("text", "true"),
    [(STORY, 98), (TERMS, 58), (CODE, 72), (DATA, 66)],
    ids=["story", "terms", "code", "data"],
)
def test_english_is_counted_within_15_percent(text: str, true: int) -> None:
    assert tokens(text) == pytest.approx(true, rel=0.15)


@pytest.mark.parametrize(
    ("text", "true"),
    [(STORY, 98), (TERMS, 58), (DATA, 66)],
    ids=["story", "terms", "data"],
)
def test_it_is_better_than_a_quarter_of_the_characters(text: str, true: int) -> None:
    assert abs(tokens(text) - true) < abs(len(text) / 4 - true)


# The beginning of the Universal Declaration of Human Rights, and counts of ``o200k_base``.
@pytest.mark.parametrize(
    ("text", "true"),
    [
        pytest.param(
            "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft"
            " und Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen.",
            39,
            id="German",
        ),
        pytest.param(
            "Tất cả mọi người sinh ra đều được tự do và bình đẳng về nhân phẩm và quyền lợi.",
            22,
            id="Vietnamese",
        ),
        pytest.param("يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.", 18, id="Arabic"),
        pytest.param(
            "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
            25,
            id="Hindi",
        ),
        pytest.param(
            "人人生而自由，在尊严和权利上一律平等。他们赋有理性和良心，并应以兄弟关系的精神相对待。",
            35,
            id="Chinese",
        ),
        pytest.param(
            "すべての人間は、生まれながらにして自由であり、かつ、尊厳と権利とについて平等である。",
            35,
            id="Japanese",
        ),
        pytest.param(
            "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다.", 24, id="Korean"
        ),
    ],
)
def test_other_languages_are_counted_within_30_percent(text: str, true: int) -> None:
    assert tokens(text) == pytest.approx(true, rel=0.3)


def test_an_underscore_belongs_to_the_word_after_it() -> None:
    keys = json.dumps({f"{name}_cost_per_token": None for name in ("input", "output")})
    assert tokens(keys) == pytest.approx(16, rel=0.1)


def test_what_nobody_could_read_is_dear() -> None:
    assert tokens("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4" * 10) > 320 / 3.5


def test_it_says_that_it_is_an_estimate_and_what_fits() -> None:
    estimate = count_tokens(MODEL, "Hello!")
    assert estimate.estimated
    assert estimate.context == 128_000
    assert count_tokens("oci/brand-new", "Hello!").context is None
    assert count_tokens("oci/xai.grok-4.3", "Hello!").tokens == estimate.tokens


def test_each_message_costs_more_than_its_text() -> None:
    one = count_tokens(MODEL, [{"role": "user", "content": "Hello! Hello!"}]).tokens
    two = count_tokens(MODEL, [{"role": "user", "content": "Hello!"}] * 2).tokens
    assert one < two
    assert count_tokens(MODEL, "Hello! Hello!").tokens == one


def image(detail: str | None = None) -> dict[str, Any]:
    link = {"url": "data:image/png;base64,AAAA", **({"detail": detail} if detail else {})}
    return {"role": "user", "content": [{"type": "image_url", "image_url": link}]}


def test_pictures_cost_the_same_whatever_their_size() -> None:
    empty = count_tokens(MODEL, "").tokens
    assert count_tokens(MODEL, [image()]).tokens - empty == 765
    assert count_tokens(MODEL, [image("high")]).tokens - empty == 765
    assert count_tokens(MODEL, [image("low")]).tokens - empty == 85


def test_what_cannot_be_estimated_is_named() -> None:
    sound = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
    paper = {"type": "file", "file": {"file_data": "AAAA"}}
    messages = [{"role": "user", "content": [sound, paper, sound]}]
    assert count_tokens(MODEL, messages).uncounted == ("audio", "document")
    assert count_tokens(MODEL, [image()]).uncounted == ()


def test_tools_and_calls_of_them_count() -> None:
    tool = {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather in a city.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": '{"city": "X"}'}}
    plain = count_tokens(MODEL, "Hello!").tokens
    with_tool = count_tokens(MODEL, "Hello!", tools=[tool]).tokens
    assert 20 < with_tool - plain < 60
    history: list[dict[str, Any]] = [
        {"role": "user", "content": "Hello!"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
    ]
    assert count_tokens(MODEL, history).tokens > plain + 8


@pytest.mark.parametrize("messages", [[], [{"role": "poet", "content": "x"}], ["x"], [1], None, 5])
def test_what_is_no_message_is_refused(messages: Any) -> None:
    with pytest.raises(InvalidParameter):
        count_tokens(MODEL, messages)


def test_a_long_text_is_counted_quickly() -> None:
    assert tokens(" " * 200_000 + "x" * 200_000 + "\n \n" * 50_000) > 0
