"""Highlighted code: Pygments with a known lexer only, in bounded pieces, the lexer's state carried along."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, NamedTuple

from hector_tui.ui.transcript.lines import Run
from hector_tui.ui.transcript.styles import TranscriptStyles

if TYPE_CHECKING:
    from pygments.lexer import Lexer, RegexLexer
    from pygments.token import _TokenType

    _Action = _TokenType | Callable[[Lexer, re.Match[str]], Iterable[tuple[int, _TokenType, str]]] | None
    _Rule = tuple[Callable[[str, int], re.Match[str] | None], _Action, str | int | tuple[str, ...] | None]

ROOT = ("root",)
"""Where a lexer starts."""
LONGEST_LINE = 1_000
"""A piece with a longer line is not highlighted: some lexers take quadratic time on minified code."""

_WORD_ENDS = re.compile(r"[\s,{}:]+")


class Highlighted(NamedTuple):
    """Highlighted lines, and where the lexer stands after them."""

    lines: list[list[Run]]
    states: tuple[str, ...]


def language_of(info: str) -> str:
    """The language a fence names: the first word after its backticks, in lower case; empty when it names none."""
    return next((word for word in _WORD_ENDS.split(info.lower()) if word), "").lstrip(".")


@cache
def _lexer_names() -> dict[str, str]:
    from pygments.lexers import get_all_lexers

    # Without plugins: those are entry points of other packages, found by reading the whole environment.
    return {alias: name for name, aliases, _, _ in get_all_lexers(plugins=False) for alias in aliases}


@lru_cache(maxsize=64)
def lexer_for(language: str) -> Lexer | None:
    """The lexer of a language by its Pygments alias; None when there is none. Never guesses from the code."""
    if not language:
        return None
    name = _lexer_names().get(language)
    if name is None:
        return None
    from pygments.lexers import find_lexer_class

    lexer_class = find_lexer_class(name)
    return None if lexer_class is None else lexer_class()


def highlight(code: str, language: str, styles: TranscriptStyles, states: tuple[str, ...] = ROOT) -> Highlighted:
    """Highlight a piece of code.

    Args:
        code: Whole lines; the last newline is optional.
        language: A Pygments alias; unknown or empty means plain text.
        styles: The theme.
        states: Where the lexer stood at the end of the piece before.
    """
    code = code.removesuffix("\n")
    lines = code.split("\n")
    lexer = lexer_for(language) if len(max(lines, key=len)) <= LONGEST_LINE else None
    plain: list[list[Run]] = [[(line, styles.block)] if line else [] for line in lines]
    if lexer is None:
        return Highlighted([_expand_tabs(line) for line in plain], states)
    stack = list(states)
    highlighted: list[list[Run]] = [[]]
    for token, text in _tokens(lexer, code + "\n", stack):
        style = styles.token(token)
        first, *others = text.split("\n")
        if first:
            highlighted[-1].append((first, style))
        highlighted.extend([(other, style)] if other else [] for other in others)
    del highlighted[len(lines) :]
    if [_plain(line) for line in highlighted] != lines:
        # A lexer that swallows text (a rule that matches more than its groups) must not cost a reader a line.
        highlighted = plain
    return Highlighted([_expand_tabs(line) for line in highlighted], tuple(stack))


def _plain(line: list[Run]) -> str:
    return "".join(text for text, _ in line)


def _expand_tabs(line: list[Run]) -> list[Run]:
    """Replace tabs by spaces up to the next multiple of four, counted from the start of the line."""
    if not any("\t" in text for text, _ in line):
        return line
    column = 0
    expanded: list[Run] = []
    for text, style in line:
        spaced = (" " * (column % 4) + text).expandtabs(4)[column % 4 :]
        column += len(spaced)
        expanded.append((spaced, style))
    return expanded


def _tokens(lexer: Lexer, code: str, stack: list[str]) -> Iterable[tuple[_TokenType, str]]:
    from pygments.lexer import RegexLexer

    if isinstance(lexer, RegexLexer) and type(lexer).get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed:
        return _lex(lexer, code, stack)
    # Lexers with a loop of their own (YAML, JSON) start anew in every piece.
    return ((token, text) for _, token, text in lexer.get_tokens_unprocessed(code))


def _lex(lexer: RegexLexer, code: str, stack: list[str]) -> Iterator[tuple[_TokenType, str]]:
    """Run a regular-expression lexer from a given stack of states, and leave the stack where it ends.

    `RegexLexer.get_tokens_unprocessed` accepts a stack but gives none back, and without it a docstring or a `<style>`
    longer than one piece would be coloured as code after the first cut. The rules for changing states are those of
    https://pygments.org/docs/lexerdevelopment/.
    """
    from pygments.token import Error, Whitespace, _TokenType

    # What the lexer's metaclass made of its `tokens`; the stubs do not know it.
    rules: Mapping[str, Sequence[_Rule]] = lexer._tokens  # type: ignore[attr-defined]
    if any(state not in rules for state in stack):
        stack[:] = ROOT
    position = 0
    while position < len(code):
        for match_at, action, transition in rules[stack[-1]]:
            found = match_at(code, position)
            if not found:
                continue
            if isinstance(action, _TokenType):
                yield action, found.group()
            elif action is not None:
                yield from ((token, text) for _, token, text in action(lexer, found))
            position = found.end()
            if transition is not None:
                _change_state(stack, transition)
            break
        else:
            if code[position] == "\n":
                stack[:] = ROOT
                yield Whitespace, "\n"
            else:
                yield Error, code[position]
            position += 1


def _change_state(stack: list[str], transition: str | int | tuple[str, ...]) -> None:
    if isinstance(transition, int):
        # Negative: how many states to leave; the first one always stays.
        del stack[max(1, len(stack) + transition) :]
        return
    for state in (transition,) if isinstance(transition, str) else transition:
        if state == "#pop":
            if len(stack) > 1:
                stack.pop()
        elif state == "#push":
            stack.append(stack[-1])
        else:
            stack.append(state)
