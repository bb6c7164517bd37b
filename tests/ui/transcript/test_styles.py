"""Styles made of themes, truecolor and the terminal's palette."""

from __future__ import annotations

from dataclasses import fields

import pytest
from rich.style import Style
from textual.theme import BUILTIN_THEMES

from hector_tui.ui.transcript.styles import TranscriptStyles
from tests.ui.transcript.support import lines, theme, whole


@pytest.mark.parametrize("name", sorted(BUILTIN_THEMES))
def test_every_theme_gives_every_style_a_background(name: str) -> None:
    styles = theme(name)
    for field in fields(styles):
        value = getattr(styles, field.name)
        if isinstance(value, Style):
            assert value.bgcolor is not None and value.color is not None, field.name
    assert all(style.bgcolor is not None for style in styles.tokens.values())


def test_our_own_variables_go_before_the_standard_ones() -> None:
    variables = {"primary": "#111111", "chat-agent": "#abcdef", "chat-code-background": "#010203"}
    styles = TranscriptStyles.from_theme(variables, Style.parse("#ffffff on #000000"))
    assert styles.agent_label.color is not None and styles.agent_label.color.name == "#abcdef"
    assert styles.block.bgcolor is not None and styles.block.bgcolor.name == "#010203"
    assert styles.heading.color is not None and styles.heading.color.name == "#111111"


def test_shares_of_a_colour_are_mixed_with_the_background() -> None:
    styles = TranscriptStyles.from_theme({"text-muted": "auto 50%"}, Style.parse("#ffffff on #000000"))
    assert styles.dim.color is not None and styles.dim.color.triplet is not None
    assert 120 <= styles.dim.color.triplet.red <= 135


def test_a_palette_theme_sends_no_truecolor() -> None:
    styles = theme("ansi-dark")
    rows = lines(whole("# a\n\n> b `c`\n\n- [d](e)\n\n```py\nreturn 1\n```\n\n|f|g|\n|-|-|\n|h|i|\n"), styles=styles)
    for row in rows:
        for segment in row.segments:
            assert segment.style is not None
            for color in (segment.style.color, segment.style.bgcolor):
                assert color is None or color.triplet is None
    assert styles.dim.dim
    assert any("│ return" in row.text for row in rows), "without a tint a block of code needs a bar"


def test_unreadable_values_fall_back() -> None:
    styles = TranscriptStyles.from_theme({"chat-agent": "no colour", "primary": ""}, Style.parse("#ffffff on #000000"))
    assert styles.agent_label.color == styles.base.color
