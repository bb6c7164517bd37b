"""Settings, keys and themes in the running app: chosen there, or edited in their files while it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.app import App
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from hector_tui.ui.app import Start
from hector_tui.ui.commands import COMMANDS
from hector_tui.ui.screens.help import HelpScreen
from hector_tui.ui.screens.keys import KeysScreen, PressKey
from hector_tui.ui.screens.leader import LeaderScreen
from hector_tui.ui.screens.settings import SettingsScreen
from hector_tui.ui.screens.theme_picker import ThemePicker
from hector_tui.ui.settings import read_settings
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.support import Person, echo_config, running
from tests.ui.test_themes import BUNDLED, GOOD

LONG = Answer(text="word " * 2_000, rate=50)


def _respond(request: ReceivedRequest) -> Answer:
    asked = str(request.body["messages"][-1]["content"])
    return LONG if asked.startswith("stream") else Answer(text=f"You said: **{asked}**")


@asynccontextmanager
async def talking(
    folder: Path, settings: str = "", *, start: Start | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Person]:
    """The app with a tab open and a settings file of this text."""
    profile = folder / "profile"
    profile.mkdir(exist_ok=True)
    if settings:
        (profile / "settings.yaml").write_text(settings, encoding="utf-8")
    async with (
        LoopbackProvider(_respond) as provider,
        running(profile, config=[echo_config(folder, provider.base_url)], start=start, size=size) as person,
    ):
        await person.begin("echo")
        yield person


def chosen(folder: Path) -> str:
    """The settings file as it stands."""
    path = folder / "profile" / "settings.yaml"
    return path.read_text(encoding="utf-8") if path.exists() else ""


async def shows(person: Person, screen: type[object]) -> None:
    await person.until(lambda: isinstance(person.app.screen, screen) and person.app.screen.is_mounted, screen.__name__)


async def back(person: Person) -> None:
    await person.press("escape")
    await person.until(lambda: person.app.screen is person.chat, "the conversation")


# Keys


async def test_a_keymap_is_in_force_and_every_hint_says_so(tmp_path: Path) -> None:
    keymap = (
        "keymap:\n  help: shift+f9\n  session.new: [shift+f8, shift+f11]\n  queue.edit: none\n  app.leader: alt+x\n"
        "  app.back: f11\n  inspector.toggle: none\nleader:\n  queue.edit: Z\n"
    )
    async with talking(tmp_path, keymap) as person:
        await person.sees("shift+f9 help", "alt+x i hide")
        await person.press("f1")
        assert person.app.screen is person.chat
        await person.press("shift+f9")
        await shows(person, HelpScreen)
        await person.sees("shift+f8 shift+f11", "New session")
        await back(person)
        await person.press("alt+x")
        await shows(person, LeaderScreen)
        await person.sees("Z Waiting messages")
        await person.press("escape")
        await person.send("stream")
        await person.sees("f11 f11 to stop")
        await person.send("more")
        await person.sees("↑ takes the last back · alt+x Z edits")
        await person.press("f11", "f11")
        await person.until(lambda: not person.active.is_live, "the answer to stop")


async def test_mistakes_in_a_keymap_are_told_and_the_rest_works(tmp_path: Path) -> None:
    async with talking(tmp_path, "keymap:\n  session.new: f1\n  help: f11\n  run.stop: ctrl+i\n") as person:
        await person.hears("settings.yaml:4:13: run.stop: ctrl+i cannot be bound: terminals send tab for it")
        await person.press("f11")
        await shows(person, HelpScreen)


async def test_the_palette_has_every_command_with_its_keys(tmp_path: Path) -> None:
    async with talking(tmp_path, "keymap:\n  tab.1: shift+f8\n  run.retry: alt+t\n") as person:
        await person.chat.desk.rename(person.active, "Plans")
        listed = {entry.title: entry.help for entry in person.app.get_system_commands(person.app.screen)}
        assert {command.title for command in COMMANDS} <= listed.keys()
        assert listed["New session"] == "ctrl+n · ctrl+x n"
        assert listed["Ask the last question again"] == "alt+t · ctrl+x a"
        assert listed["Go to: Plans"] == "shift+f8"
        assert listed["Transcript: Open or close"] == "space" and listed["Prompt: Help, from an empty prompt"] == "?"
        assert "no key" not in [listed[command.title] for command in COMMANDS if command.leader or command.slash]


async def test_the_palette_opens_by_its_key_in_force_and_not_over_a_dialog(tmp_path: Path) -> None:
    async with talking(tmp_path, "keymap:\n  app.palette: shift+f8\n") as person:
        await person.press("ctrl+p")
        assert person.app.screen is person.chat
        await person.press("shift+f8")
        await shows(person, CommandPalette)
        await back(person)
        await person.press("f1")
        await shows(person, HelpScreen)
        await person.press("shift+f8")
        assert isinstance(person.app.screen, HelpScreen)


async def test_quitting_by_another_key(tmp_path: Path) -> None:
    async with talking(tmp_path, "keymap:\n  app.quit: shift+f8\n") as person:
        await person.press("ctrl+q")
        assert person.app.is_running
        await person.press("shift+f8")
        await person.until(lambda: not person.app.is_running, "the end of the app")


async def test_a_question_mark_helps_only_where_nothing_is_written(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.press("question_mark")
        await shows(person, HelpScreen)
        await back(person)
        await person.press("w", "question_mark")
        assert person.chat.prompt.value == "w?"


async def test_the_question_mark_is_text_once_it_is_unbound(tmp_path: Path) -> None:
    async with talking(tmp_path, "keymap:\n  prompt.help: none\n") as person:
        await person.press("question_mark")
        assert person.chat.prompt.value == "?"


async def test_control_d_quits_from_an_empty_prompt_alone(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.press("a", "left", "ctrl+d")
        assert person.chat.prompt.value == "" and person.app.is_running
        await person.press("ctrl+d")
        await person.until(lambda: not person.app.is_running, "the end of the app")


async def test_enter_can_break_the_line(tmp_path: Path) -> None:
    async with talking(tmp_path, "enter: newline\n") as person:
        await person.press("a", "enter", "b")
        assert person.chat.prompt.value == "a\nb"
        await person.press("alt+enter")
        await person.until(lambda: "You said" in person.answer, "an answer")


async def test_a_key_is_changed_on_the_keys_screen_and_kept(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.send("/keys")
        await shows(person, KeysScreen)
        await person.press(*"run.stop")
        await person.sees("Stop the answer")
        await person.press("enter")
        await shows(person, PressKey)
        await person.press("f1")
        await person.hears("f1 is already help (Help)")
        await shows(person, KeysScreen)
        assert chosen(tmp_path) == ""
        await person.press("enter")
        await shows(person, PressKey)
        await person.press("shift+f8")
        await person.until(lambda: "run.stop: shift+f8" in chosen(tmp_path), "the key in the file")
        await person.until(lambda: person.app.keys.of("run.stop") == ("shift+f8",), "the key in force")
        await person.sees("• shift+f8")
        await person.press("delete")
        await person.until(lambda: person.app.keys.of("run.stop") == () and "none" in chosen(tmp_path), "no key")
        await person.press("ctrl+r")
        await person.until(lambda: person.app.keys.changed == {} and chosen(tmp_path) == "", "the default")


# Settings


async def test_a_setting_is_found_changed_at_once_and_kept(tmp_path: Path) -> None:
    async with talking(tmp_path, "# mine\ntheme: nord\n") as person:
        await person.press("f12")
        await shows(person, SettingsScreen)
        await person.sees("Theme", "nord", "Inspector", "Bell")
        await person.press(*"inspec")
        await person.sees("Shown beside the conversation", "inspector · default: on")
        assert person.chat.has_class("-inspector")
        await person.press("enter")
        await person.until(lambda: not person.chat.has_class("-inspector"), "the inspector to go")
        await person.until(lambda: chosen(tmp_path) == "# mine\ntheme: nord\ninspector: false\n", "the file")
        await person.press("ctrl+r")
        await person.until(lambda: person.chat.has_class("-inspector"), "the inspector to come back")
        await person.until(lambda: chosen(tmp_path) == "# mine\ntheme: nord\n", "the file as it was")


async def test_choices_turn_and_numbers_step_and_are_typed(tmp_path: Path) -> None:
    async with talking(tmp_path) as person:
        await person.send("/settings")
        await shows(person, SettingsScreen)
        await person.press(*"bell", "right")
        await person.until(lambda: chosen(tmp_path) == "bell: always\n", "the next choice")
        await person.sees("always:", "with every announcement.")
        await person.press("left")
        await person.until(lambda: chosen(tmp_path) == "", "the default leaves the file")
        await person.press(*["backspace"] * 4, *"prompt rows", "right")
        await person.until(lambda: person.chat.prompt.max_rows == 11, "one more row")
        await person.press("enter", *"99", "enter")
        await person.hears("Prompt rows: expected a whole number from 1 to 40.")
        await person.press("enter", *"3", "enter")
        await person.until(lambda: "prompt_rows: 3" in chosen(tmp_path), "the number in the file")
        await person.until(lambda: person.chat.prompt.max_rows == 3, "three rows")


async def test_the_prompt_and_the_text_are_as_wide_and_high_as_told(tmp_path: Path) -> None:
    async with talking(tmp_path, "prompt_rows: 2\ntext_width: 50\ninspector: false\n") as person:
        await person.ask("hello")
        assert person.chat.transcript.size.width == 50
        await person.write("a\nb\nc\nd")
        await person.until(lambda: person.chat.prompt.size.height == 2, "two rows")


async def test_the_preferred_agent_is_offered_and_a_new_session_has_the_policy(tmp_path: Path) -> None:
    async with talking(tmp_path, "default_agent: echo\nqueue: reject\n") as person:
        assert person.chat.desk.preferred_agent() == "echo"
        await person.send("stream")
        await person.until(lambda: "word" in person.answer, "the first words")
        await person.send("too much")
        await person.hears("Echo is still answering")
        assert person.chat.prompt.value == "too much"


async def test_the_last_tabs_open_when_that_is_wanted(tmp_path: Path) -> None:
    async with talking(tmp_path, "restore: true\n") as person:
        await person.ask("hello")
    async with running(tmp_path / "profile", config=[tmp_path / "echo.yaml"]) as person:
        assert len(person.chat.desk.workspace) == 1


async def test_motion_off_stills_every_cursor(tmp_path: Path) -> None:
    async with talking(tmp_path, "motion: false\n") as person:
        assert person.app.animation_level == "none"
        assert not person.chat.prompt.cursor_blink
        await person.press("f2")
        await person.until(lambda: isinstance(person.app.focused, Input), "a field")
        assert isinstance(person.app.focused, Input) and not person.app.focused.cursor_blink
        await back(person)
        person.app.change_settings({("motion",): None})
        await person.until(lambda: person.chat.prompt.cursor_blink, "the cursor to blink again")
        assert person.app.animation_level == App().animation_level


async def test_settings_edited_elsewhere_count_at_once(tmp_path: Path) -> None:
    async with talking(tmp_path, "theme: nord\n") as person:
        path = tmp_path / "profile" / "settings.yaml"
        await person.until(lambda: person.app.theme == "nord", "the theme")
        path.write_text("theme: paper\nkeymap:\n  help: f11\n", encoding="utf-8")
        await person.until(lambda: person.app.theme == "paper", "the other theme")
        await person.sees("f11 help")
        path.write_text("theme: paper\nbell: loud\n", encoding="utf-8")
        await person.hears("settings.yaml:2:7: bell: expected one of auto, always, off, found 'loud'")
        await person.sees("f1 help")
        assert read_settings(path).settings.theme == "paper"


async def test_a_setting_that_cannot_be_written_counts_until_the_end(tmp_path: Path) -> None:
    async with talking(tmp_path, "theme: nord\n") as person:
        path = tmp_path / "profile" / "settings.yaml"
        path.unlink()
        path.mkdir()
        (path / "inside").touch()
        person.app.change_settings({("prompt_rows",): 4})
        await person.hears("settings.yaml: could not be written")


# Themes


async def test_the_picker_shows_each_theme_and_escape_restores(tmp_path: Path) -> None:
    async with talking(tmp_path, "theme: nord\n") as person:
        await person.send("/theme")
        await shows(person, ThemePicker)
        await person.sees("● nord", "Arctic night")
        await person.press("down")
        await person.until(lambda: person.app.theme == "okabe-ito", "the next theme")
        await person.press(*"light solar")
        await person.until(lambda: person.app.theme == "solarized-light", "the one that is left")
        assert chosen(tmp_path) == "theme: nord\n"
        await person.press("escape")
        await person.until(lambda: person.app.theme == "nord", "the theme of before")
        assert chosen(tmp_path) == "theme: nord\n"


async def test_the_picker_keeps_what_enter_takes(tmp_path: Path) -> None:
    async with talking(tmp_path, "theme: nord\n") as person:
        await person.press("ctrl+x", "t")
        await shows(person, ThemePicker)
        await person.press(*"paper", "enter")
        await person.until(lambda: chosen(tmp_path) == "theme: paper\n", "the choice in the file")
        assert person.app.theme == "paper"
        person.app.search_themes()
        await shows(person, ThemePicker)
        options = person.app.screen.query_one(OptionList)
        assert options.option_count == len(list(BUNDLED.glob("*.yaml")))


async def test_the_theme_of_one_start_is_not_remembered(tmp_path: Path) -> None:
    async with talking(tmp_path, "theme: nord\n", start=Start(theme="paper")) as person:
        assert person.app.theme == "paper"
        person.app.change_settings({("motion",): False})
        await person.until(lambda: "motion" in chosen(tmp_path), "the file")
        assert person.app.theme == "paper"
        assert "theme: nord" in chosen(tmp_path)
        (tmp_path / "profile" / "settings.yaml").write_text("theme: dracula\n", encoding="utf-8")
        await person.until(lambda: person.app.preferences.settings.theme == "dracula", "the file to be read")
        assert person.app.theme == "paper"


@pytest.mark.parametrize("name", ["mine", "nord"])
async def test_an_edited_theme_file_is_shown_and_a_broken_one_changes_nothing(tmp_path: Path, name: str) -> None:
    themes = tmp_path / "profile" / "themes"
    themes.mkdir(parents=True)
    path = themes / f"{name}.yaml"
    text = GOOD.replace("name: mine", f"name: {name}")
    if name == "mine":
        path.write_text(text, encoding="utf-8")
    async with talking(tmp_path, f"theme: {name}\n") as person:

        def ground() -> str:
            return str(person.chat.styles.background.hex).lower()

        await person.until(lambda: ground() == "#2e3440", "the colours of the file")
        path.write_text(text.replace("#2e3440", "#102030"), encoding="utf-8")
        await person.until(lambda: ground() == "#102030", "the new colours")
        path.write_text(text.replace('background: "#2e3440"', 'background: "#2e"'), encoding="utf-8")
        await person.hears(f"{name}.yaml:9:15: '#2e' is no colour")
        assert ground() == "#102030"
        path.write_text(text.replace("#2e3440", "#101010"), encoding="utf-8")
        await person.until(lambda: ground() == "#101010", "the mended colours")
