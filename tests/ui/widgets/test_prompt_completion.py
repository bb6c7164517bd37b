"""The prompt's popup, driven by keys: what opens and closes it, and what Enter, Tab, Esc and the arrows do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import ClassVar

import pytest
from textual import events
from textual._xterm_parser import XTermParser
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.pilot import Pilot
from textual.widgets import Static

from hector_tui.engine.views import AgentView
from hector_tui.ui.completion.commands import Argument, ArgumentSource
from hector_tui.ui.completion.source import PromptSource
from hector_tui.ui.widgets.completion import CompletionPopup
from hector_tui.ui.widgets.prompt import Prompt

AGENTS = {
    agent_id: AgentView(agent_id=agent_id, name=agent_id, description=f"{agent_id} helps", model="m", readiness="ready")
    for agent_id in ("assistant", "math_bot")
}
AGENTS["broken"] = AgentView(agent_id="broken", name="broken", description="", model="", readiness="disabled")


class CompletingApp(App[None]):
    """A prompt with its popup over a transcript."""

    CSS = """
    #main { layers: base popup; }
    #transcript { height: 1fr; }
    CompletionPopup { layer: popup; dock: bottom; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "note('escape')"),
    ]

    def __init__(self, folder: Path, arguments: Mapping[str, ArgumentSource]) -> None:
        super().__init__()
        self.prompt = Prompt(sent=["/help", "@notes.md"])
        self.popup = CompletionPopup()
        self.source = PromptSource(lambda: AGENTS, arguments, folder, lambda command: command.keys.partition(",")[0])
        self.submitted: list[str] = []
        self.mentions: list[tuple[str, ...]] = []
        self.noted: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical(id="main"):
            yield Static(id="transcript")
            yield self.popup
            yield self.prompt

    def on_mount(self) -> None:
        self.prompt.use_completion(self.popup, self.source)

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        self.submitted.append(message.text)
        self.mentions.append(message.mentions)

    def action_note(self, what: str) -> None:
        self.noted.append(what)


async def slow_themes() -> Sequence[Argument]:
    await asyncio.sleep(0)
    return [Argument(value=name) for name in ("nord", "dracula", "gruvbox")]


Started = tuple[CompletingApp, Prompt, CompletionPopup, Pilot[None]]


