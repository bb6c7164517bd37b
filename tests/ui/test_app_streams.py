"""Several sessions at once: nothing of one may ever show in, or be stored under, another."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path

import pytest

from hector_tui.ui.conversation import Conversation
from tests.provider import LoopbackProvider, echo
from tests.ui.support import Person, echo_config, running, stored

TABS = 8
WORDS = 250
RATE = 50.0
"""Tokens per second and tab, as a fast model streams."""


def _nonce(number: int) -> str:
    return f"{number:08x}"


def _expected(number: int) -> str:
    return " ".join(f"{_nonce(number)}:{word}" for word in range(WORDS))


def _answer_of(profile: Path, session_id: str) -> str:
    """The stored text of the only answer in a session."""
    ((parts,),) = stored(
        profile, "SELECT parts FROM messages WHERE session_id = ? AND role = 'assistant' ORDER BY seq", session_id
    )
    return "".join(part["text"] for part in json.loads(str(parts)))


def _shows_all_of(person: Person, conversation: Conversation, number: int) -> bool:
    """Whether this tab is shown, nothing runs in it, and its answer is the one that belongs to it."""
    return person.active is conversation and not conversation.is_live and person.answer == _expected(number)


def _shows_another_than(person: Person, before: Conversation) -> bool:
    """Whether another tab is shown, with something in it."""
    shown = person.active
    return shown is not before and person.chat.transcript.document is shown.document and bool(person.answer)


async def _walk_until_all_have_ended(person: Person) -> int:
    """Go through the tabs by the keys while they stream; returns how many switches there were."""
    switches = 0
    conversations = list(person.chat.desk.workspace)
    while any(person.chat.desk.activity(one.info.session_id).running for one in conversations):
        before = person.active
        person.tap("ctrl+pagedown")
        await person.until(partial(_shows_another_than, person, before), "the next tab, and words of it")
        switches += 1
    return switches


@pytest.mark.timeout(120)
async def test_eight_tabs_stream_at_once_and_each_gets_exactly_its_own_text(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=WORDS, rate=RATE)) as provider,
        running(profile, config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        conversations = [await person.begin("echo") for _ in range(TABS)]
        desk = person.chat.desk
        await asyncio.gather(*(desk.send(one, f"say {_nonce(number)}") for number, one in enumerate(conversations)))
        await provider.until(lambda server: len(server.posts) == TABS)
        assert all(desk.activity(one.info.session_id).running for one in conversations), "they do not stream at once"
        assert await _walk_until_all_have_ended(person) > 2 * TABS
        for number, conversation in enumerate(conversations):
            await person.press(f"alt+{number + 1}")
            await person.until(partial(_shows_all_of, person, conversation, number), "the tab with its own text")
            assert _answer_of(profile, conversation.info.session_id) == _expected(number)
    assert sorted(len(request.body["messages"]) for request in provider.posts) == [1] * TABS


async def test_a_hidden_tab_shows_that_it_was_answered(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=30)) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        hidden = await person.begin("echo")
        await person.begin("echo")
        await person.chat.desk.send(hidden, f"say {_nonce(1)}")
        await person.sees("•1")
        await person.press("alt+1")
        await person.until(lambda: person.answer.startswith(_nonce(1)), "the answer")
        await person.until(lambda: "•1" not in person.screen_text, "the mark to go")


async def test_messages_sent_while_an_answer_comes_wait_in_order(tmp_path: Path) -> None:
    async with (
        LoopbackProvider(lambda request: echo(request.body, words=40, rate=100.0)) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        for number in range(3):
            await person.send(f"say {_nonce(number)}")
            await person.until(lambda: not person.chat.prompt.value, "the message to be taken")
        await person.until(lambda: len(person.active.questions) == 3 and not person.active.is_live, "three answers")
        assert person.active.questions == [f"say {_nonce(number)}" for number in range(3)]
        texts = [entry.source_text() for entry in person.active.document.entries]
        assert [text.split(":")[0] for text in texts if ":0 " in text] == [_nonce(number) for number in range(3)]
