"""The transcript's colours: one frozen set of Rich styles made from the theme that is active.

Every style carries the background it stands on, because a line-API widget paints each cell itself. A theme may define
variables of its own (`chat-user`, `chat-agent`, ...); where it does not, Textual's standard variables stand in. Themes
made of the terminal's own palette (`ansi_*` colours) work too: what would be a mixed colour is then `dim`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.style import Style
from textual.color import Color, ColorParseError

if TYPE_CHECKING:
    from pygments.token import _TokenType

BOLD = Style(bold=True)
ITALIC = Style(italic=True)
STRIKE = Style(strike=True)
UNDERLINE = Style(underline=True)

# Pygments token -> theme variables to try, and attributes. Parents stand in for children that are not named.
_TOKEN_COLORS: tuple[tuple[str, tuple[str, ...], Style], ...] = (
    ("Token.Comment", ("chat-dim", "text-muted"), ITALIC),
    ("Token.Comment.Preproc", ("text-secondary", "secondary"), Style()),
    ("Token.Keyword", ("text-primary", "primary"), Style()),
    ("Token.Keyword.Constant", ("text-warning", "warning"), Style()),
    ("Token.Keyword.Type", ("text-accent", "accent"), Style()),
    ("Token.Operator.Word", ("text-primary", "primary"), Style()),
    ("Token.Name.Function", ("text-accent", "accent"), Style()),
    ("Token.Name.Class", ("text-accent", "accent"), Style()),
    ("Token.Name.Decorator", ("text-accent", "accent"), Style()),
    ("Token.Name.Tag", ("text-primary", "primary"), Style()),
    ("Token.Name.Attribute", ("text-accent", "accent"), Style()),
    ("Token.Name.Builtin", ("text-primary", "primary"), Style()),
    ("Token.Name.Exception", ("text-error", "error"), Style()),
    ("Token.Literal.String", ("text-success", "success"), Style()),
    ("Token.Literal.String.Doc", ("text-success", "success"), ITALIC),
    ("Token.Literal.Number", ("text-warning", "warning"), Style()),
    ("Token.Generic.Deleted", ("text-error", "error"), Style()),
    ("Token.Generic.Inserted", ("text-success", "success"), Style()),
    ("Token.Generic.Heading", ("text-primary", "primary"), BOLD),
    ("Token.Generic.Subheading", ("text-primary", "primary"), BOLD),
    ("Token.Generic.Prompt", ("chat-dim", "text-muted"), Style()),
)


@dataclass(frozen=True, eq=False, slots=True)
class TranscriptStyles:
    """Every style the transcript paints with; a new object per theme, compared by identity."""

    base: Style
    dim: Style
    user_bar: Style
    user_label: Style
    agent_label: Style
    tool: Style
    thinking: Style
    success: Style
    warning: Style
    error: Style
    info: Style
    heading: Style
    heading_small: Style
    code: Style
    """Code inside a sentence."""
    block: Style
    """A block of code: the panel it stands on."""
    block_label: Style
    block_bar: str
    """What stands left of a block of code: a space on a tinted panel, a bar where the theme has no tint."""
    quote_bar: Style
    quote: Style
    link: Style
    link_target: Style
    marker: Style
    """Bullets and numbers of lists."""
    rule: Style
    cursor: Style
    tokens: Mapping[str, Style]
    _by_token: dict[_TokenType, Style] = field(default_factory=dict)

    @property
    def tag(self) -> Style:
        """HTML among text: the dim colour upon whatever background it stands on."""
        return Style(color=self.dim.color, dim=self.dim.dim)

    def token(self, token: _TokenType) -> Style:
        """The style of a Pygments token, or of the nearest ancestor that has one; `block` when none has."""
        known = self._by_token.get(token)
        if known is None:
            ancestor: _TokenType | None = token
            while ancestor is not None and str(ancestor) not in self.tokens:
                ancestor = ancestor.parent
            known = self.block if ancestor is None else self.tokens[str(ancestor)]
            self._by_token[token] = known
        return known

    @classmethod
    def from_theme(cls, variables: Mapping[str, str], base: Style) -> TranscriptStyles:
        """Make the styles of a theme.

        Args:
            variables: The theme's CSS variables (`App.theme_variables`).
            base: Foreground and background of the widget, resolved (`Widget.rich_style`).
        """
        paint = _Painter(variables, base)
        panel = paint.background("chat-code-background", "surface-lighten-1", "panel", "surface")
        block = paint.base + panel if panel is not None else paint.base
        dim = paint.foreground("chat-dim", "text-muted")
        heading = paint.foreground("chat-heading", "text-primary", "primary")
        return cls(
            base=paint.base,
            dim=dim,
            user_bar=paint.foreground("chat-user", "accent"),
            user_label=paint.foreground("chat-user", "text-accent", "accent") + BOLD,
            agent_label=paint.foreground("chat-agent", "text-primary", "primary") + BOLD,
            tool=paint.foreground("chat-tool", "text-secondary", "secondary"),
            thinking=paint.foreground("chat-thinking", "text-muted") + ITALIC,
            success=paint.foreground("text-success", "success"),
            warning=paint.foreground("text-warning", "warning"),
            error=paint.foreground("chat-error", "text-error", "error"),
            info=paint.foreground("text-primary", "primary"),
            heading=heading + BOLD,
            heading_small=paint.base + BOLD,
            code=paint.foreground("chat-code", "text-accent", "accent") + (panel or Style()),
            block=block,
            block_label=block + Style(color=dim.color, dim=dim.dim),
            block_bar=" " if panel is not None else "│ ",
            quote_bar=paint.foreground("chat-quote", "text-primary", "primary"),
            quote=paint.foreground("chat-quote-text", "text-muted"),
            link=paint.foreground("chat-link", "text-primary", "primary") + UNDERLINE,
            link_target=dim,
            marker=paint.foreground("chat-marker", "text-primary", "primary"),
            rule=paint.foreground("chat-rule", "text-disabled"),
            cursor=paint.foreground("chat-cursor", "accent"),
            tokens={
                name: block + paint.foreground_only(*colors) + attributes for name, colors, attributes in _TOKEN_COLORS
            },
        )


class _Painter:
    """Turns theme variables into Rich styles upon one background."""

    def __init__(self, variables: Mapping[str, str], base: Style) -> None:
        self._variables = variables
        self.base = base.without_color + Style(color=base.color, bgcolor=base.bgcolor)
        self._background = Color.from_rich_color(base.bgcolor) if base.bgcolor is not None else Color(0, 0, 0)
        self._foreground = Color.from_rich_color(base.color) if base.color is not None else Color(255, 255, 255)

    def _find(self, names: tuple[str, ...]) -> tuple[Color, float] | None:
        """The first variable that exists, as an opaque colour and how much of it to mix in (0 to 1)."""
        for name in names:
            # Values look like `#0178D4`, `#FFFFFF0A`, `ansi_blue`, `auto 60%`, `ansi_default 50%`.
            word, _, share = self._variables.get(name, "").partition(" ")
            if not word:
                continue
            try:
                color = self._foreground if word == "auto" else Color.parse(word)
                amount = float(share.rstrip("%")) / 100 if share else color.a
            except (ColorParseError, ValueError):
                continue
            # `with_alpha` would make a palette colour an ordinary one.
            return (color if color.ansi is not None else color.with_alpha(1)), amount
        return None

    def foreground_only(self, *names: str) -> Style:
        """Text in the first of the variables that exists, without a background."""
        found = self._find(names)
        if found is None:
            return Style(color=self.base.color)
        color, amount = found
        if color.ansi is not None or self._background.ansi is not None:
            # The terminal's own colours are unknown, so nothing can be mixed with them.
            return Style(color=self.base.color, dim=True) if amount < 1 else Style(color=color.rich_color)
        return Style(color=self._background.blend(color, amount).rich_color)

    def foreground(self, *names: str) -> Style:
        """Text in the first of the variables that exists, on the transcript's background."""
        return self.base + self.foreground_only(*names)

    def background(self, *names: str) -> Style | None:
        """A panel in the first of the variables that exists; None when it would not differ from the background."""
        found = self._find(names)
        if found is None:
            return None
        color, amount = found
        if amount == 0 or (color.ansi is not None and color.ansi < 0):
            return None
        if color.ansi is not None or self._background.ansi is not None:
            return Style(bgcolor=color.rich_color)
        mixed = self._background.blend(color, amount)
        return None if mixed == self._background else Style(bgcolor=mixed.rich_color)
