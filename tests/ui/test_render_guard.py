from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ComposeResult
from textual.strip import Strip
from textual.widgets import Static

from hector_tui.ui.guard import RenderGuard, guard_hits, install_render_guard
from hector_tui.ui.text import clean
from tests.ui.hostile import ACTING, PAYLOADS, acting, drawn

CONSOLE = Console(color_system="truecolor")
STYLE = Style(color="#ff0000", bold=True)
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def guard() -> Iterator[RenderGuard]:
    guard = install_render_guard()
    guard.hits = 0
    yield guard
    guard.hits = 0


def rendered(text: str, style: Style | None = STYLE) -> str:
    return SGR.sub("", Strip([Segment(text, style)]).render(CONSOLE))


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_no_payload_passes_the_second_wall(guard: RenderGuard, text: str) -> None:
    hostile = bool(acting(text))
    assert acting(rendered(text)) == []
    assert guard.hits == hostile == guard_hits()


@pytest.mark.parametrize("text", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_cleaned_text_passes_the_second_wall_untouched(guard: RenderGuard, text: str) -> None:
    for line in clean(text).replace("\t", " ").split("\n"):
        assert rendered(line) == line
    assert guard.hits == 0


def test_every_acting_character_is_taken_and_the_row_keeps_its_width(guard: RenderGuard) -> None:
    for character in ACTING:
        text = f"a{character}b"
        shown = rendered(text, None)
        assert acting(shown) == []
        assert cell_len(shown) == cell_len(text)
    assert guard.hits == len(ACTING)


def test_a_link_that_could_end_its_own_sequence_is_dropped_and_others_stay(guard: RenderGuard) -> None:
    hostile = Style(link="https://x\x1b\\\x1b]52;c;ZXZpbA==\x07")
    assert rendered("text", hostile) == "text"
    assert guard.hits == 1
    assert "https://example.org/a?b=c" in rendered("text", Style(link="https://example.org/a?b=c"))
    assert rendered("text", Style(link="https://exämple.org")) == "text"
    assert guard.hits == 2


def test_a_row_is_looked_at_once(guard: RenderGuard) -> None:
    strip = Strip([Segment("\x1b]0;x\x07", STYLE)])
    first = strip.render(CONSOLE)
    assert strip.render(CONSOLE) is first
    assert guard.hits == 1


def test_installing_twice_installs_once(guard: RenderGuard) -> None:
    render = Strip.render
    assert install_render_guard() is guard
    assert Strip.render is render


def test_a_hit_is_logged_once_per_character(guard: RenderGuard, caplog: pytest.LogCaptureFixture) -> None:
    fresh = RenderGuard()
    with caplog.at_level(logging.WARNING, logger="hector_tui"):
        for _ in range(3):
            fresh.harmless([Segment("\x1b[2J")])
        fresh.harmless([Segment("\x9b2J\x1b")])
    assert fresh.hits == 4
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["U+001B", "U+009B"]


class Careless(App[None]):
    """An app that shows foreign text without cleaning it."""

    def compose(self) -> ComposeResult:
        for text in PAYLOADS.values():
            yield Static(Text(text[:200]))


async def test_an_app_that_forgot_to_clean_draws_nothing_that_acts(guard: RenderGuard) -> None:
    app = Careless()
    async with app.run_test(size=(80, 100)) as pilot:
        await pilot.pause()
        assert acting(drawn(app)) == []
    assert guard.hits > 10
