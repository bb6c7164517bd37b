"""The Web Platform Tests for the format of event streams (web-platform-tests/wpt, eventsource/format-*), case by case.

Those that watch a reconnect - the value of an id or of retry - are read here for the events around it.
"""

from __future__ import annotations

import pytest

from hector_tui.llm.sse import EventReader

LONG = b"x" * 2048
CASES: dict[str, tuple[bytes, list[tuple[str, str]]]] = {
    "bom": (b"\xef\xbb\xbfdata:1\n\n\xef\xbb\xbfdata:2\n\ndata:3\n\n", [("message", "1"), ("message", "3")]),
    "bom-2": (b"\xef\xbb\xbf\xef\xbb\xbfdata:1\n\ndata:2\n\ndata:3\n\n", [("message", "2"), ("message", "3")]),
    "comments": (
        b"data:1\r:\0\n:\r\ndata:2\n:" + LONG + b"\rdata:3\n:data:fail\r:" + LONG + b"\ndata:4\n\n",
        [("message", "1\n2\n3\n4")],
    ),
    "data-before-final-empty-line": (b"retry:1000\ndata:test1\n\nid:test\ndata:test2", [("message", "test1")]),
    "field-data": (b"data:\n\ndata\ndata\n\ndata:test\n\n", [("message", ""), ("message", "\n"), ("message", "test")]),
    "field-event": (b"event:test\ndata:x\n\ndata:x\n\n", [("test", "x"), ("message", "x")]),
    "field-event-empty": (b"event: \ndata:data\n\n", [("message", "data")]),
    "field-id": (b"data:hello\nid: \xe2\x80\xa6\n\n", [("message", "hello")]),
    "field-id-2": (
        b"id: 1\ndata:a\n\ndata:b\n\nid\ndata:c\n\n",
        [("message", "a"), ("message", "b"), ("message", "c")],
    ),
    "field-id-3": (b"id: 1\nid: 2\ndata:a\n\n", [("message", "a")]),
    "field-id-null": (b"id: 1\0 2\ndata:hello\n\n", [("message", "hello")]),
    "field-parsing": (
        b"data:\0\ndata:  2\rData:1\ndata\0:2\ndata:1\r\0data:4\nda-ta:3\rdata_5\ndata:3\r"
        b"data:\r\n data:32\ndata:4\n\n",
        [("message", "\0\n 2\n1\n3\n\n4")],
    ),
    "field-retry": (b"retry:03000\ndata:x\n\n", [("message", "x")]),
    "field-retry-bogus": (b"retry:3000\nretry:1000x\ndata:x\n\n", [("message", "x")]),
    "field-retry-empty": (b"retry\ndata:test\n\n", [("message", "test")]),
    "field-unknown": (
        b"data:test\n data\ndata\nfoobar:xxx\njustsometext\n:thisisacommentyay\ndata:test\n\n",
        [("message", "test\n\ntest")],
    ),
    "leading-space": (b"data:\ttest\rdata: \ndata:test\n\n", [("message", "\ttest\n\ntest")]),
    "newlines": (b"data:test\r\ndata\ndata:test\r\n\r", [("message", "test\n\ntest")]),
    "null-character": (b"data:\0\n\n\n\n", [("message", "\0")]),
    "utf-8": (b"data:ok\xe2\x80\xa6\n\n", [("message", "ok\u2026")]),
    "utf-8, no bytes of it": (b"data:ok\xff\n\n", [("message", "ok\ufffd")]),
}


def read(pieces: list[bytes]) -> list[tuple[str, str]]:
    reader = EventReader()
    return [(event.event, event.data) for piece in pieces for event in reader.feed(piece)]


@pytest.mark.parametrize("name", CASES)
def test_reads_as_a_browser_does_however_it_is_cut(name: str) -> None:
    stream, expected = CASES[name]
    assert read([stream]) == expected
    assert read([stream[at : at + 1] for at in range(len(stream))]) == expected
    for at in range(len(stream)):
        assert read([stream[:at], stream[at:]]) == expected
