"""Server-sent events: the cases of the Web Platform Tests that need no reconnecting, and every way to cut them."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hector_tui.errors import BadResponse
from hector_tui.llm.sse import EventReader

CASES: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "lf": (b"data: a\n\n", [("message", "a")]),
    "crlf": (b"data: a\r\n\r\n", [("message", "a")]),
    "cr": (b"data: a\r\r", [("message", "a")]),
    "mixed ends": (b"data: a\rdata: b\ndata: c\r\n\n", [("message", "a\nb\nc")]),
    "bom": (b"\xef\xbb\xbfdata: a\n\n", [("message", "a")]),
    "two boms": (b"\xef\xbb\xbf\xef\xbb\xbfdata: a\n\ndata: b\n\n", [("message", "b")]),
    "bom later": (b"data: a\n\n\xef\xbb\xbfdata: b\n\ndata: c\n\n", [("message", "a"), ("message", "c")]),
    "comments": (b": hello\n:\ndata: a\n:\0\n: data: x\ndata: b\n\n", [("message", "a\nb")]),
    "one space": (b"data:  a\ndata:b\ndata:\tc\n\n", [("message", " a\nb\n\tc")]),
    "no colon": (b"data\n\ndata\ndata\n\ndata: x\n\n", [("message", ""), ("message", "\n"), ("message", "x")]),
    "no data": (b"event: ping\n\ndata: a\n\n", [("message", "a")]),
    "named": (b"event: error\ndata: a\n\ndata: b\n\n", [("error", "a"), ("message", "b")]),
    "last name wins": (b"event: x\nevent: y\ndata: a\n\n", [("y", "a")]),
    "unknown fields": (b"id: 1\nretry: 10\nfoo: bar\ndata : b\nDATA: c\ndata: a\n\n", [("message", "a")]),
    "open at the end": (b"data: a\n\ndata: b\n", [("message", "a")]),
    "line separators": ("data: a\u2028b\u0085c\x0cd\x1ce\n\n".encode(), [("message", "a\u2028b\u0085c\x0cd\x1ce")]),
    "nul": (b"data: a\0b\n\n", [("message", "a\0b")]),
    "not utf-8": (b"data: \xff\xfe\xc3\n\n", [("message", "\ufffd\ufffd\ufffd")]),
    "many bytes": ("data: ä€😀\n\n".encode(), [("message", "ä€😀")]),
    "blank lines": (b"\n\n\n\ndata: a\n\n\n\n", [("message", "a")]),
    "colons": (b"data: a: b: c\n\n", [("message", "a: b: c")]),
}


def read(pieces: list[bytes]) -> list[tuple[str, str]]:
    reader = EventReader()
    return [(event.event, event.data) for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize("name", CASES)
def test_reads_by_the_standard(name: str) -> None:
    stream, expected = CASES[name]
    assert read([stream]) == expected


@pytest.mark.parametrize("name", CASES)
def test_cuts_anywhere_change_nothing(name: str) -> None:
    stream, expected = CASES[name]
    assert read([bytes([byte]) for byte in stream]) == expected
    for cut in range(len(stream) + 1):
        assert read([stream[:cut], b"", stream[cut:]]) == expected


@given(
    st.lists(st.sampled_from([b"data", b":", b" ", b"\r", b"\n", b"a", b"event", "é".encode(), b"\xff"]), max_size=40),
    st.data(),
)
def test_any_stream_in_any_pieces_gives_the_same_events(parts: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(parts)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    edges = [0, *cuts, len(stream)]
    assert read([stream[start:end] for start, end in pairwise(edges)]) == read([stream])


def test_an_event_that_ends_in_cr_is_given_at_once() -> None:
    reader = EventReader()
    assert [event.data for event in reader.feed(b"data: a\r\r")] == ["a"]
    assert reader.feed(b"\n") == []


@pytest.mark.parametrize("stream", [b"data: " + b"x" * 200, b"data: aaaaaaaa\n" * 20, b":" + b"x" * 200])
def test_an_event_has_a_bound(stream: bytes) -> None:
    reader = EventReader(cap=100)
    with pytest.raises(BadResponse, match="larger than 100 bytes"):
        for start in range(0, len(stream), 10):
            reader.feed(stream[start : start + 10])


def test_comments_and_finished_events_do_not_count_towards_the_bound() -> None:
    reader = EventReader(cap=100)
    for _ in range(1000):
        assert reader.feed(b": keep-alive\nid: 7\n") == []
        assert len(reader.feed(b"data: a\n\n")) == 1
