from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from textual.app import App, ComposeResult
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme
from textual.widgets import Button, Input, Static, TextArea

from hector_tui.errors import ThemeError
from hector_tui.ui.theme_file import COLOURS, MAX_BYTES, OWN_VARIABLES
from hector_tui.ui.themes import DEFAULT_THEME, ThemeLibrary, load_theme, own_variables
from hector_tui.ui.widgets.line_input import LineInput
from hector_tui.ui.widgets.prompt import Prompt
from hector_tui.ui.widgets.status_line import StatusInfo, StatusLine
from hector_tui.ui.widgets.tab_layout import TabState
from hector_tui.ui.widgets.tab_strip import TabItem, TabStrip

BUNDLED = Path(__file__).parents[2] / "themes"
NAMES = ThemeLibrary([BUNDLED]).names()

GOOD = """\
name: mine
dark: true
description: Mine.
colours:
  primary: "#88c0d0"
  secondary: "#81a1c1"
  accent: "#b48ead"
  foreground: "#d8dee9"
  background: "#2e3440"
  surface: "#3b4252"
  panel: "#434c5e"
  success: "#a3be8c"
  warning: "#ebcb8b"
  error: "#bf616a"
variables:
  chat-user: "#ebcb8b"
  input-selection-background: "#81a1c1 35%"
  block-cursor-text-style: bold underline
  text-muted: auto 60%
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "mine.yaml").write_text(GOOD)
    return tmp_path


def problem(folder: Path, text: str | bytes, name: str = "mine.yaml") -> str:
    """Return the whole error of a theme file of that text, the folder cut off."""
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(ThemeError) as caught:
        load_theme(path)
    return str(caught.value).removeprefix(f"{folder}/")


def contrast(one: Color, other: Color) -> float:
    """WCAG 2.2, contrast ratio: from 1 to 21."""

    def luminance(color: Color) -> float:
        channels = [
            value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in color.normalized
        ]
        return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def variables_of(theme: Theme) -> dict[str, str]:
    return {**own_variables(theme), **theme.to_color_system().generate(), **theme.variables}


def test_contrast_is_that_of_the_recommendation() -> None:
    assert contrast(Color.parse("#000"), Color.parse("#fff")) == pytest.approx(21)
    assert contrast(Color.parse("#777"), Color.parse("#fff")) == pytest.approx(4.48, abs=0.01)


def test_a_theme_is_read(folder: Path) -> None:
    theme = load_theme(folder / "mine.yaml")
    assert (theme.name, theme.dark, theme.ansi, theme.description) == ("mine", True, False, "Mine.")
    assert theme.primary == "#88c0d0"
    assert theme.boost is None
    assert theme.variables["chat-user"] == "#ebcb8b"
    assert theme.variables["input-selection-background"] == "#81a1c1 35%"
    assert set(OWN_VARIABLES) <= set(theme.variables)
    assert theme.variables["chat-heading"] == theme.to_color_system().generate()["text-primary"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("dark: true", "drak: true", "mine.yaml:2:1: unknown key 'drak' in a theme. Did you mean 'dark'?"),
        ("dark: true", "colour: true", "mine.yaml:2:1: unknown key 'colour' in a theme. Did you mean 'colours'?"),
        ("dark: true\n", "", "mine.yaml:1:1: a theme lacks dark"),
        ("dark: true", "dark: maybe", "mine.yaml:2:7: expected true or false, found 'maybe'"),
        ("dark: true", "dark: [true]", "mine.yaml:2:7: expected true or false, found a list"),
        (
            "name: mine",
            "name: other",
            "mine.yaml:1:7: the theme is called 'other'. Expected 'mine', as its file is called.",
        ),
        (
            "name: mine",
            "name: My Theme",
            "mine.yaml:1:7: 'My Theme' is no name. Use up to 40 small letters, digits and hyphens.",
        ),
        ("name: mine", "name: 7", "mine.yaml:1:7: expected text, found '7'. Put it in quotes if it is one."),
        ("  primary:", "  primry:", "mine.yaml:5:3: unknown key 'primry' in colours. Did you mean 'primary'?"),
        ("  panel:", "  zzz:", f"mine.yaml:11:3: unknown key 'zzz' in colours. Known are {', '.join(COLOURS)}, boost."),
        ('  error: "#bf616a"\n', "", "mine.yaml:5:3: colours lacks error"),
        (
            '"#88c0d0"',
            "#88c0d0",
            "mine.yaml:5:3: expected text, found nothing. Colours need quotes: # starts a comment.",
        ),
        ('"#88c0d0"', '"#88c0d"', "mine.yaml:5:12: '#88c0d' is no colour. Expected a colour, for example '#88c0d0'."),
        (
            '"#88c0d0"',
            "bleu",
            "mine.yaml:5:12: 'bleu' is no colour. Expected a colour, for example '#88c0d0'. Did you mean 'blue'?",
        ),
        ('"#88c0d0"', "{a: b}", "mine.yaml:5:12: expected text, found keys and values. Put it in quotes if it is one."),
        ('"#88c0d0"', "12", "mine.yaml:5:12: expected text, found '12'. Put it in quotes if it is one."),
        (
            '"#88c0d0"',
            "ansi_blue",
            "mine.yaml:5:12: 'ansi_blue' does not fit this theme. Expected fixed colours, or `ansi: true`",
        ),
        (
            "dark: true",
            "dark: true\nansi: true",
            "mine.yaml:6:12: '#88c0d0' does not fit this theme. Expected the terminal's colours (ansi_*).",
        ),
        ("chat-user", "chat-usr", "mine.yaml:16:3: unknown key 'chat-usr' in variables. Did you mean 'chat-user'?"),
        ("chat-user", "qqqqqqq", "mine.yaml:16:3: unknown key 'qqqqqqq' in variables"),
        (
            '"#ebcb8b"\n  input',
            "auto 50%\n  input",
            "mine.yaml:16:14: 'auto 50%' is no colour. Expected a colour, for example '#88c0d0'.",
        ),
        ("35%", "350%", "mine.yaml:17:31: '350%' is no share of a colour. Write a percentage, for example 50%."),
        ("bold underline", "bold shiny", "mine.yaml:18:28: 'shiny' is no text style. Known are b, blink, bold, dim"),
        ("dark: true", "dark: true\ndark: false", "mine.yaml:3:1: 'dark' stands in a theme twice"),
        (
            "description: Mine.",
            "description: Mine: yours",
            "mine.yaml:3:18: is not YAML: mapping values are not allowed here",
        ),
        ("description: Mine.", "description: a\x1bb", "mine.yaml:3:15: holds a character YAML does not allow"),
        ("description: Mine.", "description: *x", "mine.yaml:3:14: is not YAML: found undefined alias 'x'"),
        (
            "description: Mine.",
            "description: !!python/name:os.system x",
            "mine.yaml:3:14: expected text, found 'x'. Put it in quotes if it is one.",
        ),
        ("variables:\n", "variables: []\nx:\n", "mine.yaml:16:1: unknown key 'x' in a theme"),
    ],
)
def test_an_error_says_where_and_what_was_expected(folder: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    assert problem(folder, GOOD.replace(old, new, 1)).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "mine.yaml: is empty. A theme has the keys name, dark, ansi, description, colours, variables."),
        ("# only a comment\n", "mine.yaml: is empty"),
        ("- a\n- b\n", "mine.yaml:1:1: expected the keys of a theme, found a list"),
        ("just text", "mine.yaml:1:1: expected the keys of a theme, found 'just text'"),
        ("a: 1\n---\nb: 2\n", "mine.yaml:2:1: is not YAML: but found another document"),
        (b"name: m\xffne\n", "mine.yaml:1:8: is not UTF-8 text"),
        ("[" * 60_000, "mine.yaml: is not YAML that can be read"),
        ("#" * (MAX_BYTES + 1), "mine.yaml: is larger than 64 KiB. That is no theme."),
        ("? [a]\n: b\n", "mine.yaml:1:3: expected text, found a list"),
        ("? |\n  long\n: b\n", "mine.yaml:1:3: unknown key 'long\\n' in a theme"),
    ],
)
def test_a_file_that_is_no_theme_is_refused(folder: Path, text: str | bytes, message: str) -> None:
    assert problem(folder, text).startswith(message)


def test_a_file_that_cannot_be_read_is_refused(folder: Path) -> None:
    with pytest.raises(ThemeError, match=r"gone\.yaml: cannot be read \(No such file or directory\)"):
        load_theme(folder / "gone.yaml")
    (folder / "dir.yaml").mkdir()
    with pytest.raises(ThemeError, match=r"dir\.yaml: cannot be read"):
        load_theme(folder / "dir.yaml")


def test_a_byte_order_mark_does_no_harm(folder: Path) -> None:
    (folder / "mine.yaml").write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_theme(folder / "mine.yaml").name == "mine"


def test_names_are_file_names_and_cost_no_parsing(folder: Path) -> None:
    (folder / "broken.yaml").write_text("[")
    (folder / ".hidden.yaml").write_text("[")
    (folder / "notes.txt").write_text("[")
    (folder / "folder.yaml").mkdir()
    assert ThemeLibrary([folder, folder / "missing"]).names() == ("broken", "mine")


def test_a_later_folder_goes_before_an_earlier_one(folder: Path) -> None:
    users = folder / "users"
    users.mkdir()
    (users / "mine.yaml").write_text(GOOD.replace("Mine.", "Really mine."))
    library = ThemeLibrary([folder, users])
    assert library.load("mine").description == "Really mine."
    assert library.names() == ("mine",)


def test_an_unknown_name_is_answered_with_the_nearest(folder: Path) -> None:
    library = ThemeLibrary([folder])
    with pytest.raises(ThemeError, match=r"there is no theme 'mien'\. Did you mean 'mine'\?"):
        library.load("mien")
    with pytest.raises(ThemeError, match=r"there is no theme '\.\./mine'"):
        library.load("../mine")
    with pytest.raises(ThemeError, match="There are none"):
        ThemeLibrary([]).load("mine")


def test_a_broken_theme_gives_a_message_and_the_default(folder: Path) -> None:
    (folder / "mine.yaml").write_text(GOOD.replace("#88c0d0", "#88"))
    theme, error = ThemeLibrary([BUNDLED, folder]).load_or_default("mine")
    assert theme.name == DEFAULT_THEME
    assert error is not None and "mine.yaml:5:12" in str(error)
    (folder / f"{DEFAULT_THEME}.yaml").write_text("[")
    theme, error = ThemeLibrary([BUNDLED, folder]).load_or_default("mine")
    assert theme is BUILTIN_THEMES["textual-dark"]
    theme, error = ThemeLibrary([BUNDLED]).load_or_default("nord")
    assert (theme.name, error) == ("nord", None)


def test_loading_all_returns_the_good_ones_and_the_errors(folder: Path) -> None:
    (folder / "broken.yaml").write_text("[")
    themes, errors = ThemeLibrary([folder]).load_all()
    assert [theme.name for theme in themes] == ["mine"]
    assert len(errors) == 1 and "broken.yaml" in str(errors[0])


def test_the_bundled_themes_all_load_and_say_what_they_are() -> None:
    themes, errors = ThemeLibrary([BUNDLED]).load_all()
    assert errors == ()
    assert len(themes) >= 12
    assert {"hector-dark", "hector-light", "terminal", "monochrome", "contrast-dark", "contrast-light"} <= set(NAMES)
    assert all(theme.description for theme in themes)
    assert sum(not theme.dark for theme in themes) >= 4
    assert [theme.name for theme in themes if theme.ansi] == ["terminal"]


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_theme_decides_every_variable_of_ours_itself(name: str) -> None:
    text = (BUNDLED / f"{name}.yaml").read_text()
    assert [variable for variable in OWN_VARIABLES if f"  {variable}: " not in text] == []


TEXT = (
    "foreground",
    *(name for name in OWN_VARIABLES if name not in ("chat-code-background", "chat-rule", "chat-quote")),
    "text-primary",
    "text-secondary",
    "text-accent",
    "text-success",
    "text-warning",
    "text-error",
    "text-muted",
)
GROUNDS = ("background", "surface", "panel", "chat-code-background")


@pytest.mark.parametrize("name", [name for name in NAMES if name != "terminal"])
def test_text_of_a_bundled_theme_can_be_read_on_every_ground(name: str) -> None:
    variables = variables_of(load_theme(BUNDLED / f"{name}.yaml"))
    least = 7 if name.startswith("contrast-") else 4.5
    poor = {
        f"{text} on {ground}": round(contrast(Color.parse(variables[text]), Color.parse(variables[ground])), 2)
        for text in TEXT
        for ground in GROUNDS
        if contrast(Color.parse(variables[text]), Color.parse(variables[ground])) < least
    }
    pairs = [
        ("block-cursor-foreground", "block-cursor-background"),
        ("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
        ("input-selection-foreground", "input-selection-background"),
        ("screen-selection-foreground", "screen-selection-background"),
        ("input-cursor-foreground", "input-cursor-background"),
        ("footer-foreground", "footer-background"),
        ("footer-key-foreground", "footer-background"),
        ("link-color-hover", "link-background-hover"),
        ("button-color-foreground", "primary"),
    ]
    poor |= {
        f"{text} on {ground}": round(contrast(Color.parse(variables[text]), Color.parse(variables[ground])), 2)
        for text, ground in pairs
        if contrast(Color.parse(variables[text]), Color.parse(variables[ground])) < 4.5
    }
    assert poor == {}


def test_the_terminal_theme_is_made_of_the_terminals_colours_only() -> None:
    theme = load_theme(BUNDLED / "terminal.yaml")
    assert all(Color.parse(theme.variables[name]).ansi is not None for name in OWN_VARIABLES)


def test_the_monochrome_theme_is_grey_only() -> None:
    for name, value in variables_of(load_theme(BUNDLED / "monochrome.yaml")).items():
        if value.startswith("#"):
            red, green, blue = Color.parse(value).rgb
            assert max(red, green, blue) - min(red, green, blue) <= 1, name


@pytest.mark.parametrize("name", ["okabe-ito", "monochrome"])
def test_states_differ_in_brightness_where_hue_may_not_be_seen(name: str) -> None:
    variables = variables_of(load_theme(BUNDLED / f"{name}.yaml"))
    for quiet, loud in (("tab-working", "tab-needs-you"), ("meter-low", "meter-mid")):
        assert contrast(Color.parse(variables[quiet]), Color.parse(variables[loud])) >= 1.3


class Themed(App[None]):
    """Widgets of ours and of Textual's in one theme."""

    CSS = "Screen { background: $background; color: $foreground; }"

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.register_theme(theme)
        self.theme = theme.name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return own_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield TabStrip()
        yield Static("text")
        yield Input("input")
        yield TextArea("area")
        yield Button("button")
        yield StatusLine()


