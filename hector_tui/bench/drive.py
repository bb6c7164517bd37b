"""Sending a plan's prompts to an engine in another thread, as the interface does, and reading every answer."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence

from hector_tui.bench.heard import Ending, Heard, digest
from hector_tui.bench.plan import BURST, Plan, Prompt
from hector_tui.domain.events import RunCancelled, RunFailed, RunFinished, TextDelta
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.run import Run
from hector_tui.engine.thread import EngineThread
from hector_tui.errors import HectorError, SessionBusy

OUTSTANDING = 100
"""Turns that are accepted and not answered yet, at most."""

Told = Callable[[int], None]

logger = logging.getLogger(__name__)


class Driver:
    """Sends what one process has to send.

    Args:
        engine: Runs in its own thread.
        plan: What is sent.
        told: Called after every burst with the number of prompts that are done.
    """

    def __init__(self, engine: EngineThread, plan: Plan, told: Told) -> None:
        self._engine = engine
        self._plan = plan
        self._told = told
        self._seats = asyncio.Semaphore(OUTSTANDING // BURST)
        self._heard: dict[str, Heard] = {}

    async def drive(self, sender: int) -> dict[str, Heard]:
        """Send everything a process has to send, many sessions side by side; returns what was heard, by nonce.

        Raises:
            HectorError: A session could not be made.
        """
        async with asyncio.TaskGroup() as group:
            for bursts in self._plan.bursts(sender):
                group.create_task(self._talk(bursts))
        return self._heard

    async def _talk(self, bursts: Sequence[Sequence[Prompt]]) -> None:
        """One session: within a burst no answer is waited for, so turns queue, interrupt or are refused."""
        for number, burst in enumerate(bursts):
            async with self._seats:
                if not number:
                    await create(self._engine, burst[0].key)
                readers = [(prompt, await self._send(prompt)) for prompt in burst]
                for prompt, reader in readers:
                    if reader is not None:
                        self._heard[prompt.nonce] = await reader
            self._told(len(self._heard))

    async def _send(self, prompt: Prompt) -> asyncio.Task[Heard] | None:
        """Send one prompt and begin to read its answer; a refusal is noted at once."""
        try:
            return await send(self._engine, prompt.key, prompt.text)
        except SessionBusy:
            self._heard[prompt.nonce] = Heard(ending=Ending.REFUSED)
        except HectorError as error:
            logger.warning("a prompt was not accepted: %s", error)
            self._heard[prompt.nonce] = Heard(ending=Ending.UNSENT)
        return None


async def create(engine: EngineThread, key: SessionKey) -> None:
    """Make the session of a key, if it is not there.

    Raises:
        HectorError: It could not be made.
    """
    await engine.call(lambda opened: opened.chat.create_session(key.agent_id, session_id=key.session_id))


async def send(engine: EngineThread, key: SessionKey, text: str) -> asyncio.Task[Heard]:
    """Send a message; it is stored when this returns, and the task reads the answer.

    Raises:
        HectorError: It was not accepted.
    """
    began = time.perf_counter()
    run = await engine.call(lambda opened: opened.chat.send(key, text))
    return asyncio.create_task(listen(run, began))


async def ask(engine: EngineThread, key: SessionKey, text: str) -> Heard:
    """Send a message and read its answer to the end.

    Raises:
        HectorError: It was not accepted, or not answered.
    """
    heard = await (await send(engine, key, text))
    if heard.ending is not Ending.FINISHED or heard.first_word_s is None:
        raise HectorError(f"a request of the benchmark {heard.ending.value} without an answer", where=str(key))
    return heard


async def listen(run: Run, began: float) -> Heard:
    """Read a run to its end.

    Args:
        run: Its engine runs in another thread.
        began: `time.perf_counter()` of the send.
    """
    first_event: float | None = None
    first_word: float | None = None
    ends: list[Ending] = []
    words: list[str] = []
    reader = run.output.reader()
    try:
        async for record in reader:
            first_event = first_event or time.perf_counter()
            match record.event:
                case TextDelta(text):
                    first_word = first_word or time.perf_counter()
                    words.append(text)
                case RunFinished():
                    ends.append(Ending.FINISHED)
                case RunCancelled():
                    ends.append(Ending.CANCELLED)
                case RunFailed():
                    ends.append(Ending.FAILED)
                case _:
                    pass
    finally:
        reader.close()
    return Heard(
        ending=ends[0] if len(ends) == 1 else Ending.UNENDED,
        said=digest("".join(words)),
        first_event_s=None if first_event is None else first_event - began,
        first_word_s=None if first_word is None else first_word - began,
    )
