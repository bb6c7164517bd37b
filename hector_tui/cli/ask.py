"""`hector-tui ask`: one question, its answer on standard output, what happens meanwhile on standard error."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys

from hector_tui.cli.main import EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from hector_tui.cli.output import say_json, warn
from hector_tui.cli.setup import open_engine
from hector_tui.domain.events import (
    MemoryWritten,
    Notice,
    OutputEvent,
    RunCancelled,
    RunFailed,
    RunFinished,
    TextDelta,
    ToolCallFinished,
    event_to_dict,
)
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import UnknownAgent
from hector_tui.ui.text import Cleaner, clean_line

_SUMMARY_CELLS = 100


def run_ask(options: argparse.Namespace) -> int:
    """Ask, print, and tell by the exit status how it went."""
    words = list(options.words)
    if len(words) > 2:
        warn("hector-tui ask: give the question in quotes: hector-tui ask [AGENT] PROMPT")
        return EXIT_USAGE
    prompt = sys.stdin.read() if words[-1] == "-" else words[-1]
    if not prompt.strip():
        warn("hector-tui ask: the question is empty")
        return EXIT_USAGE
    return asyncio.run(_ask(options, words[0] if len(words) == 2 else "", prompt))


async def _ask(options: argparse.Namespace, agent_id: str, prompt: str) -> int:
    async with open_engine(options) as engine:
        for problem in engine.config.errors:
            warn(str(problem))
        try:
            agent = engine.chat.registry.get(agent_id) if agent_id else engine.default_agent()
        except UnknownAgent as error:
            warn(f"hector-tui ask: {error}")
            return EXIT_USAGE
        session = await engine.chat.create_session(agent.agent_id, session_id=options.session)
        run = await engine.chat.send(SessionKey(session.session_id, agent.agent_id), prompt)
        asyncio.get_running_loop().add_signal_handler(
            signal.SIGINT, lambda: engine.chat.runner.cancel(run, "stopped by you")
        )
        return await (_print_json(run) if options.json else _print_text(engine, run))


async def _print_json(run: Run) -> int:
    status = EXIT_FAILED
    async for record in run.output.reader():
        say_json(
            {
                **event_to_dict(record.event),
                "session_id": run.key.session_id,
                "agent_id": run.key.agent_id,
                "run_id": run.run_id,
                "seq": record.seq,
                "at": record.at,
            }
        )
        status = _status(record.event, status)
    return status


async def _print_text(engine: Engine, run: Run) -> int:
    status = EXIT_FAILED
    cleaner = Cleaner()
    wrote = False
    async for record in run.output.reader():
        status = _status(record.event, status)
        match record.event:
            case TextDelta(text):
                wrote = True
                print(cleaner.feed(text), end="", flush=True)
            case event if remark := _remark(event):
                warn(remark)
            case _:
                pass
    rest = cleaner.finish()
    if wrote:
        print(rest)
    return status


def _status(event: OutputEvent, before: int) -> int:
    match event:
        case RunFinished():
            return EXIT_DONE
        case RunFailed():
            return EXIT_FAILED
        case RunCancelled():
            return EXIT_CANCELLED
        case _:
            return before


def _remark(event: OutputEvent) -> str:
    """What is said beside the answer, on standard error."""
    match event:
        case ToolCallFinished(_, name, text, is_error):
            return f"· {name} {'failed' if is_error else '→'} {clean_line(text, _SUMMARY_CELLS)}"
        case MemoryWritten(_, text):
            return f"· remembered: {clean_line(text, _SUMMARY_CELLS)}"
        case Notice(level, text):
            return f"{level}: {text}"
        case RunFailed(error):
            return f"hector-tui: {error}"
        case RunCancelled(reason):
            return f"hector-tui: {reason}"
        case _:
            return ""
