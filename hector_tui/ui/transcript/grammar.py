"""The Markdown that is understood: CommonMark, GFM's tables, strikethrough and footnotes, and formulas left alone.

Every block rule here decides line by line and from left to right, like those of CommonMark: a rule that had to see the
end of a block before it knew its beginning would make a streamed answer differ from one given at once.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

References = dict[str, dict[str, str]]
"""Link reference definitions by normalised label, as markdown-it keeps them in its environment, and footnotes."""

NESTING = 60
"""Blocks inside blocks; markdown-it drops what is deeper, so rendering shows such a block as plain text instead."""

_DISPLAYED_FORMULA_ENDS = {"$$": "$$", r"\[": r"\]"}
_LABEL = re.compile(r"\[((?:[^\[\]\\]|\\.)++)\]", re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^([^\[\]\s]+)\]")
# A dollar opens a formula as in Pandoc: no space inside next to either dollar, and no digit after the second, so that
# prices stay prices. Backticks and link addresses end the search. Possessive, so that no text takes quadratic time.
_DOLLARS = re.compile(
    r"\$\$[^$`]++\$\$|\$(?![\s$])(?:(?!\]\()[^$`\\\n]|\\.)*+(?<!\s)\$(?![\d$])",
)
_BRACKETED = re.compile(
    r"\\\((?P<inline>(?:[^`\\]|\\[^()\n])*+)\\\)|\\\[(?P<display>(?:[^`\\]|\\[^\[\]\n])*+)\\\]",
)
# What tells a formula from text in escaped brackets; a formula without any of these reads the same without help.
_LIKE_A_FORMULA = re.compile(r"\\[A-Za-z]|[\^_{}=]")


@cache
def block_parser() -> MarkdownIt:
    """The parser of block structure. Imported at first use: it is not needed to start."""
    from markdown_it import MarkdownIt
    from mdit_py_plugins.footnote.index import footnote_def

    parser = MarkdownIt("commonmark", {"maxNesting": NESTING}).enable("table")
    interrupts: RuleOptionsType = {"alt": ["paragraph", "reference", "blockquote", "list"]}
    parser.block.ruler.before("reference", "footnote_def", footnote_def, interrupts)
    parser.block.ruler.before("fence", "formula", _formula_block, interrupts)
    return parser


@cache
def inline_parser() -> MarkdownIt:
    """The parser of what stands inside a line. Imported at first use."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"strikethrough_single_tilde": True}).enable("strikethrough")
    parser.inline.ruler.before("escape", "formula", _formula)
    parser.inline.ruler.before("link", "footnote_ref", _footnote_reference)
    return parser


def parse_blocks(source: str, references: References) -> list[Token]:
    """Parse block structure only; inline content stays text. Definitions found are added to `references`."""
    parser = block_parser()
    tokens: list[Token] = []
    environment: dict[str, Any] = {"references": references}
    parser.block.parse(source, parser, environment, tokens)
    for label in environment.get("footnotes", {}).get("refs", ()):
        # The plugin puts a colon before each label.
        references[_footnote_key(label[1:])] = {}
    return tokens


def parse_inline(content: str, references: References) -> list[Token]:
    """Parse inline content.

    Args:
        content: The source of a paragraph, heading or cell.
        references: Definitions its links and footnotes may name.
    """
    parser = inline_parser()
    tokens: list[Token] = []
    parser.inline.parse(content, parser, {"references": references}, tokens)
    return tokens


def as_label(key: str) -> str:
    """How a key of `References` looks in `labels_in`."""
    # The bars of a quote stand inside a label that goes over two lines of it.
    return (
        " ".join(key.removeprefix("[").removesuffix("]").replace(">", " ").replace("\\|", "|").split()).lower().upper()
    )


def labels_in(source: str) -> frozenset[str]:
    """Everything in brackets that a definition may turn into a link or the mark of a footnote."""
    return frozenset(as_label(label) for label in _LABEL.findall(source))


def _footnote_key(label: str) -> str:
    # Brackets cannot stand in a link's label, so no link ever finds a footnote under its name.
    return f"[^{label.lower().upper()}]"


def _footnote_reference(state: StateInline, silent: bool) -> bool:
    """`[^label]`, when a footnote has that label; otherwise the brackets are what they look like."""
    if not state.src.startswith("[^", state.pos):
        return False
    found = _FOOTNOTE.match(state.src, state.pos, state.posMax)
    if found is None or _footnote_key(found[1]) not in state.env["references"]:
        return False
    if not silent:
        state.push("footnote_ref", "", 0).content = found[1]
    state.pos = found.end()
    return True


def _formula(state: StateInline, silent: bool) -> bool:
    r"""`$...$`, `$$...$$`, `\(...\)` and `\[...\]` as they were written: `a_1 * b_2 * c` is no emphasis."""
    match state.src[state.pos]:
        case "$":
            found = _DOLLARS.match(state.src, state.pos, state.posMax)
        case "\\":
            found = _BRACKETED.match(state.src, state.pos, state.posMax)
            if found is not None and not _LIKE_A_FORMULA.search(found["inline"] or found["display"] or ""):
                found = None
        case _:
            return False
    if found is None:
        return False
    if not silent:
        state.push("formula", "", 0).content = found.group()
    state.pos = found.end()
    return True


def _formula_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    r"""Lines from one that is `$$` or `\[` alone to one that ends with its counterpart, or to a blank line.

    A formula has no blank lines, so a stray `$$` costs one paragraph its markup and never the rest of the answer.
    """
    if state.is_code_block(start_line):
        return False
    ending = _DISPLAYED_FORMULA_ENDS.get(_line(state, start_line))
    if ending is None:
        return False
    if silent:
        return True
    line = start_line + 1
    while line < end_line and not state.isEmpty(line) and state.sCount[line] >= state.blkIndent:
        line += 1
        if _line(state, line - 1).endswith(ending):
            break
    token = state.push("formula_block", "", 0)
    token.content = state.getLines(start_line, line, state.sCount[start_line], False)
    token.map = [start_line, line]
    state.line = line
    return True


def _line(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]].rstrip()
