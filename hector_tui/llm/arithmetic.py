"""Finds the arithmetic in a sentence: `What is 17 times 23?` holds `17 * 23`.

Only finds; computing is the calculator tool's work, exactly as with a language model.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_FUNCTIONS = ("sqrt", "abs", "round", "floor", "ceil", "exp", "log", "log10", "log2", "sin", "cos", "tan")
_NUMBER = r"(?:\d+(?:\.\d+)?|\.\d+)"
_WORDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"(?<=\d),(?=\d{3}(?!\d))", ""),
        (r"[−–]", "-"),
        (r"[×·∙]", "*"),
        (r"÷", "/"),
        (rf"√\s*({_NUMBER})", r"sqrt(\1)"),
        (rf"\b(?:the\s+)?(?:square\s+)?root\s+of\s+({_NUMBER})", r"sqrt(\1)"),
        (rf"\b(?:die\s+)?(?:quadrat)?wurzel\s+(?:aus|von)\s+({_NUMBER})", r"sqrt(\1)"),
        (rf"({_NUMBER})\s*(?:%|percent|per\s+cent|prozent)\s+(?:of|von)\s+({_NUMBER})", r"\1 / 100 * \2"),
        (rf"(?<=\d)(?<!\b0)\s*x\s*(?={_NUMBER})", " * "),
        (r"(?<=[\d)])\s*(?:times|multiplied\s+by|mal)\s+(?=[\d(.])", " * "),
        (r"(?<=[\d)])\s*(?:divided\s+by|over|geteilt\s+durch)\s+(?=[\d(.])", " / "),
        (r"(?<=[\d)])\s*plus\s+(?=[\d(.])", " + "),
        (r"(?<=[\d)])\s*minus\s+(?=[\d(.])", " - "),
        (r"(?<=[\d)])\s*(?:to\s+the\s+power\s+of|hoch)\s+(?=[\d(.])", " ** "),
        (r"(?<=[\d)])\s*\^\s*(?=[\d(.-])", " ** "),
        (r"(?<=[\d)])\s*squared\b", " ** 2"),
        (r"(?<=[\d)])\s*cubed\b", " ** 3"),
        (r"(?<=\d)\s*(?:mod|modulo)\s+(?=\d)", " % "),
    )
)
_SPAN = re.compile(rf"(?:\b(?:{'|'.join(_FUNCTIONS)}|pi)\b|{_NUMBER}|[-+*/%(),]|\s)+")
_CUE = re.compile(
    r"\b(?:what(?:'s|\s+is|\s+are|\s+does)|how\s+much|calculate|compute|evaluate|solve|work\s+out|add\s+up|result\s+of|"
    r"fraction|was\s+ist|was\s+sind|wie\s*viel|berechne|rechne)\b|=\s*\?*\s*$",
    re.IGNORECASE,
)
_STRONG = re.compile(rf"\*|[-+/%]\s*\(|\)\s*[-+/%]|\d\s+[-+/]\s+[\d.(]|\d\s*\+\s*\d|\b(?:{'|'.join(_FUNCTIONS)})\(")
_DATE = re.compile(r"\d{4}-\d{1,2}-\d{1,2}|\d{1,2}/\d{1,2}/\d{2,4}")
_GLUED = re.compile(r"\d+[-/]\d+")
_NOUN = re.compile(r"(?!(?:as|in|is|equals?|to|als)\b)[a-z]", re.IGNORECASE)
_LONGEST = 400
"""Characters; longer runs of numbers are data, not a question."""
_LONGEST_TEXT = 2_000
"""Characters looked at: pasted data is not searched for sums, and the patterns stay under a millisecond."""


def find_expression(text: str) -> str | None:
    """The longest arithmetic expression in a text, in the calculator's notation; None when there is none.

    Numbers with signs between them are also dates, ranges and ratios. Without a word that asks for a result, only signs
    that nobody writes outside of arithmetic count.
    """
    plain = text[:_LONGEST_TEXT]
    for pattern, replacement in _WORDS:
        plain = pattern.sub(replacement, plain)
    asked = _CUE.search(plain) is not None
    best = ""
    for match in _SPAN.finditer(plain):
        whole = match[0].strip() == plain.strip(" \t\n=?.!")
        expression = _trimmed(match[0])
        if expression is None or not (asked or whole or _STRONG.search(expression)):
            continue
        if _is_something_else(expression, plain[match.end() :], whole=whole):
            continue
        best = max(best, expression, key=len)
    return best or None


def _is_something_else(expression: str, rest: str, *, whole: bool) -> bool:
    """Whether it is a date, or a pair such as `24/7` with a noun behind it."""
    if _DATE.fullmatch(expression):
        return True
    if whole or _GLUED.fullmatch(expression) is None:
        return False
    return _NOUN.match(rest) is not None


def _trimmed(span: str) -> str | None:
    """The longest part of a span that is a computation, without the punctuation of the sentence around it."""
    if len(span) > _LONGEST:
        return None
    for candidate in _candidates(span.strip()):
        if _is_computation(candidate):
            return re.sub(r"\s+", " ", candidate)
    return None


def _candidates(span: str) -> Iterator[str]:
    """The span, then the span with more and more of its edge characters removed."""
    yield span
    yield span.rstrip(" ,-+*/%")
    yield span.lstrip(" ,+*/%)").rstrip(" ,-+*/%(")
    bare = span.strip(" ,-+*/%")
    yield bare
    yield bare.removesuffix(")").rstrip(" ,-+*/%")
    yield bare.removeprefix("(").lstrip(" ,+*/%")


def _is_computation(text: str) -> bool:
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    nodes = list(ast.walk(tree))
    computes = any(isinstance(node, ast.BinOp | ast.Call) for node in nodes)
    return computes and all(_is_allowed(node) for node in nodes)


def _is_allowed(node: ast.AST) -> bool:
    match node:
        case ast.Constant(value):
            return isinstance(value, int | float)
        case ast.Call(func=ast.Name(), keywords=[]):
            return True
        case _:
            return isinstance(node, ast.BinOp | ast.UnaryOp | ast.Name | ast.operator | ast.unaryop | ast.expr_context)
