"""Theme files: YAML of a fixed shape, read strictly, every error with `file:line:column`.

    name: nord                     # as the file is called, nord.yaml
    dark: true
    description: Arctic night, after Nord.
    colours:                       # every one but boost is needed
      primary: "#88c0d0"           # quoted, because # starts a comment
      ...
    variables:                     # ours (OWN_VARIABLES) and Textual's; what is left out follows the colours
      chat-user: "#ebcb8b"
      border-blurred: "#4c566a"

`ansi: true` makes a theme of the terminal's own palette; all its colours are then `ansi_*` names. The file is
composed to nodes, never constructed into objects, so that each value keeps its place and no tag can run code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NoReturn

from ruamel.yaml.nodes import MappingNode, Node, ScalarNode
from textual.color import Color, ColorParseError
from textual.css.constants import VALID_STYLE_FLAGS
from textual.theme import Theme

from hector_tui.errors import ThemeError
from hector_tui.ui.yaml_nodes import compose, is_null, kind_of, nearest, place_of, read_text

MAX_BYTES = 64 * 1024
"""A theme file holds about 3 kB; a larger one than this is not a theme."""

THEME_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
"""What a theme can be called; the name becomes part of a CSS class."""

COLOURS = (
    "primary",
    "secondary",
    "accent",
    "foreground",
    "background",
    "surface",
    "panel",
    "success",
    "warning",
    "error",
)
"""The colours a theme must name; `boost` may stand beside them."""

_KEYS = ("name", "dark", "ansi", "description", "colours", "variables")

OWN_VARIABLES: Mapping[str, str] = {
    "chat-user": "text-accent",
    "chat-agent": "text-primary",
    "chat-tool": "text-secondary",
    "chat-thinking": "foreground-muted",
    "chat-error": "text-error",
    "chat-code": "text-accent",
    "chat-code-background": "surface",
    "chat-quote": "secondary",
    "chat-quote-text": "foreground-muted",
    "chat-link": "text-primary",
    "chat-heading": "text-primary",
    "chat-marker": "text-primary",
    "chat-rule": "text-disabled",
    "chat-dim": "foreground-muted",
    "tab-active": "foreground",
    "tab-unread": "text-accent",
    "tab-working": "text-success",
    "tab-needs-you": "text-warning",
    "meter-low": "text-success",
    "meter-mid": "text-warning",
    "meter-high": "text-error",
}
"""The variables this program adds to Textual's, each with the generated variable it follows where a theme is silent."""


@dataclass
class HectorTheme(Theme):
    """A Textual theme and the sentence its author wrote about it."""

    description: str = ""


def own_variables(theme: Theme) -> dict[str, str]:
    """Return the variables a theme needs and may lack, made from its colours; also for Textual's own themes.

    An app returns them from `get_theme_variable_defaults`, so that every style sheet finds every name.
    """
    generated = theme.to_color_system().generate()
    variables = {name: generated[source] for name, source in OWN_VARIABLES.items()}
    if theme.ansi:
        # Named by Textual's style sheets, made by its generator for other themes, left out for these.
        near, far = ("ansi_black", "ansi_white") if theme.dark else ("ansi_white", "ansi_black")
        variables |= {
            "ansi-background": near,
            "ansi-foreground": far,
            "foreground-disabled": "ansi_bright_black",
            "surface-active": "transparent",
        }
    return variables


def load_theme(path: Path) -> HectorTheme:
    """Read one theme file.

    Raises:
        ThemeError: The file cannot be read, is too large, is not YAML, or says something that is not a theme.
    """
    text = read_text(path, max_bytes=MAX_BYTES, error=ThemeError, too_large="That is no theme.")
    root = compose(path, text, error=ThemeError)
    if root is None:
        raise ThemeError("is empty", where=str(path), hint=f"A theme has the keys {', '.join(_KEYS)}.")
    return _ThemeReader(path).theme(root)


