"""Text from models, tools, files and pastes acts on nothing and is shown as it is, wherever it comes to stand.

`running` checks at its end that the render guard had nothing to do: everything was cleaned at the door.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.events import Paste
from textual.widgets import Static

from hector_tui.ui.app import Start
from hector_tui.ui.text import clean
from hector_tui.ui.widgets.agent_cards import AgentCards
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.ui.hostile import PAYLOADS, acting, drawn
from tests.ui.support import Person, echo_config, running

KEEPER = """\
  keeper: {name: Keeper, description: Remembers, llm: loop, tools: [remember], memory: {long_term: {batch_size: 1}}}
"""
VISIBLE = ("[/]", "[@click=app.quit]", "[link=https://evil.example]")
ALL = "\n\n".join(text.strip("\n") for text in PAYLOADS.values() if len(text) < 5_000)
SIZE = (200, 60)


def _check(person: Person) -> None:
    """Nothing on the screen acts, and the app is the one that was started."""
    assert acting(drawn(person.app)) == []
    assert person.app.is_running


async def _walk_all_panels(person: Person) -> None:
    for key in ("f5", "f6", "f7"):
        await person.press(key)
        await person.pilot.pause()
        _check(person)
    await person.press("escape")


async def test_answers_thoughts_tool_calls_titles_and_questions(tmp_path: Path) -> None:
    call = WireCall("call_1", "remember", json.dumps({"text": ALL[:900]}))
    answers = [Answer(thinking=ALL, text=ALL, calls=(call,)), Answer(text=ALL + "\n\nthe end")]
    async with (
        LoopbackProvider(answers) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url, KEEPER)], size=SIZE) as person,
    ):
        await person.begin("keeper")
        await person.ask(clean(ALL))
        await person.until(lambda: person.answer.endswith("the end"), "the second answer")
        _check(person)
        for mark in VISIBLE:
            assert mark in person.answer
        transcript = person.chat.transcript
        for entry in person.active.document.entries:
            entry.toggle()
        await person.press("tab")
        for _ in range(30):
            transcript.action_scroll_pages(-1)
            await person.pilot.pause()
            _check(person)
        await _walk_all_panels(person)
        assert person.app.clipboard == ""


@pytest.mark.parametrize("name", ["osc 52 clipboard, ended by ST", "c1 csi", "rlo", "close tag", "action", "variable"])
async def test_markup_and_sequences_are_shown_literally_and_nothing_is_clickable(tmp_path: Path, name: str) -> None:
    text = PAYLOADS[name]
    async with (
        LoopbackProvider(Answer(text=f"before {text} after")) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)], size=(80, 24)) as person,
    ):
        await person.begin("echo")
        await person.ask(f"ask {clean(text)} this")
        await person.chat.desk.rename(person.active, f"title {text}")
        person.chat.refresh_tabs()
        await person.sees("before", "after", "title")
        _check(person)
        for y in range(1, 23):
            await person.pilot.click(offset=(12, y))
        assert person.app.is_running
        assert person.app.screen is person.chat
        if name in ("close tag", "action", "variable"):
            assert text.replace("\n", "") in person.screen_text


@pytest.mark.parametrize("name", ["osc 0 title", "csi erase screen", "tag characters", "close tag", "action"])
async def test_errors_of_a_provider(tmp_path: Path, name: str) -> None:
    body = json.dumps({"error": {"message": f"no: {PAYLOADS[name]}"}}).encode()
    async with (
        LoopbackProvider(Answer(status=400, raw=body, framing="length")) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        await person.ask("hello")
        await person.sees("no:")
        _check(person)
        await _walk_all_panels(person)


async def test_file_names_and_descriptions_of_agents(tmp_path: Path) -> None:
    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "bad\x1b]0;owned\x07[@click=app.quit]x[_].yaml").write_text("agents: {a: {llm: [}}", encoding="utf-8")
    described = json.dumps("\x1b]0;owned\x07 [/] \u202egnp.exe [@click=app.quit]now[/]")
    (folder / "odd.yaml").write_text(
        f"agents: {{odd: {{name: {described}, description: {described}, llm: offline}}}}\n", encoding="utf-8"
    )
    async with running(tmp_path / "profile", config=[folder]) as person:
        assert len(person.chat.query_one(AgentCards).agents) == 2
        await person.until(lambda: bool(person.remarks), "what is wrong with the file")
        for key in ("home", "end"):
            await person.press(key)
            await person.pilot.pause()
            _check(person)
        await person.begin("odd")
        _check(person)
        assert "[@click=app.quit]now[/]" in str(person.chat.query_one("#starters", Static).content)
        await person.press("ctrl+n")
        await person.pilot.pause()
        _check(person)


@pytest.mark.parametrize("text", [ALL, PAYLOADS["close tag"] * 50, "x" * 200_000], ids=["all", "markup", "long"])
async def test_pastes_and_drafts(tmp_path: Path, text: str) -> None:
    profile, config = tmp_path / "profile", [echo_config(tmp_path, "http://127.0.0.1:1/v1")]
    async with running(profile, config=config) as person:
        await person.begin("echo")
        person.chat.prompt.post_message(Paste(text.encode("utf-8", "replace").decode()))
        await person.until(lambda: len(person.chat.prompt.value) > len(text) // 2, "the paste")
        _check(person)
        assert person.active.is_empty
        await person.press("ctrl+q")
    async with running(profile, config=config, start=Start(restore=True)) as person:
        await person.until(lambda: len(person.chat.prompt.value) > len(text) // 2, "the draft")
        _check(person)
