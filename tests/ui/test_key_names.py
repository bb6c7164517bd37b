from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.events import Key

from hector_tui.ui.key_names import KeyNameError, is_typed, parse_key, reach, readable
from hector_tui.ui.terminal_input import TerminalParser


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("ctrl+n", "ctrl+n"),
        ("Ctrl+N", "ctrl+n"),
        ("C-n", "ctrl+n"),
        ("M-x", "alt+x"),
        ("control+shift+K", "ctrl+shift+k"),
        ("shift+ctrl+k", "ctrl+shift+k"),
        ("cmd+k", "super+k"),
        ("pgup", "pageup"),
        ("Esc", "escape"),
        ("Return", "enter"),
        ("F9", "f9"),
        ("?", "question_mark"),
        ("-", "minus"),
        ("+", "plus"),
        ("ctrl+,", "ctrl+comma"),
        ("ctrl+-", "ctrl+minus"),
        ("ctrl++", "ctrl+plus"),
        ("alt+-", "alt+minus"),
        ("a", "a"),
        ("A", "A"),
        ("shift+a", "A"),
        (" ", "space"),
        ("7", "7"),
    ],
)
def test_a_key_is_known_by_what_people_call_it(written: str, key: str) -> None:
    assert parse_key(written) == key


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "'' is no key: for example ctrl+n, alt+enter, f9 or pagedown"),
        ("pagedwn", "'pagedwn' is no key: did you mean pagedown?"),
        ("ctrl+entr", "'ctrl+entr' is no key: did you mean enter?"),
        ("crtl+n", "'crtl' in 'crtl+n' is no modifier: did you mean ctrl?"),
        ("f25", "'f25' is no key: did you mean f5?"),
        ("qqq+n", "'qqq' in 'qqq+n' is no modifier: there are ctrl, alt, shift and super"),
    ],
)
def test_a_word_that_is_no_key_is_answered_with_the_nearest(written: str, reason: str) -> None:
    with pytest.raises(KeyNameError) as caught:
        parse_key(written)
    # The nearest word is a matter of taste where two are as near; that one is named is not.
    assert str(caught.value).partition("did you mean f")[0] == reason.partition("did you mean f")[0]


@given(st.text(max_size=12))
def test_no_word_does_harm(word: str) -> None:
    try:
        key = parse_key(word)
    except KeyNameError:
        return
    assert readable(key)
    if word.isascii():
        assert parse_key(key) == key


@pytest.mark.parametrize(
    ("key", "same"), [("ctrl+i", "tab"), ("ctrl+m", "enter"), ("ctrl+[", "escape"), ("ctrl+h", "backspace")]
)
def test_what_terminals_send_as_another_key_cannot_be_bound(key: str, same: str) -> None:
    assert reach(parse_key(key)) == ("none", f"terminals send {same} for it")


LEGACY = {
    "ctrl+n": "\x0e",
    "alt+c": "\x1bc",
    "alt+shift+c": "\x1bC",
    "f9": "\x1b[20~",
    "ctrl+f4": "\x1b[1;5S",
    "ctrl+pageup": "\x1b[5;5~",
    "alt+ctrl+up": "\x1b[1;7A",
    "ctrl+backslash": "\x1c",
    "ctrl+right_square_bracket": "\x1d",
    "ctrl+underscore": "\x1f",
    "shift+tab": "\x1b[Z",
    "alt+1": "\x1b1",
    "alt+enter": "\x1b\r",
    "question_mark": "?",
}
"""What terminals without the Kitty protocol send."""


@pytest.mark.parametrize(("key", "sent"), LEGACY.items())
def test_what_is_said_to_be_sent_by_all_terminals_is_read_from_their_bytes(key: str, sent: str) -> None:
    parser = TerminalParser()
    events = [*parser.feed(sent), *parser.feed("")]
    assert [event.key for event in events if isinstance(event, Key)] == [key]
    assert reach(key) == ("all", "")


@pytest.mark.parametrize(
    "key", ["ctrl+,", "ctrl+1", "ctrl+tab", "ctrl+shift+n", "super+k", "alt+,", "ctrl+enter", "f13"]
)
def test_what_needs_the_kitty_protocol_is_said(key: str) -> None:
    assert reach(parse_key(key))[0] == "some"


def test_what_writes_a_character_is_text() -> None:
    assert [is_typed(parse_key(key)) for key in ("a", "A", "?", " ", "7")] == [True] * 5
    assert not any(is_typed(parse_key(key)) for key in ("ctrl+a", "f1", "enter", "alt+7", "up"))
