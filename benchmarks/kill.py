"""What `kill -9` costs: a process that streams 200 tokens a second in each of 20 sessions is killed at a random moment.

Then the profile is opened again. Every message the process had accepted must be there, what it had streamed up to a
second before its end too, the database must be sound, and every session must answer its next question.

    python -m benchmarks.kill [--rounds 200] [--sessions 20] [--seed N]
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hector_tui.domain.events import RunFinished
from hector_tui.domain.keys import SessionKey
from hector_tui.domain.turns import TurnRecord, TurnStatus
from hector_tui.engine.host import Engine
from tests.faults.child import CONFIG, STREAM, token
from tests.faults.test_kill import SCRIPT, Child, child_on
from tests.support.engine import AGENT, answer_of, ask, ending, open_engine, query, streamed

LIMIT_S = 1.0
_LONGEST_S = 3.0
"""Seconds from the first accepted message within which the process is killed."""


@dataclass(slots=True)
class Toll:
    """What all rounds cost.

    Attributes:
        accepted: Messages the killed processes had accepted.
        lost_messages: Those of them that were not there, or not marked as interrupted.
        streamed_tokens: Tokens they had streamed.
        streaming_s: Seconds they had for that, over all sessions.
        lost_s: Of each turn that lost any, how long before the kill the first lost token was streamed.
        garbled: Turns whose stored answer is not the beginning of what was streamed.
        asked: Questions put to the sessions afterwards.
        unusable: Those that were not answered.
        unsound: What SQLite complained of, and rows that must not be there.
        reopening_s: Seconds each opening after a kill took.
    """

    accepted: int
    lost_messages: int
    streamed_tokens: int
    streaming_s: float
    lost_s: list[float]
    garbled: int
    asked: int
    unusable: int
    unsound: list[str]
    reopening_s: list[float]

    @property
    def is_kept(self) -> bool:
        """Whether the promise was kept."""
        return not (self.lost_messages or self.garbled or self.unusable or self.unsound or self.worst_s > LIMIT_S)

    @property
    def worst_s(self) -> float:
        """The most that was lost of a stream, in seconds."""
        return max(self.lost_s, default=0.0)

    def report(self) -> str:
        """Every number, a line each."""
        lost = sorted(self.lost_s)
        median = lost[len(lost) // 2] if lost else 0.0
        return "\n".join(
            (
                f"acknowledged messages lost   {self.lost_messages} of {self.accepted:,}",
                f"streamed text lost, seconds  {self.worst_s:.3f} at worst, {median:.3f} median; limit {LIMIT_S:g}"
                f" ({self.streamed_tokens / max(self.streaming_s, 0.001):.0f} tokens a second and session)",
                f"answers that are garbled     {self.garbled}",
                f"sessions unusable afterwards {self.unusable} of {self.asked:,} asked",
                f"database unsound             {'; '.join(self.unsound) or 'never'}",
                f"reopening, seconds           {max(self.reopening_s, default=0.0):.2f} at worst",
            )
        )


def stream_and_kill(root: Path, sessions: int, delay_s: float, number: int) -> tuple[Child, float]:
    """Let a process stream in all sessions and kill it after a delay; returns what it had said, and when it was killed.

    Args:
        root: Holds the profile.
        sessions: How many stream.
        delay_s: From the first accepted message, in seconds.
        number: Of the round.
    """
    with child_on(root) as child:
        for session in range(sessions):
            child.send(f"s{session}", f"{STREAM} {number}.{session}")
        while not child.sent:
            child.listen()
        deadline = time.monotonic() + delay_s
        while time.monotonic() < deadline:
            child.listen()
        killed_at = time.time()
        child.process.kill()
        # Line by line, because `communicate` would pass over those in this side's buffer; the end is an AssertionError.
        with suppress(AssertionError):
            while True:
                child.listen()
        return child, killed_at


async def look(engine: Engine, child: Child, killed_at: float, toll: Toll) -> None:
    """Compare what a killed process had said with what is stored."""
    toll.accepted += len(child.sent)
    for turn_id, (session_id, text) in child.sent.items():
        record = await _find(engine, session_id, turn_id)
        if record is None or record.turn.text != text or record.turn.status is not TurnStatus.INTERRUPTED:
            toll.lost_messages += 1
            continue
        told = child.tokens.get(turn_id, [])
        toll.streamed_tokens += len(told)
        answer = answer_of(record)
        stored = answer.count(" ")
        if answer != "".join(token(number) for number in range(1, stored + 1)):
            toll.garbled += 1
        if stored < len(told):
            toll.lost_s.append(killed_at - told[stored])


async def use(engine: Engine, sessions: int, toll: Toll) -> None:
    """Ask every session something."""

    async def use_one(session_id: str) -> bool:
        await engine.chat.create_session(AGENT, session_id=session_id)
        run = await ask(engine, SessionKey(session_id, AGENT), "are you there?")
        return isinstance(ending(run), RunFinished) and streamed(run) == "re: are you there?"

    usable = await asyncio.gather(*(use_one(f"s{number}") for number in range(sessions)))
    toll.asked += sessions
    toll.unusable += usable.count(False)


def complaints(root: Path) -> list[str]:
    """What is wrong with a closed database."""
    found = [f"integrity_check: {line}" for (line,) in query(root, "PRAGMA integrity_check") if line != "ok"]
    found += [f"foreign_key_check: {row}" for row in query(root, "PRAGMA foreign_key_check")]
    ((journal,),) = query(root, "SELECT count(*) FROM journal")
    ((live,),) = query(root, "SELECT count(*) FROM turns WHERE status IN ('queued', 'running', 'waiting')")
    if journal or live:
        found.append(f"{journal} rows of journal and {live} live turns are left")
    return found


async def measure(rounds: int, sessions: int, seed: int) -> Toll:
    """Kill so many processes, all on one profile."""
    chance = random.Random(seed)
    toll = Toll(0, 0, 0, 0.0, [], 0, 0, 0, [], [])
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for number in range(rounds):
            delay_s = chance.uniform(0.0, _LONGEST_S)
            child, killed_at = await asyncio.to_thread(stream_and_kill, root, sessions, delay_s, number)
            toll.streaming_s += delay_s * sessions
            began = time.perf_counter()
            async with open_engine(root, CONFIG, script=SCRIPT) as engine:
                toll.reopening_s.append(time.perf_counter() - began)
                await look(engine, child, killed_at, toll)
                await use(engine, sessions, toll)
            toll.unsound += complaints(root)
            print(f"round {number + 1}: killed after {delay_s:.2f} s, worst loss {toll.worst_s:.3f} s", flush=True)  # noqa: T201
    return toll


async def _find(engine: Engine, session_id: str, turn_id: str) -> TurnRecord | None:
    records = await engine.chat.history(session_id, limit=5)
    return next((record for record in records if record.turn.turn_id == turn_id), None)


def main() -> int:
    """Measure and print; returns 1 when the promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kill", description=main.__doc__)
    parser.add_argument("--rounds", type=int, default=200, help="processes that are killed (200)")
    parser.add_argument("--sessions", type=int, default=20, help="sessions that stream in each (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (1)")
    options = parser.parse_args()
    toll = asyncio.run(measure(options.rounds, options.sessions, options.seed))
    print(toll.report())  # noqa: T201 - what it is for
    return int(not toll.is_kept)


if __name__ == "__main__":
    raise SystemExit(main())
