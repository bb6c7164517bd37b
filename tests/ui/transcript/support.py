"""What the transcript's tests share: a theme, and Markdown as rows of plain text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.message import Message
from textual.theme import BUILTIN_THEMES

from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry
from hector_tui.ui.transcript.lines import Line, Margin
from hector_tui.ui.transcript.markdown import Block, MarkdownSource
from hector_tui.ui.transcript.memo import Memo
from hector_tui.ui.transcript.parts import Layout
from hector_tui.ui.transcript.render import MarkdownRenderer
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.widget import Transcript


@cache
def theme(name: str = "textual-dark") -> TranscriptStyles:
    """The styles of one of Textual's themes."""
    variables = BUILTIN_THEMES[name].to_color_system().generate()
    base = Style.parse("default on default") if "ansi" in name else Style.parse("#e0e0e0 on #121212")
    return TranscriptStyles.from_theme(variables, base)


def margin(width: int) -> Margin:
    """A margin without a gutter."""
    return Margin((), (), width)


def whole(text: str) -> MarkdownSource:
    """A finished source, parsed to its end."""
    source = MarkdownSource(text, finished=True)
    while source.behind:
        source.advance()
    return source


def blocks(source: MarkdownSource) -> list[Block]:
    """Everything there is to render."""
    return [*source.blocks, *([source.tail] if source.tail is not None else [])]


def lines(source: MarkdownSource, width: int = 60, styles: TranscriptStyles | None = None) -> list[Line]:
    """All rows of a source."""
    renderer = MarkdownRenderer(source, styles or theme(), Memo())
    return [line for block in blocks(source) for line in renderer.render(block, margin(width))]


def render(text: str, width: int = 60) -> list[str]:
    """Markdown as rows of plain text, without the blanks at their ends."""
    return [line.text.rstrip() for line in lines(whole(text), width)]


def painted(answer: AnswerEntry, layout: Layout) -> list[Line]:
    """All rows of an answer, as the transcript asks for them."""
    while answer.behind:
        answer.advance()
    return [line for part in answer.parts for line in part.lines(layout)]


def looks(rows: Sequence[Line]) -> list[tuple[object, ...]]:
    """What can be seen and copied of some rows."""
    return [(line.segments, line.decoration, line.wraps, line.joint) for line in rows]


def style_of(rows: Iterable[Line], text: str) -> Style:
    """The style of the first segment that has a text in it."""
    for row in rows:
        for segment in row.segments:
            if text in segment.text:
                assert segment.style is not None
                return segment.style
    raise AssertionError(f"{text!r} is not there")


def plain(segments: Iterable[Segment]) -> str:
    """The text of some segments."""
    return "".join(segment.text for segment in segments)


class TranscriptApp(App[None]):
    """An app with nothing but a transcript; keeps the messages it posts."""

    CSS = "Transcript { scrollbar-size-vertical: 1; }"

    def __init__(self, document: TranscriptDocument, *, max_width: int = 100) -> None:
        super().__init__()
        self.transcript = Transcript(document, max_width=max_width)
        self.posted: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.transcript

    def on_transcript_link_clicked(self, message: Transcript.LinkClicked) -> None:
        self.posted.append(message)

    def on_transcript_older_wanted(self, message: Transcript.OlderWanted) -> None:
        self.posted.append(message)

    def on_transcript_new_below(self, message: Transcript.NewBelow) -> None:
        self.posted.append(message)

    def shown(self) -> list[str]:
        """The rows on the screen as plain text."""
        region = self.transcript.scrollable_content_region
        return [strip.text.rstrip() for strip in self.transcript.render_lines(region.reset_offset)]