@asynccontextmanager
async def started(folder: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Started]:
    for name in ("notes.md", "my file.txt", "src/app.py"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("x", encoding="utf-8")
    app = CompletingApp(folder, {"theme": slow_themes})
    async with app.run_test(size=size) as pilot:
        app.prompt.focus()
        await pilot.pause()
        yield app, app.prompt, app.popup, pilot


async def until_offered(popup: CompletionPopup, *labels: str) -> None:
    async with asyncio.timeout(10):
        while [row.label for row in popup.rows] != list(labels):  # noqa: ASYNC110 - rows are plain values
            await asyncio.sleep(0.005)


def labels(popup: CompletionPopup) -> list[str]:
    return [row.label for row in popup.rows] if popup.display else []


# Commands


async def test_a_slash_lists_every_command_and_letters_filter_it(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press("slash")
        assert len(labels(popup)) > 20
        await pilot.press(*"polic")
        assert labels(popup) == ["/policy"]
        (row,) = popup.rows
        assert (row.hint, row.detail) == ("enqueue|interrupt|reject", "What a message does while an answer comes")
        assert popup.region.bottom == prompt.region.y
        await pilot.press("ctrl+u")
        assert labels(popup) == []


async def test_an_alias_is_found_by_its_own_name(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, _, popup, pilot):
        await pilot.press(*"/resu")
        assert labels(popup)[0] == "/sessions (resume)"


async def test_enter_runs_a_command_that_takes_nothing(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, _, pilot):
        await pilot.press(*"/hel", "enter")
        assert app.submitted == ["/help"]


async def test_a_whole_burst_does_the_same_as_slow_typing(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, _, pilot):
        driver = app._driver
        assert driver is not None
        for event in list(XTermParser().feed("/hel\r")):
            driver.send_message(event)
        await pilot.pause()
        assert app.submitted == ["/help"]


async def test_enter_writes_a_command_that_takes_something_and_offers_that(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, popup, pilot):
        await pilot.press(*"/pol", "enter")
        assert prompt.text == "/policy "
        await until_offered(popup, "enqueue", "interrupt", "reject")
        assert popup.chosen is None
        await pilot.press(*"int")
        await until_offered(popup, "interrupt")
        await pilot.press("enter")
        assert app.submitted == ["/policy interrupt"]


async def test_a_command_written_in_full_is_sent_as_it_is(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, popup, pilot):
        await pilot.press(*"/theme", "enter")
        assert app.submitted == ["/theme"]
        prompt.refuse()
        await pilot.press("space")
        await until_offered(popup, "nord", "dracula", "gruvbox")
        await pilot.press("enter")
        assert app.submitted == ["/theme", "/theme"]


async def test_arguments_come_from_whoever_knows_them(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, popup, pilot):
        await pilot.press(*"/theme ")
        await until_offered(popup, "nord", "dracula", "gruvbox")
        await pilot.press("down", "down", "enter")
        assert app.submitted == ["/theme dracula"]


async def test_free_text_is_not_completed(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, popup, pilot):
        await pilot.press(*"/rename nord")
        await pilot.pause()
        assert labels(popup) == []
        await pilot.press("enter")
        assert app.submitted == ["/rename nord"]


@pytest.mark.parametrize("text", ["/etc/hosts", "hello /", "1/2"])
async def test_a_path_opens_nothing(tmp_path: Path, text: str) -> None:
    async with started(tmp_path) as (_, _, popup, pilot):
        await pilot.press(*(" " if key == " " else key for key in text))
        assert labels(popup) == []


# Moving, leaving


async def test_arrows_choose_and_go_around(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press("slash")
        rows = popup.rows
        await pilot.press("up")
        assert popup.chosen == rows[-1]
        await pilot.press("down", "down")
        assert popup.chosen == rows[1]
        assert prompt.text == "/"


async def test_what_was_chosen_by_hand_stays_chosen_while_one_types_on(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, _, popup, pilot):
        await pilot.press(*"/re")
        names = labels(popup)
        await pilot.press("down")
        assert popup.chosen is not None
        assert popup.chosen.label == names[1]
        chosen = popup.chosen.label
        await pilot.press(chosen[3])
        assert popup.chosen.label == chosen


async def test_escape_closes_until_another_word_begins_and_tab_opens_again(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, popup, pilot):
        await pilot.press(*"/th", "escape")
        assert (labels(popup), app.noted) == ([], [])
        await pilot.press("e")
        assert labels(popup) == []
        await pilot.press("escape")
        assert app.noted == ["escape"]
        await pilot.press("tab")
        assert labels(popup)[0] == "/theme"
        await pilot.press("escape", "ctrl+u", "slash")
        assert len(labels(popup)) > 20


async def test_tab_is_the_apps_where_nothing_can_be_completed(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, _, pilot):
        transcript = app.query_one("#transcript")
        transcript.can_focus = True
        await pilot.press(*"hello", "tab")
        assert app.focused is transcript


async def test_tab_writes_and_sends_nothing(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, _, pilot):
        await pilot.press(*"/hel", "tab")
        assert (prompt.text, app.submitted) == ("/help", [])


async def test_leaving_the_word_or_the_prompt_closes_it(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, popup, pilot):
        await pilot.press(*"/th", "home")
        assert labels(popup) == []
        await pilot.press("ctrl+k", *"/th")
        assert labels(popup) != []
        app.screen.set_focus(None)
        await pilot.pause()
        assert labels(popup) == []
        prompt.focus()
        await pilot.press("ctrl+u", *"/th")
        prompt.restore("/th")
        await pilot.pause()
        assert labels(popup) == []


async def test_history_opens_nothing_and_goes_on_walking(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press("up")
        assert (prompt.text, labels(popup)) == ("@notes.md", [])
        await pilot.press("up")
        assert (prompt.text, labels(popup)) == ("/help", [])
        await pilot.press("down", "down")
        assert prompt.text == ""


async def test_undo_takes_a_completion_back_and_redo_brings_it_again(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, _, pilot):
        await pilot.press(*"/pol", "tab")
        assert prompt.text == "/policy "
        await pilot.press("ctrl+z")
        assert prompt.text == "/pol"
        await pilot.press("ctrl+y")
        assert prompt.text == "/policy "


async def test_undo_goes_back_over_words_a_paste_a_completion_and_history(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press(*"see ")
        prompt.post_message(events.Paste("1\n" * 42))
        await pilot.pause()
        await pilot.press("wait:100", "space", "at", *"src/a")
        await until_offered(popup, "src/app.py")
        await pilot.press("tab")
        await pilot.press("home", "up")
        prompt.rewrite("from elsewhere")
        values = [prompt.value]
        undone = 0
        while prompt.value:
            await pilot.press("ctrl+z")
            values.append(prompt.value)
            undone += 1
        pasted = "see " + "1\n" * 42
        assert values[1] == "@notes.md"
        assert values[2] == f"{pasted} @src/app.py "
        assert values[3] == f"{pasted} @src/a"
        assert pasted in values
        assert values[-2:] == ["see ", ""]
        await pilot.press(*["ctrl+y"] * undone)
        assert prompt.text == "from elsewhere"


# Pastes


async def test_a_pasted_line_break_chooses_nothing(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, _, pilot):
        driver = app._driver
        assert driver is not None
        paste = "\x1b[200~/hel\x1b[201~\r\x1b[201~"
        for event in list(XTermParser().feed(paste)):
            driver.send_message(event)
        await pilot.pause()
        assert (app.submitted, prompt.text) == ([], "/hel\n")


async def test_a_folded_paste_names_no_files(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, _, pilot):
        prompt.post_message(events.Paste("see @notes.md\n" * 50))
        await pilot.pause()
        await pilot.press("wait:100", *" @src/app.py ", "enter")
        assert app.mentions == [("src/app.py",)]
        assert "see @notes.md" in app.submitted[0]


# Agents and files


async def test_an_agent_at_the_beginning_and_files_behind(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, prompt, popup, pilot):
        await pilot.press("at", "m")
        assert labels(popup)[0] == "@math_bot"
        await until_offered(popup, "@math_bot", "my file.txt", "notes.md")
        await pilot.press("enter")
        assert (prompt.text, app.submitted) == ("@math_bot ", [])
        await pilot.press("at", "m")
        await until_offered(popup, "my file.txt", "notes.md")


async def test_a_name_with_spaces_is_quoted_and_a_folder_opens(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press(*"see ", "at", *"my f")
        await pilot.press("ctrl+u", *"see ", "at", *"file")
        await until_offered(popup, "my file.txt")
        await pilot.press("tab")
        assert prompt.text == 'see @"my file.txt" '
        await pilot.press("at", *"sr")
        await until_offered(popup, "src/", "src/app.py")
        await pilot.press("tab")
        assert prompt.text == 'see @"my file.txt" @src/'
        await until_offered(popup, "src/app.py")
        await pilot.press("enter")
        assert prompt.text == 'see @"my file.txt" @src/app.py '
        assert prompt.mentions == ("my file.txt", "src/app.py")


async def test_a_file_written_in_full_is_sent(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _, popup, pilot):
        await pilot.press(*"see ", "at", *"notes.m")
        await until_offered(popup, "notes.md")
        await pilot.press("d")
        await until_offered(popup)
        await pilot.press("enter")
        assert app.submitted == ["see @notes.md"]


async def test_a_click_chooses(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press("slash")
        await pilot.click(popup, offset=(5, 2))
        assert prompt.text == "/rename "
        assert prompt.has_focus


# Sizes


@pytest.mark.parametrize(("size", "rows"), [((80, 24), 8), ((40, 12), 6), ((200, 60), 8), ((20, 8), 2)])
async def test_it_stays_on_the_screen_and_scrolls(tmp_path: Path, size: tuple[int, int], rows: int) -> None:
    async with started(tmp_path, size) as (app, prompt, popup, pilot):
        await pilot.press("slash")
        assert popup.region.height == rows
        assert popup.region.bottom == prompt.region.y
        for _ in range(len(popup.rows)):
            assert popup.chosen is not None
            text = [strip.text for strip in app.screen._compositor.render_strips()]
            assert any(f"▸ {popup.chosen.label[: size[0] - 4]}" in line for line in text)
            await pilot.press("down")


async def test_it_follows_a_prompt_that_grows(tmp_path: Path) -> None:
    async with started(tmp_path) as (_, prompt, popup, pilot):
        await pilot.press(*"one", "ctrl+j", *"two", "ctrl+j", "at", "n")
        await until_offered(popup, "notes.md")
        await pilot.pause()
        assert prompt.size.height == 3
        assert popup.region.bottom == prompt.region.y
