"""Event streams: any split gives the same events, and broken ones do no harm."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.dialects import sse
from ocicat.errors import MalformedReply


def decode(*pieces: bytes) -> list[bytes]:
    decoder = sse.Decoder()
    payloads = [payload for piece in pieces for payload in decoder.feed(piece)]
    return payloads + decoder.end()


@pytest.mark.parametrize(
    ("stream", "payloads"),
    [
        pytest.param(b"data: {}\n\n", [b"{}"], id="one event"),
        pytest.param(b"data:{}\n\n", [b"{}"], id="no space after the colon"),
        pytest.param(b"data:  {}\n\n", [b" {}"], id="only one space is dropped"),
        pytest.param(b"data: {}\r\n\r\n", [b"{}"], id="CRLF"),
        pytest.param(b"data: {}\r\r", [b"{}"], id="CR"),
        pytest.param(b"data: {}", [b"{}"], id="nothing after the last event"),
        pytest.param(b"data: {}\n", [b"{}"], id="one line end after the last event"),
        pytest.param(b": hello\n\ndata: {}\n\n", [b"{}"], id="a comment"),
        pytest.param(b"event: x\nid: 1\nretry: 9\ndata: {}\n\n", [b"{}"], id="other fields"),
        pytest.param(b"data: {\ndata: }\n\n", [b"{\n}"], id="one event over two lines"),
        pytest.param(
            b'data: {"a":1}\ndata: {"a":2}\n', [b'{"a":1}', b'{"a":2}'], id="single line ends"
        ),
        pytest.param(b"data: {}\ndata: [DONE]\n", [b"{}", b"[DONE]"], id="done, single line ends"),
        pytest.param(b"\xef\xbb\xbfdata: {}\n\n", [b"{}"], id="byte order mark"),
        pytest.param(b"\n\n\ndata: {}\n\n\n\n", [b"{}"], id="empty lines"),
        pytest.param(b"data\n\n", [b""], id="a field without a colon"),
        pytest.param(b"database: {}\n\n", [], id="another field that begins alike"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_a_stream_gives_these_payloads(stream: bytes, payloads: list[bytes]) -> None:
    assert decode(stream) == payloads
    assert decode(*(bytes([byte]) for byte in stream)) == payloads


LINE_ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def streams(draw: st.DrawFn) -> tuple[bytes, list[object]]:
    """A valid stream in any dress, and the documents in it."""
    documents = draw(st.lists(DOCUMENTS.filter(lambda d: isinstance(d, dict)), max_size=5))
    stream = b""
    for document in documents:
        end = draw(LINE_ENDS)
        stream += draw(st.sampled_from([b"", b": ping" + end, b"event: e" + end]))
        text = json.dumps(document, ensure_ascii=False).encode()
        stream += draw(st.sampled_from([b"data: ", b"data:"])) + text + end + end
    return stream, documents


@given(streams(), st.data())
def test_any_split_of_a_stream_gives_its_documents(
    made: tuple[bytes, list[object]], data: st.DataObject
) -> None:
    stream, documents = made
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [json.loads(payload) for payload in decode(*pieces)] == documents


@given(
    st.lists(st.sampled_from([b"data", b":", b" ", b"\n", b"\r", b"{}", b"[DONE]", b"\xff", b"x"])),
    st.data(),
)
def test_any_split_of_any_bytes_gives_the_same_events(
    words: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    pieces = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert decode(*pieces) == decode(stream)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_do_no_harm(stream: bytes) -> None:
    decode(stream)


def test_deeply_nested_data_does_no_harm() -> None:
    decode(b"data: " + b"[" * 100_000 + b"\ndata: x\n\n")


def test_a_line_without_end_is_refused_before_it_fills_the_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sse, "MAX_EVENT_BYTES", 1000)
    decoder = sse.Decoder()
    with pytest.raises(MalformedReply, match="a line of more than"):
        for _ in range(20):
            decoder.feed(b"x" * 100)


def test_an_encoded_payload_is_decoded_again() -> None:
    assert decode(sse.encode(b"{}"), sse.encode(sse.DONE)) == [b"{}", sse.DONE]