class _ThemeReader:
    """Turns the nodes of one file into a theme; every problem is raised where it stands."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def theme(self, root: Node) -> HectorTheme:
        keys = self._mapping(root, "a theme", _KEYS, required=("name", "dark", "colours"))
        ansi = self._flag(keys["ansi"]) if "ansi" in keys else False
        nodes = self._mapping(keys["colours"], "colours", (*COLOURS, "boost"), required=COLOURS)
        colours = {name: self._colour(node, ansi=ansi) for name, node in nodes.items()}
        theme = HectorTheme(
            name=self._name(keys["name"]),
            description=self._text(keys["description"]) if "description" in keys else "",
            dark=self._flag(keys["dark"]),
            ansi=ansi,
            primary=colours["primary"],
            secondary=colours["secondary"],
            accent=colours["accent"],
            foreground=colours["foreground"],
            background=colours["background"],
            surface=colours["surface"],
            panel=colours["panel"],
            success=colours["success"],
            warning=colours["warning"],
            error=colours["error"],
            boost=colours.get("boost"),
        )
        # Textual fails at the next refresh, not here, when a colour does not work out; so work them out now.
        defaults = own_variables(theme)
        theme.variables = defaults | self._variables(keys.get("variables"), ansi=ansi)
        theme.to_color_system().generate()
        return theme

    def _variables(self, node: Node | None, *, ansi: bool) -> dict[str, str]:
        if node is None:
            return {}
        variables = self._mapping(node, "variables", _known_variables())
        return {name: self._variable(name, value, ansi=ansi) for name, value in variables.items()}

    def _variable(self, name: str, node: Node, *, ansi: bool) -> str:
        if name in OWN_VARIABLES:
            return self._colour(node, ansi=ansi)
        text = self._text(node)
        if name.endswith("-style") or "-style-" in name:
            if unknown := set(text.split()) - VALID_STYLE_FLAGS:
                self._fail(node, f"{min(unknown)!r} is no text style", nearest(min(unknown), sorted(VALID_STYLE_FLAGS)))
            return text
        colour, _, share = text.partition(" ")
        if share and re.fullmatch(r"(?:100|\d{1,2})%", share) is None:
            self._fail(node, f"{share!r} is no share of a colour", "Write a percentage, for example 50%.")
        if colour not in ("auto", "initial", "transparent"):
            self._parsed_colour(node, colour, ansi=ansi)
        return text

    def _colour(self, node: Node, *, ansi: bool) -> str:
        text = self._text(node)
        self._parsed_colour(node, text, ansi=ansi)
        return text

    def _parsed_colour(self, node: Node, text: str, *, ansi: bool) -> None:
        try:
            colour = Color.parse(text)
        except ColorParseError as error:
            wanted = "a colour of the terminal, for example ansi_blue" if ansi else "a colour, for example '#88c0d0'"
            suggestion = f" Did you mean {error.suggested_color!r}?" if error.suggested_color else ""
            self._fail(node, f"{text[:40]!r} is no colour", f"Expected {wanted}.{suggestion}")
        if (colour.ansi is not None) is not ansi:
            kinds = "the terminal's colours (ansi_*)" if ansi else "fixed colours, or `ansi: true` in the theme"
            self._fail(node, f"{text!r} does not fit this theme", f"Expected {kinds}.")

    def _name(self, node: Node) -> str:
        name = self._text(node)
        if THEME_NAME.fullmatch(name) is None:
            self._fail(node, f"{name[:40]!r} is no name", "Use up to 40 small letters, digits and hyphens.")
        if name != self._path.stem:
            self._fail(node, f"the theme is called {name!r}", f"Expected {self._path.stem!r}, as its file is called.")
        return name

    def _text(self, node: Node) -> str:
        if not isinstance(node, ScalarNode) or node.tag != "tag:yaml.org,2002:str":
            hint = "Colours need quotes: # starts a comment." if is_null(node) else "Put it in quotes if it is one."
            self._fail(node, f"expected text, found {kind_of(node)}", hint)
        return str(node.value)

    def _flag(self, node: Node) -> bool:
        if not isinstance(node, ScalarNode) or node.tag != "tag:yaml.org,2002:bool":
            self._fail(node, f"expected true or false, found {kind_of(node)}")
        return str(node.value).lower() == "true"

    def _mapping(self, node: Node, what: str, known: Iterable[str], required: Iterable[str] = ()) -> dict[str, Node]:
        if not isinstance(node, MappingNode):
            self._fail(node, f"expected the keys of {what}, found {kind_of(node)}")
        known = tuple(known)
        values: dict[str, Node] = {}
        for key_node, value in node.value:
            key = self._text(key_node)
            if key not in known:
                self._fail(key_node, f"unknown key {key[:40]!r} in {what}", nearest(key, known))
            if key in values:
                self._fail(key_node, f"{key!r} stands in {what} twice")
            if is_null(value):
                # Where nothing stands YAML points at whatever comes next.
                value.start_mark = key_node.start_mark
            values[key] = value
        if missing := [key for key in required if key not in values]:
            self._fail(node, f"{what} lacks {', '.join(missing)}")
        return values

    def _fail(self, node: Node, message: str, hint: str = "") -> NoReturn:
        raise ThemeError(message, where=place_of(self._path, node), hint=hint)


@cache
def _known_variables() -> frozenset[str]:
    """Every variable a theme can set: ours, and whatever Textual makes from a theme's colours."""
    return frozenset(OWN_VARIABLES) | Theme(name="any", primary="#000000").to_color_system().generate().keys()
