"""`python -m tests.faults.child ROOT`: an engine in a process of its own, to be killed or to share a profile with.

Standard input takes one command a line, `SESSION TEXT`, and sends the text to that session; its end closes the engine.
Standard output tells, a line each:

    open INTERRUPTED             the engine is open; how many interrupted turns it found
    sent TURN SESSION TEXT       the message is accepted
    token TURN COUNT AT          so many tokens were streamed, the last at this time (seconds since the epoch)
    ended TURN STATUS
"""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from pathlib import Path
from unittest.mock import patch

from hector_tui.domain.events import TextDelta
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Gate, Script, ScriptStep, last_user_text
from hector_tui.memory import indexer
from tests.support.engine import AGENT, Config, config_of, start_engine
from tests.support.memory import PROMPT_TIMING

STREAM = "stream"
"""A message that begins with this word is answered with tokens until the process ends."""
CONFIG: Config = config_of(memory={"long_term": {"recall_scope": "session"}})
_TOKENS_PER_SECOND = 200
_TOKENS = 12_000
_PATIENCE_S = 40.0


class Pace:
    """So many steps a second. Each has its time from the first on: pauses alone would add up what they oversleep."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._steps = 0
        self._began = 0.0

    async def wait(self) -> None:
        """Until the next step is due."""
        loop = asyncio.get_running_loop()
        self._began = self._began or loop.time()
        self._steps += 1
        await asyncio.sleep(max(0.0, self._began + self._steps / self._per_second - loop.time()))


def token(number: int) -> str:
    """The token with a number, from 1."""
    return f"t{number} "


def answer(request: ModelRequest, _number: int) -> ScriptStep:
    """What the agent says: a stream for who asks for one, else a short sentence."""
    question = last_user_text(request)
    if not question.startswith(STREAM):
        return (TextChunk(f"re: {question}"),)
    pace = Gate(Pace(_TOKENS_PER_SECOND).wait)
    return tuple(action for number in range(1, _TOKENS + 1) for action in (TextChunk(token(number)), pace))


def tell(*words: object) -> None:
    """One line, at once, so that a killed process has said it."""
    sys.stdout.write(" ".join(str(word) for word in words) + "\n")
    sys.stdout.flush()


async def report(run: Run) -> None:
    """Tell what a run says."""
    turn_id = run.turn.turn_id
    count = 0
    async for record in run.output.reader():
        if isinstance(record.event, TextDelta):
            count += 1
            tell("token", turn_id, count, record.at)
    tell("ended", turn_id, run.status.value)


async def send(engine: Engine, session_id: str, text: str) -> None:
    """Send a message and tell of its answer."""
    await engine.chat.create_session(AGENT, session_id=session_id)
    run = await engine.chat.send(SessionKey(session_id, AGENT), text)
    tell("sent", run.turn.turn_id, session_id, text)
    await report(run)


async def main(root: Path) -> None:
    """Do what standard input says until its end."""
    with patch.object(indexer, "IndexerTiming", lambda: PROMPT_TIMING):
        engine = await start_engine(root, CONFIG, script=Script(answer))
    tell("open", len(engine.interrupted))
    async with asyncio.TaskGroup() as group:
        while line := await asyncio.to_thread(sys.stdin.readline):
            session_id, text = line.rstrip("\n").split(" ", 1)
            group.create_task(send(engine, session_id, text))
        await engine.aclose()


if __name__ == "__main__":
    # No test needs a child for so long: one that hangs says where, on standard error, and ends.
    faulthandler.dump_traceback_later(_PATIENCE_S, exit=True)
    asyncio.run(main(Path(sys.argv[1])))
