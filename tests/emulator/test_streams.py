"""Where streams are cut, and how events are padded and framed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from ocicat.emulator.streams import Splitter, StreamStyle, encode_event, pad


@given(events=st.lists(st.binary(max_size=500)), seed=st.integers(0, 1000))
def test_pieces_join_to_what_was_fed(events: list[bytes], seed: int) -> None:
    splitter = Splitter(random.Random(seed))
    pieces = [piece for event in events for piece in splitter.feed(event)]
    pieces += splitter.flush()

    assert b"".join(pieces) == b"".join(events)
    assert all(0 < len(piece) <= 96 for piece in pieces)
    assert splitter.flush() == []


@given(text=st.text(st.characters(min_codepoint=0x80, max_codepoint=0x2FFF), min_size=200))
def test_some_piece_ends_inside_a_character(text: str) -> None:
    splitter = Splitter(random.Random(0))
    pieces = splitter.feed(text.encode())

    assert any(piece[0] & 0xC0 == 0x80 for piece in pieces)


def test_the_dice_of_a_stream_depend_on_seed_and_number() -> None:
    style = StreamStyle(seed=1)

    assert style.dice(1).random() == StreamStyle(seed=1).dice(1).random()
    assert style.dice(1).random() != style.dice(2).random()
    assert style.dice(1).random() != StreamStyle(seed=2).dice(1).random()


def test_events_that_count_tokens_have_no_pad() -> None:
    dice = random.Random(0)

    assert set(pad({"text": "x"}, dice)) == {"text", "pad"}
    assert pad({"usage": {}}, dice) == {"usage": {}}


def test_events_are_framed_with_two_line_ends_or_one() -> None:
    assert encode_event({"a": "ü"}, StreamStyle()) == 'data: {"a":"ü"}\n\n'.encode()
    assert encode_event(b"[DONE]", StreamStyle(single_newline=True)) == b"data: [DONE]\n"
