"""Lines of JSON: cut anywhere, bounded, and never split at what only looks like a line's end."""

from __future__ import annotations

import pytest

from hector_tui.errors import BadResponse
from hector_tui.llm.json_lines import LineReader


def lines(*chunks: bytes, cap: int = 1_000) -> list[str]:
    reader = LineReader(cap=cap)
    return [event.data for chunk in chunks for event in reader.feed(chunk)]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"a":1}\n{"b":2}\n', ['{"a":1}', '{"b":2}']),
        (b'{"a":1}\r\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']),
        (b'\n\r\n {"a":1} \n\n', ['{"a":1}']),
        (b'\xef\xbb\xbf{"a":1}\n', ['{"a":1}']),
        ('{"a":"\u2028\u0085\u000b"}\n'.encode(), ['{"a":"\u2028\u0085\u000b"}']),
        (b'{"a":1}\n{"b":2}', ['{"a":1}']),
        (b'{"a":"\xff"}\n', ['{"a":"\ufffd"}']),
        (b"", []),
    ],
)
def test_lines_are_the_same_however_they_are_cut(body: bytes, expected: list[str]) -> None:
    assert lines(body) == expected
    assert lines(*(body[at : at + 1] for at in range(len(body)))) == expected
    for at in range(len(body)):
        assert lines(body[:at], b"", body[at:]) == expected


def test_a_line_is_bounded_whole_or_in_pieces() -> None:
    assert lines(b"x" * 10 + b"\n", cap=10) == ["x" * 10]
    with pytest.raises(BadResponse, match="larger than 10 bytes"):
        lines(b"x" * 11 + b"\n", cap=10)
    with pytest.raises(BadResponse, match="larger than 10 bytes"):
        lines(*[b"x"] * 11, cap=10)
    assert len(lines(*[b"x" * 9 + b"\n"] * 50, cap=10)) == 50
