"""Several agents in one session: who is asked, who answers, and everything beside it that follows the right one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from hector_tui.ui.app import Start
from hector_tui.ui.widgets.status_line import StatusLine
from tests.provider import LoopbackProvider, echo
from tests.provider.answers import Answer
from tests.ui.support import Person, echo_config, running, stored

OTHER = """\
  other:
    name: Other
    description: The second one
    llm: loop
"""


def _answer(request: object) -> Answer:
    body: Mapping[str, Any] = request.body  # type: ignore[attr-defined]
    slow = "slow" in str(body["messages"][-1]["content"])
    return echo(body, words=400 if slow else 3, rate=8.0 if slow else 0)


@asynccontextmanager
async def two_agents(tmp_path: Path, start: Start | None = None) -> AsyncIterator[Person]:
    async with (
        LoopbackProvider(_answer) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url, OTHER)], start=start) as person,
    ):
        if start is None:
            await person.begin("echo")
        yield person


def _status(person: Person) -> str:
    return person.chat.query_one(StatusLine).info.agent


async def test_an_addressed_message_goes_to_that_agent_and_all_of_it_is_seen_again(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as person:
        await person.ask("0000000a to the first")
        await person.ask("@other 0000000b to the second")
        await person.sees("you → other", "Other · loop-1", "0000000b:2")
        assert stored(tmp_path / "profile", "SELECT agent_id, text FROM turns ORDER BY ordinal") == [
            ("echo", "0000000a to the first"),
            ("other", "0000000b to the second"),
        ]
        # Each has its own history.
        rows = stored(tmp_path / "profile", "SELECT agent_id, seq, role FROM messages ORDER BY agent_id, seq")
        assert rows == [("echo", 1, "user"), ("echo", 2, "assistant"), ("other", 1, "user"), ("other", 2, "assistant")]
        await person.press("up")
        assert person.chat.prompt.value == "@other 0000000b to the second"
    async with two_agents(tmp_path, Start(restore=True)) as person:
        await person.sees("you → other", "Other · loop-1", "Echo · loop-1")
        await person.send("/retry")
        await person.until(lambda: person.active.last_ordinal == 3 and not person.active.is_live, "the answer")
        assert stored(tmp_path / "profile", "SELECT agent_id, text FROM turns WHERE ordinal = 3") == [
            ("other", "0000000b to the second")
        ]


async def test_status_and_context_are_those_of_whom_the_draft_names(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as person:
        await person.ask("0000000a a question that only the first one knows")
        await person.sees("the first one knows")
        assert _status(person) == "Echo"
        await person.write("@other 0000000c what")
        await person.until(lambda: _status(person) == "Other", "the other's status")
        session_id = person.active.info.session_id

        def sections() -> str:
            view = person.chat.feeder.context_of(session_id)
            return str(view)

        await person.until(lambda: "0000000c what" in sections() and "@other" not in sections(), "the other's context")
        assert "only the first one knows" not in sections()


async def test_the_queue_says_whom_a_message_waits_for_and_gives_it_back_as_it_was(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as person:
        await person.send("@other slow 0000000a")
        await person.sees("0000000a:1")
        assert _status(person) == "Other"
        await person.send("@other 0000000b second")
        await person.sees("◔ @other 0000000b second")
        # Another agent of the session is free.
        await person.send("0000000c meanwhile")
        await person.sees("0000000c:2")
        person.tap("up")
        await person.until(lambda: person.chat.prompt.value == "@other 0000000b second", "the message in the prompt")
        person.tap("ctrl+c")
        person.tap("escape")
        await person.sees("esc again to stop")
        person.tap("escape")
        await person.until(lambda: not person.active.is_live, "the end of the answer")
        assert stored(tmp_path / "profile", "SELECT agent_id, status FROM turns ORDER BY ordinal") == [
            ("other", "cancelled"),
            ("echo", "done"),
        ]


async def test_a_name_nobody_has_is_text(tmp_path: Path) -> None:
    async with two_agents(tmp_path) as person:
        await person.ask("@nobody 0000000a hello")
        assert stored(tmp_path / "profile", "SELECT agent_id, text FROM turns") == [("echo", "@nobody 0000000a hello")]
