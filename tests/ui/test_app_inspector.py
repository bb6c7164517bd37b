from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from hector_tui.ui.screens.dialogs import Confirm
from hector_tui.ui.widgets.lines_view import LinesView
from tests.provider import Answer, LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored

KEEPER = """\
  keeper:
    name: Keeper
    description: Remembers
    llm: loop
    memory: {strategy: buffer_window, window_size: 20, long_term: {batch_size: 1, auto_recall: true}}
"""


def _lines(person: Person) -> str:
    """All lines of the shown panel, also those out of view."""
    view = person.chat.inspector.query_one(LinesView)
    return "\n".join(view._strip(y).text.rstrip() for y in range(view.line_count))


@asynccontextmanager
async def inspecting(folder: Path, answer: Answer | None = None) -> AsyncIterator[Person]:
    """The app with a tab whose agent has long-term memory."""
    async with (
        LoopbackProvider(answer or Answer(text="As you like.")) as provider,
        running(folder / "profile", config=[echo_config(folder, provider.base_url, KEEPER)]) as person,
    ):
        await person.begin("keeper")
        yield person


async def test_the_context_shows_the_draft_that_would_be_sent(tmp_path: Path) -> None:
    async with inspecting(tmp_path) as person:
        await person.until(lambda: "what Enter would send now" in _lines(person), "the next request")
        await person.write("zebra stripes")
        await person.until(lambda: "zebra stripes" in _lines(person), "the draft in the request")


async def test_frames_of_an_answer_begin_no_tasks_of_their_own(tmp_path: Path) -> None:
    async with inspecting(tmp_path, Answer(text="word " * 1_000, rate=50)) as person:
        await person.send("count please")
        await person.until(lambda: "word" in person.answer, "an answer")
        await person.until(lambda: person.chat.feeder.again(), "a fetch under way")
        for _ in range(5):
            person.chat._drawn(False)
        assert [worker.group for worker in person.app.workers].count("inspector") == 1
        assert "seen" not in [worker.group for worker in person.app.workers]
        await person.press("escape", "escape", "escape")


async def test_panels_follow_a_running_turn(tmp_path: Path) -> None:
    async with inspecting(tmp_path, Answer(text="word " * 1_000, rate=50)) as person:
        await person.send("count please")
        await person.until(lambda: "word" in person.answer, "an answer")
        await person.until(lambda: "model call 1, sent" in _lines(person), "the request of the running turn")
        assert "count please" in _lines(person)
        await person.press("f6")
        await person.until(lambda: "turn 1  running" in _lines(person), "the running turn in the history")
        await person.press("escape", "escape", "escape")
        await person.until(lambda: "turn 1  cancelled" in _lines(person), "the cancelled turn in the history")


async def test_a_memory_is_forgotten_only_after_a_question(tmp_path: Path) -> None:
    profile = tmp_path / "profile"
    async with inspecting(tmp_path) as person:
        await person.send("/remember The cat is called Ada")
        await person.hears("Remembered.")
        await person.press("f7")
        await person.until(lambda: "The cat is called Ada" in _lines(person), "the memory")
        await person.press("n", "d")
        await person.until(lambda: isinstance(person.app.screen, Confirm), "the question")
        await person.sees("Forget this memory?", "The cat is called Ada")
        await person.press("escape")
        await person.until(lambda: person.app.screen is person.chat, "the answer no")
        assert len(stored(profile, "SELECT 1 FROM memories")) == 1
        await person.press("d")
        await person.until(lambda: isinstance(person.app.screen, Confirm), "the question again")
        await person.press("right")
        await person.pilot.pause(0.05)  # Faster than a hand, Confirm takes no Enter for a yes.
        await person.press("enter")
        await person.until(lambda: "The cat is called Ada" not in _lines(person), "the memory to go")
        assert stored(profile, "SELECT text FROM memories") == []


async def test_what_was_recalled_is_shown(tmp_path: Path) -> None:
    async with inspecting(tmp_path) as person:
        await person.send("/remember The cat is called Ada")
        await person.hears("Remembered.")
        await person.press("f7")
        await person.until(lambda: "indexed 1 " in _lines(person), "the index")
        await person.press("escape")
        await person.ask("What is the cat called?")
        await person.press("f7")
        await person.until(lambda: "recalled for the last turn (1)" in _lines(person), "the recall")
        await person.press("escape")
        assert person.prompt_is_ready
        await person.sees("recalled 1 memory")