@pytest.mark.parametrize("name", [*NAMES, "textual-light", "ansi-dark", "ansi-light"])
async def test_an_app_can_be_drawn_in_the_theme(name: str) -> None:
    theme = load_theme(BUNDLED / f"{name}.yaml") if name in NAMES else BUILTIN_THEMES[name]
    app = Themed(theme)
    async with app.run_test(size=(80, 24)) as pilot:
        app.query_one(TabStrip).tabs = (TabItem("a", "planner", "working"),)
        app.query_one(TabStrip).active = "a"
        app.query_one(StatusLine).info = StatusInfo("planner", "gpt-x")
        await pilot.pause()
        screenshot = app.export_screenshot()
    assert "planner" in screenshot


async def test_changing_the_theme_changes_what_is_drawn() -> None:
    app = Themed(load_theme(BUNDLED / "hector-dark.yaml"))
    async with app.run_test(size=(80, 24)) as pilot:
        strip = app.query_one(TabStrip)
        strip.tabs = (TabItem("a", "planner", "working"),)
        await pilot.pause()
        before = list(strip.render_line(0))
        app.register_theme(load_theme(BUNDLED / "paper.yaml"))
        app.theme = "paper"
        await pilot.pause()
        after = list(strip.render_line(0))
    assert "".join(segment.text for segment in before) == "".join(segment.text for segment in after)
    assert before != after


