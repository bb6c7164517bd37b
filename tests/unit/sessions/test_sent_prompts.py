"""A search of everything that was sent, in a real database."""

from __future__ import annotations

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.sessions import sent_rows
from hector_tui.sessions.service import SessionService


async def send(sessions: SessionService, session_id: str, text: str, agent_id: str = "home") -> str:
    await sessions.create("home", session_id=session_id, title=f"title of {session_id}")
    return (await sessions.accept(SessionKey(session_id, agent_id), text)).turn_id


async def texts(sessions: SessionService, words: str = "", limit: int = 100) -> list[str]:
    return [prompt.text for prompt in await sessions.sent_prompts(words, limit)]


async def test_prompts_of_all_sessions_come_newest_first_and_once(sessions: SessionService) -> None:
    for session_id, text in (("s1", "one"), ("s2", "two"), ("s1", "three"), ("s2", "one")):
        await send(sessions, session_id, text)
    assert await texts(sessions) == ["one", "three", "two"]
    (newest, *_) = await sessions.sent_prompts("", 1)
    assert newest.session_title == "title of s2"


async def test_every_word_must_be_there_in_any_case(sessions: SessionService) -> None:
    for text in ("Compare WAL and rollback", "compare apples", "ÄPFEL und Birnen", "100% _sure_ of \\this"):
        await send(sessions, "s1", text)
    assert await texts(sessions, "wal COMPARE") == ["Compare WAL and rollback"]
    assert await texts(sessions, "äpfel") == ["ÄPFEL und Birnen"]
    assert await texts(sessions, "100%") == ["100% _sure_ of \\this"]
    assert await texts(sessions, "%") == ["100% _sure_ of \\this"]
    assert await texts(sessions, "_") == ["100% _sure_ of \\this"]
    assert await texts(sessions, "\\t") == ["100% _sure_ of \\this"]
    assert await texts(sessions, "nothing") == []


async def test_a_prompt_is_written_so_that_it_reaches_the_same_agent(sessions: SessionService) -> None:
    turn_id = await send(sessions, "s1", "1 + 1", "math_bot")
    await send(sessions, "s1", "1 + 1")
    assert await texts(sessions) == ["1 + 1", "@math_bot 1 + 1"]
    assert await sessions.sent_text(turn_id) == "@math_bot 1 + 1"


async def test_a_long_prompt_is_listed_by_its_beginning_and_given_whole(sessions: SessionService) -> None:
    pasted = "x" * 10_000
    turn_id = await send(sessions, "s1", pasted + "1")
    await send(sessions, "s1", pasted + "23")
    assert [len(text) for text in await texts(sessions)] == [sent_rows.SHOWN] * 2
    assert await sessions.sent_text(turn_id) == pasted + "1"


async def test_the_search_is_bounded(sessions: SessionService, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(9):
        await send(sessions, "s1", f"prompt {number}")
    assert await texts(sessions, "prompt", 3) == ["prompt 8", "prompt 7", "prompt 6"]
    monkeypatch.setattr(sent_rows, "_SEARCH", sent_rows._SEARCH.replace(str(sent_rows.NEWEST), "5"))
    assert await texts(sessions, "prompt") == [f"prompt {number}" for number in (8, 7, 6, 5, 4)]


async def test_a_message_of_files_alone_is_not_offered(sessions: SessionService) -> None:
    await send(sessions, "s1", "")
    assert await texts(sessions) == []
