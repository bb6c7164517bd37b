from __future__ import annotations

import inspect
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual.drivers import linux_driver
from textual.message import Message

from hector_tui.ui.terminal_input import TerminalParser, use_terminal_parser

_START, _END = "\x1b[200~", "\x1b[201~"


def _told(arriving: list[Message]) -> list[str]:
    told = []
    for event in arriving:
        match event:
            case events.Key():
                told.append(event.key)
            case events.Paste():
                told.append(f"paste {event.text!r}")
            case _:
                told.append(type(event).__name__)
    return told


def _parse(*reads: str) -> list[str]:
    parser = TerminalParser()
    return _told([event for read in reads for event in parser.feed(read)])


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("a\r\n", ["a", "enter", "ctrl+j"]),
        ("\x1b[A\x1b[1;5C", ["up", "ctrl+right"]),
        ("\x1b\r", ["alt+enter"]),
        ("a\x1b\rb", ["a", "alt+enter", "b"]),
        ("\x1b[27;2;13~", ["shift+enter"]),
        ("\x1b[27;3;13~", ["alt+enter"]),
        ("\x1b[27;5;13~", ["ctrl+enter"]),
        ("\x1b[13;2u", ["shift+enter"]),
        ("\x1b1", ["alt+1"]),
        ("x\x1b9\x1b0", ["x", "alt+9", "alt+0"]),
        ("\x1b[<0;3;4M", ["MouseDown"]),
    ],
)
def test_keys(typed: str, told: list[str]) -> None:
    assert _parse(typed) == told


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one\rtwo",
        "colour \x1b[31mred\x1b[0m\r and a tail that is longer than thirty-two characters",
        "\x1bhello\r",
        "\x1b\r",
        "\x1b[27;2;13~",
        "\x1b[200~",
        "\x1b",
        "\x1b[201",
        "é日👩",
    ],
)
def test_a_paste_is_one_event_with_all_its_text_and_no_keys(text: str) -> None:
    assert _parse(f"a{_START}{text}{_END}b") == ["a", f"paste {text!r}", "b"]


def test_a_paste_loses_only_its_nul_characters() -> None:
    assert _parse(f"{_START}a\x00b{_END}") == ["paste 'ab'"]


def test_several_pastes_in_one_read() -> None:
    assert _parse(f"{_START}a{_END}{_START}b{_END}\r") == ["paste 'a'", "paste 'b'", "enter"]


@given(st.text("ab\r\x1b[201~;", max_size=40), st.lists(st.integers(min_value=0, max_value=60), max_size=6))
def test_a_paste_survives_any_cut_into_reads(text: str, cuts: list[int]) -> None:
    text = text.replace(_END, "")
    if (text + _END).index(_END) != len(text):
        return  # Its own end and the marker form an earlier one: then the paste ends there, in every terminal.
    stream = f"{_START}{text}{_END}\r"
    # A start cut within its first two characters is left to Textual, because ESC and ESC [ are keys of their own.
    places = sorted({0, *(cut for cut in cuts if 2 < cut < len(stream)), len(stream)})
    reads = [stream[start:end] for start, end in itertools.pairwise(places)]
    assert _parse(*reads) == [f"paste {text!r}", "enter"]


def test_the_driver_can_be_given_the_parser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(vars(linux_driver), "XTermParser", None)  # Put back by pytest, whatever it is now.
    use_terminal_parser()
    assert vars(linux_driver)["XTermParser"] is TerminalParser
    assert "XTermParser(self._debug)" in inspect.getsource(linux_driver.LinuxDriver.run_input_thread)


def test_the_end_of_the_input_ends_the_parser() -> None:
    parser = TerminalParser()
    assert _told(list(parser.feed("\x1b"))) == []
    assert _told(list(parser.feed(""))) == ["escape"]
    assert parser.is_eof
