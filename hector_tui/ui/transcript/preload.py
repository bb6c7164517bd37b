"""Importing what the first answer needs, before it comes."""

from __future__ import annotations

from hector_tui.ui.transcript.code import lexer_for
from hector_tui.ui.transcript.grammar import block_parser, inline_parser

COMMON_LANGUAGES = (
    *("python", "bash", "json", "javascript", "html"),
    *("typescript", "yaml", "sql", "css", "diff", "rust", "go", "java", "c++", "toml"),
)


def preload() -> None:
    """Import the Markdown parser and the lexers that are met most. Call it in a thread, after the first frame.

    Without it the first answer waits 40 ms for the parser, and the first block of each language up to 40 ms: a screen
    with many languages would stand still for longer than a person likes. All of them take 1.5 MB.
    """
    block_parser()
    inline_parser()
    for language in COMMON_LANGUAGES:
        lexer_for(language)
