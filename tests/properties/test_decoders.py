"""Whatever comes from the network: a reply, chunks, or an error of ocicat's own, and no other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from support.assembly import assembled
from support.decoding import WIRES, read_reply, read_stream
from support.flows import sse_bytes

CASES = Path(__file__).parent.parent / "cases" / "dialects"

json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "text", "message", "choices", "id", "index", "name"])
            | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)


def cases(dialect: str, kind: str) -> list[Any]:
    key = "wire" if kind == "reply" else "events"
    read = json.loads((CASES / f"{dialect}.json").read_text())
    return [case[key] for case in read if case["kind"] == kind]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON document, as (container, key)."""
    found: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items: Any = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    else:
        return []
    for key, item in items:
        found.append((value, key))
        found.extend(places(item))
    return found


def damaged(draw: st.DataObject, document: Any) -> Any:
    """A copy of ``document`` in which some place holds something else, or nothing."""
    copy = json.loads(json.dumps(document))
    for _ in range(draw.draw(st.integers(1, 2))):
        found = places(copy)
        if not found:
            break
        container, key = draw.draw(st.sampled_from(found))
        if draw.draw(st.booleans()):
            container[key] = draw.draw(json_values)
        elif isinstance(container, dict):
            del container[key]
        else:
            container.pop(key)
    return copy


@pytest.mark.parametrize("dialect", WIRES)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_reply_is_a_reply_or_an_error_of_ours(dialect: str, data: st.DataObject) -> None:
    wire = damaged(data, data.draw(st.sampled_from(cases(dialect, "reply"))))
    fed = read_reply(dialect, json.dumps(wire).encode())
    assert (fed.error is None) != (fed.result is None)
    if fed.result is not None:
        msgspec.json.encode(fed.result)
        for choice in fed.result["choices"]:
            assert isinstance(choice["finish_reason"], str | None)


@pytest.mark.parametrize("dialect", WIRES)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_stream_is_chunks_and_maybe_an_error_of_ours(
    dialect: str, data: st.DataObject
) -> None:
    events = damaged(data, data.draw(st.sampled_from(cases(dialect, "stream"))))
    fed = read_stream(dialect, sse_bytes(*events) if isinstance(events, list) else b"")
    msgspec.json.encode(fed.chunks)


@pytest.mark.parametrize("dialect", WIRES)
@given(value=json_values)
@settings(max_examples=60, deadline=None)
def test_any_json_at_all_is_an_error_of_ours_or_a_reply(dialect: str, value: Any) -> None:
    body = json.dumps(value).encode()
    read_reply(dialect, body)
    read_stream(dialect, b"data: " + body + b"\n\n")


@pytest.mark.parametrize("dialect", WIRES)
@given(body=st.binary(max_size=200))
@settings(max_examples=60, deadline=None)
def test_any_bytes_at_all_are_an_error_of_ours(dialect: str, body: bytes) -> None:
    read_reply(dialect, body)
    read_stream(dialect, body)
    read_stream(dialect, b"data: " + body + b"\n\n")


@pytest.mark.parametrize("dialect", WIRES)
@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_no_split_of_a_stream_changes_what_it_says(dialect: str, data: st.DataObject) -> None:
    events = data.draw(st.sampled_from(cases(dialect, "stream")))
    ends = data.draw(st.sampled_from([b"\n\n", b"\r\n\r\n", b"\n"]))
    raw = sse_bytes(*events).replace(b"\n\n", ends)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(raw)), max_size=12)))
    pieces = [raw[start:end] for start, end in zip([0, *cuts], [*cuts, len(raw)], strict=True)]
    unsplit, split = read_stream(dialect, raw), read_stream(dialect, *pieces)
    assert assembled(split.chunks) == assembled(unsplit.chunks)
    assert (split.error is None) == (unsplit.error is None)
