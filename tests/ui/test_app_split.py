"""Two conversations side by side in the running app."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hector_tui.ui.app import Start
from hector_tui.ui.conversation import Conversation
from hector_tui.ui.screens.block_menu import BlockMenu
from hector_tui.ui.screens.dialogs import Confirm
from hector_tui.ui.screens.pager import PagerScreen
from hector_tui.ui.widgets.approval_bar import ApprovalBar
from hector_tui.ui.widgets.search_bar import SearchBar
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.support import Person, echo_config, running, stored

AGAIN = Start(restore=True)
BESIDE = "SELECT title FROM tabs JOIN sessions USING (session_id) WHERE beside"
CAREFUL = """\
agents:
  careful:
    name: Careful
    llm: offline
    memory: {long_term: {recall_scope: session}}
    tools: [ask_to_remember]
tools:
  ask_to_remember: {type: remember, require_approval: true}
"""


def _respond(request: ReceivedRequest) -> Answer:
    asked = str(request.body["messages"][-1]["content"])
    if asked.startswith("slow"):
        return Answer(text="drip\n\n" * 2_000, rate=40)
    return Answer(text=f"You said {asked}.\n\n" + "filler\n\n" * 3)


@asynccontextmanager
async def two(folder: Path, *, size: tuple[int, int] = (200, 40)) -> AsyncIterator[Person]:
    """The app with the tabs `left` and `right`, the second of them shown; both were asked something."""
    async with (
        LoopbackProvider(_respond) as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url)], size=size) as person,
    ):
        for title in ("left", "right"):
            conversation = await person.begin("echo")
            await person.ask(f"to {title}")
            await person.chat.desk.rename(conversation, title)
        person.chat.refresh_tabs()
        yield person


def tab(person: Person, title: str) -> Conversation:
    """An open conversation."""
    return next(each for each in person.chat.desk.workspace if each.info.title == title)


def beside(person: Person) -> str:
    """The title of what is shown beside; empty for nothing."""
    shown = person.chat.side.conversation
    assert person.chat.side.display is (shown is not None)
    if shown is None:
        return ""
    assert person.chat.side.transcript.document is shown.document
    assert shown is not person.active, "one conversation is shown twice"
    return shown.info.title


async def split(person: Person) -> None:
    """Show `left` beside `right`."""
    await person.press("f10")
    await person.until(lambda: beside(person) == "left", "left beside right")
    await person.until(lambda: "You said to left" in person.screen_text, "its answer")


async def test_the_tab_shown_before_comes_beside_and_goes_again(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await split(person)
        await person.sees("1 ○ left · ctrl+x x goes there", "You said to right")
        assert person.prompt_is_ready
        assert person.chat.inspector.display
        await person.press("f10")
        await person.until(lambda: beside(person) == "", "one conversation")
        assert "You said to left" not in person.screen_text


async def test_what_is_shown_beside_streams_and_counts_as_seen(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await person.press("alt+1")
        await person.until(lambda: person.active.info.title == "left", "left")
        await person.send("slow please")
        await person.until(lambda: person.active.is_live, "an answer")
        await person.chat.show_conversation(tab(person, "right"))
        await person.press("f10")
        await person.until(lambda: beside(person) == "left", "left beside right")
        rows = tab(person, "left").document.total_rows
        await person.until(lambda: tab(person, "left").document.total_rows > rows + 5, "a growing answer")
        assert "1 ● left" in person.screen_text
        person.chat.run_command(lambda: person.chat.desk.stop(tab(person, "left")))
        await person.until(lambda: not tab(person, "left").is_live, "the end")
        await person.until(lambda: tab(person, "left").seen_ordinal == 2, "it was seen")
        items = person.chat.desk.workspace.tab_items(person.chat.desk.activity)
        assert [item.unread for item in items] == [0, 0]
        assert not any("finished" in remark or "left" in remark for remark in person.remarks)


async def test_a_hidden_tab_stays_unread_where_there_is_no_room_beside(tmp_path: Path) -> None:
    async with two(tmp_path, size=(150, 40)) as person:
        await person.press("f10")
        await person.hears("need 160 columns and here are 150")
        assert beside(person) == ""
        await person.chat.desk.send(tab(person, "left"), "more")
        items = person.chat.desk.workspace
        await person.until(lambda: items.tab_items(person.chat.desk.activity)[0].unread == 1, "an unread tab")
        await person.pilot.resize_terminal(160, 40)
        await person.until(lambda: beside(person) == "left", "room for it")
        await person.until(lambda: items.tab_items(person.chat.desk.activity)[0].unread == 0, "it is seen")
        await person.pilot.resize_terminal(159, 40)
        await person.until(lambda: beside(person) == "", "no room any more")


async def test_the_two_change_places_by_key_by_click_and_by_switching(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await split(person)
        await person.press("ctrl+x", "x")
        await person.until(lambda: beside(person) == "right" and person.is_shown, "right beside left")
        assert person.active.info.title == "left"
        await person.write("a draft of the left one")
        await person.pilot.click("#side-title")
        await person.until(lambda: beside(person) == "left" and person.is_shown, "left beside right")
        assert person.chat.prompt.value == ""
        await person.press("alt+1")
        await person.until(lambda: beside(person) == "right" and person.is_shown, "right beside left again")
        assert person.chat.prompt.value == "a draft of the left one"
        await person.begin("echo")
        assert beside(person) == "right"


async def test_a_tab_is_named_by_number_or_title(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await person.begin("echo")
        await person.send("/split 1")
        await person.until(lambda: beside(person) == "left", "tab 1")
        await person.send("/split RIGHT")
        await person.until(lambda: beside(person) == "right", "the other title")
        await person.send("/split 3")
        await person.hears("is the one you are in")
        await person.send("/split nothing")
        await person.hears("No tab has the number or title 'nothing'")
        assert beside(person) == "right"


@pytest.mark.parametrize("which", ["beside", "active"])
@pytest.mark.parametrize("how", ["close", "delete"])
async def test_closing_and_deleting_either_leaves_one(tmp_path: Path, which: str, how: str) -> None:
    async with two(tmp_path) as person:
        await split(person)
        gone, stays = ("left", "right") if which == "beside" else ("right", "left")
        conversation = tab(person, gone)
        desk = person.chat.desk
        await (desk.close(conversation) if how == "close" else desk.delete(conversation))
        await person.chat.show_active()
        await person.until(lambda: beside(person) == "", "one conversation")
        assert person.active.info.title == stays
        await person.sees(f"You said to {stays}")
        assert f"You said to {gone}" not in person.screen_text


async def test_nothing_to_show_beside_is_said(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(_respond) as provider,
        running(tmp_path / "p", config=[echo_config(tmp_path, provider.base_url)], size=(200, 40)) as person,
    ):
        await person.begin("echo")
        await person.press("f10")
        await person.hears("There is no other tab to show beside this one")
        await person.press("ctrl+x", "x")
        await person.hears("No session stands beside this one; f10 shows one.")


async def test_the_keys_of_reading_act_where_the_focus_is(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await split(person)
        await person.press("ctrl+x", "B")
        await person.until(lambda: person.chat.side.transcript.has_focus, "the focus beside")
        await person.press("ctrl+f")
        bar = person.chat.query_one("#search", SearchBar)
        await person.until(lambda: bar.is_open, "the search bar")
        await person.sees("find in left")
        await person.press(*"said", "enter", "tab")
        await person.until(lambda: person.chat.side.transcript.has_focus, "the focus beside again")
        assert person.chat.side.transcript.searched is not None
        assert person.chat.transcript.searched is None
        await person.press("ctrl+t")
        await person.until(lambda: isinstance(person.app.screen, PagerScreen), "the pager")
        await person.sees("You said to left")
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversations")
        await person.until(lambda: "You said to left" in person.screen_text, "both are drawn")
        await person.press("escape")
        await person.until(lambda: person.chat.side.transcript.searched is None, "no highlights")
        await person.press("escape")
        await person.until(lambda: person.prompt_is_ready, "the prompt")
        assert beside(person) == "left"


async def test_what_the_menu_of_a_block_does_happens_where_the_block_stands(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await split(person)
        await person.write("my draft")

        async def menu(letter: str) -> None:
            person.chat.side.transcript.focus()
            person.chat.side.transcript.document.put_cursor(tab(person, "left").document.entries[0])
            await person.press("enter")
            await person.until(lambda: isinstance(person.app.screen, BlockMenu), "the menu")
            await person.press(letter)
            await person.until(lambda: person.app.screen is person.chat, "the conversations")

        await menu("r")
        await person.until(lambda: tab(person, "left").last_ordinal == 2, "asked again, in its own session")
        assert tab(person, "right").last_ordinal == 1
        assert person.chat.prompt.value == "my draft"
        await menu("e")
        await person.until(lambda: person.active.info.title == "left" and person.is_shown, "its own prompt")
        await person.until(lambda: person.chat.prompt.value == "to left", "the question in it")
        assert beside(person) == "right"


async def test_what_waits_in_the_one_beside_stands_in_its_title_and_is_decided_after_a_swap(tmp_path: Path) -> None:
    config = tmp_path / "careful.yaml"
    config.write_text(CAREFUL, encoding="utf-8")
    async with running(tmp_path / "profile", config=[config], size=(200, 40)) as person:
        left = await person.begin("careful")
        await person.chat.desk.rename(left, "left")
        await person.begin("careful")
        await person.press("f10")
        await person.until(lambda: beside(person) == "left", "left beside")
        await person.chat.desk.send(left, "remember that the ferry leaves at nine")
        await person.chat.desk.send(left, "and this waits")
        await person.sees("1 ! left · waits for you · 1 queued · ctrl+x x goes there")
        assert not person.chat.query_one(ApprovalBar).display
        await person.press("f8")
        await person.until(lambda: person.active is left and person.is_shown, "the session that asks")
        await person.sees("Careful wants to use remember")


async def test_older_turns_of_the_one_beside_come_when_it_is_scrolled(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        left = tab(person, "left")
        for number in range(40):
            await person.chat.desk.send(left, f"turn {number}")
        await person.until(lambda: person.chat.desk.activity(left.info.session_id).last_ordinal == 41, "forty turns")
        await person.until(lambda: not person.chat.desk.activity(left.info.session_id).running, "all of them")
        session_id = left.info.session_id
        await person.chat.desk.close(left)
        await person.chat.desk.open_behind([session_id])
        await split_again(person)
        assert person.chat.side.transcript.document.has_older
        person.chat.side.transcript.focus()
        await person.press("g")
        await person.sees("You said to left")


async def split_again(person: Person) -> None:
    """Show the only other tab beside."""
    await person.press("f10")
    await person.until(lambda: beside(person) == "left", "left beside")
    await person.sees("turn 39")


async def test_the_two_stand_side_by_side_again_after_a_restart(tmp_path: Path) -> None:
    async with two(tmp_path) as person:
        await person.press("f10")
        await person.until(lambda: beside(person) == "left", "the other one beside")
        await person.until(lambda: stored(tmp_path / "profile", BESIDE) == [("left",)], "it to be stored")
    async with running(tmp_path / "profile", config=[tmp_path / "echo.yaml"], start=AGAIN, size=(200, 40)) as person:
        await person.until(lambda: beside(person) == "left", "the other one beside again")
        assert person.active.info.title == "right"
        # The two change places, and one is closed: what is stored follows.
        await person.press("ctrl+x", "x")
        await person.until(lambda: stored(tmp_path / "profile", BESIDE) == [("right",)], "the other place")
        await person.until(lambda: beside(person) == "right", "the places changed")
        await person.press("f10")
        await person.until(lambda: stored(tmp_path / "profile", BESIDE) == [], "one alone")
    async with running(tmp_path / "profile", config=[tmp_path / "echo.yaml"], start=AGAIN, size=(200, 40)) as person:
        await person.until(lambda: person.is_shown, "the tabs")
        assert beside(person) == ""


async def test_a_link_and_a_picture_in_the_one_beside_ask_before_they_open(tmp_path: Path) -> None:
    def respond(request: ReceivedRequest) -> Answer:
        return Answer(text="[the book](https://book.example/p) and ![a cake](https://cake.example/c.png)")

    async with (
        LoopbackProvider(respond) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)], size=(200, 40)) as person,
    ):
        await person.begin("echo")
        await person.ask("what?")
        await person.begin("echo")
        await person.press("f10")
        await person.until(lambda: person.chat.side.conversation is not None, "the first one beside")
        side = person.chat.side.transcript
        for words, site in (("the book", "book.example"), ("a cake", "cake.example")):
            await person.sees(words)
            rows = person.screen_text.splitlines()
            row = next(number for number in range(side.region.y, len(rows)) if words in rows[number][side.region.x :])
            column = rows[row].index(words, side.region.x) + 2
            await person.pilot.click(offset=(column, row))
            await person.until(lambda: isinstance(person.app.screen, Confirm), "the question")
            await person.sees(f"Goes to: {site}")
            await person.press("escape")
            await person.until(lambda: person.app.screen is person.chat, "the conversation")
        # The keyboard comes to the same links.
        await person.press("escape")
        await person.until(lambda: person.prompt_is_ready, "the prompt")
        await person.press("ctrl+x", "B")
        await person.until(lambda: side.has_focus, "the pane beside")
        person.chat.action_links()
        await person.sees("Open a link", "https://book.example/p", "https://cake.example/c.png")
        await person.press("enter")
        await person.sees("Goes to: book.example")
