"""Blocks of code: highlighted on a tinted panel, in pieces that are remembered from frame to frame."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment

from hector_tui.ui.text import clean
from hector_tui.ui.transcript import markdown
from hector_tui.ui.transcript.code import ROOT, highlight, language_of
from hector_tui.ui.transcript.grammar import parse_blocks
from hector_tui.ui.transcript.lines import Line, Margin, Run
from hector_tui.ui.transcript.markdown import Block, MarkdownSource
from hector_tui.ui.transcript.memo import Memo
from hector_tui.ui.transcript.styles import TranscriptStyles
from hector_tui.ui.transcript.wrapping import fold, measure

CHAPTER = 8
"""Parts of a fence after which the lexer starts anew, so that any part can be highlighted in bounded time."""
FOLDED = "↳"
"""Stands where a row goes on with the line of code above it."""


class CodeBlocks:
    """Renders the code in one block of an answer.

    Args:
        source: The answer.
        block: The block, or part of a fence.
        styles: The theme.
        memo: What was rendered in the frame before.
    """

    def __init__(self, source: MarkdownSource, block: Block, styles: TranscriptStyles, memo: Memo) -> None:
        self._source = source
        self._block = block
        self._styles = styles
        self._memo = memo

    def fence(self, content: str, info: str, margin: Margin, *, top: bool) -> list[Line]:
        """A fence, or the next part of one.

        Args:
            content: What stands between its first and last line.
            info: What follows the backticks.
            margin: Where it stands.
            top: It is the block itself, not something inside of it.
        """
        language = language_of(info)
        if not (top and self._block.prefix):
            lines = self._label(info, margin)
            code, states = self._code(content, language, margin.after_first() if lines else margin)
        elif content:
            lines = []
            code, states = self._code(
                content, language, margin, states=self._states_before(language), part=self._block.part
            )
        else:
            return []
        if top:
            self._block.lexer_states = states
        return lines + code

    def code(self, content: str, language: str, margin: Margin) -> list[Line]:
        """Code that is no fence: indented, or a formula."""
        return self._code(content, language, margin)[0]

    def _states_before(self, language: str) -> tuple[str, ...]:
        """Where the lexer stands before this part: as the part before left it, or found by lexing its chapter."""
        parts: list[Block] = []
        block = self._block
        while block.part % CHAPTER and block.previous is not None:
            block = block.previous
            if block.lexer_states is not None:
                break
            parts.append(block)
        states = (block.lexer_states if block is not self._block else None) or ROOT
        for part in reversed(parts):
            tokens = parse_blocks(self._source.slice(part), {})
            states = highlight(tokens[0].content, language, self._styles, states).states
            part.lexer_states = states
        return states

    def _code(
        self, content: str, language: str, margin: Margin, *, states: tuple[str, ...] = ROOT, part: int = 0
    ) -> tuple[list[Line], tuple[str, ...]]:
        """The rows of some code, and where the lexer stands after them."""
        lines: list[Line] = []
        for number, piece in enumerate(_code_pieces(content), start=part):
            start = states if number % CHAPTER else ROOT
            where = margin.after_first() if lines else margin
            key = ("code", piece, language, start, where)
            rendered, states = self._memo.get(key, self._code_piece, piece, language, start, where)
            lines.extend(rendered)
        return lines, states

    def _code_piece(
        self, piece: str, language: str, states: tuple[str, ...], margin: Margin
    ) -> tuple[list[Line], tuple[str, ...]]:
        result = highlight(piece, language, self._styles, states)
        return self._panel(result.lines, margin), result.states

    def _label(self, info: str, margin: Margin) -> list[Line]:
        text = clean(info).strip()
        if not text:
            return []
        return self._panel([[(text, self._styles.block_label)]], margin)

    def _panel(self, code: Sequence[Sequence[Run]], margin: Margin) -> list[Line]:
        """Rows of code on their tinted panel, as wide as the text column."""
        styles = self._styles
        bar = Segment(styles.block_bar, styles.block if styles.block_bar.isspace() else styles.rule)
        folded = Segment(FOLDED.ljust(len(bar.text)), styles.block_label)
        width = max(1, margin.width - len(bar.text) - 1)
        lines: list[Line] = []
        for runs in code:
            left = bar
            for row in fold(runs, width):
                used = sum(measure(segment.text) for segment in row.segments)
                fill = width + 1 - used
                segments = [left, *row.segments, Segment(" " * fill, styles.block)]
                lines.append(
                    margin.line(segments, first=not lines, wraps=row.wraps, decoration=len(left.text), padding=fill)
                )
                left = folded
        return lines


def _code_pieces(content: str) -> Iterator[str]:
    """Cut code after so many lines or characters, the same way however it arrived."""
    start = line_start = lines = 0
    while line_start < len(content):
        line_start = content.find("\n", line_start) + 1 or len(content)
        lines += 1
        if lines == markdown.FENCE_LINES or line_start - start >= markdown.FENCE_CHARACTERS:
            yield content[start:line_start]
            start, lines = line_start, 0
    if start < len(content) or not content:
        yield content[start:]