@pytest.mark.parametrize("name", [name for name in NAMES if name != "terminal"])
async def test_what_an_empty_field_says_can_be_read(name: str) -> None:
    class Fields(Themed):
        def compose(self) -> ComposeResult:
            yield Prompt(hint="Ask anything")
            yield LineInput(placeholder="type to filter")

    app = Fields(load_theme(BUNDLED / f"{name}.yaml"))
    least = 7 if name.startswith("contrast-") else 4.5
    async with app.run_test(size=(80, 24)):
        for field, part in ((app.query_one(Prompt), "text-area"), (app.query_one(LineInput), "input")):
            colour = field.get_component_styles(f"{part}--placeholder").color
            assert contrast(colour, field.background_colors[1]) >= least, (part, colour)


async def test_without_colours_every_state_is_grey_and_still_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Themed(load_theme(BUNDLED / "hector-dark.yaml"))
    states: tuple[TabState, ...] = get_args(TabState)
    async with app.run_test(size=(120, 24)) as pilot:
        app.query_one(TabStrip).tabs = tuple(TabItem(state, "planner", state) for state in states)
        app.query_one(StatusLine).info = StatusInfo("planner", "gpt-x", banner="a problem", banner_level="error")
        await pilot.pause()
        strips = app.screen._compositor.render_strips()
        row = strips[app.query_one(TabStrip).region.y].text
    glyphs = re.findall(r"\d (\S) planner", row)
    assert len(set(glyphs)) == len(glyphs) == len(states)
    styles = [segment.style for strip in strips for segment in strip if segment.style is not None]
    colours = {colour.triplet for style in styles for colour in (style.color, style.bgcolor) if colour is not None}
    assert len(colours) > 2
    assert [colour for colour in colours if colour is not None and max(colour) - min(colour) > 2] == []
