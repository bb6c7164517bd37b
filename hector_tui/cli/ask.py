"""`hector-tui ask`: one question, its answer on standard output, what happens meanwhile on standard error."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
from collections.abc import Callable
from contextlib import suppress

from hector_tui.cli.answer import AnswerPrinter
from hector_tui.cli.approvals import CommandLineApprover
from hector_tui.cli.interrupt import Interrupts, interrupts
from hector_tui.cli.output import say_json, warn
from hector_tui.cli.setup import open_engine
from hector_tui.cli.statuses import EXIT_CANCELLED, EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from hector_tui.domain.events import ApprovalRequested, OutputEvent, RunCancelled, RunFinished, event_to_dict
from hector_tui.domain.keys import SessionKey
from hector_tui.engine.host import Engine
from hector_tui.engine.output import EventRecord
from hector_tui.engine.run import Run
from hector_tui.errors import UnknownSession


def run_ask(options: argparse.Namespace) -> int:
    """Ask, print, and tell by the exit status how it went.

    Raises:
        AgentError: There is no such agent, or it cannot be used.
        HectorError: The profile, the configuration or the database cannot be used.
    """
    words = options.words
    if len(words) > 2:
        warn("hector-tui ask: give the question in quotes: hector-tui ask [AGENT] PROMPT")
        return EXIT_USAGE
    prompt = _from_stdin() if words[-1] == "-" else words[-1]
    if not prompt.strip():
        warn("hector-tui ask: the question is empty")
        return EXIT_USAGE
    agent_id = words[0] if len(words) == 2 else options.agent or ""
    with interrupts() as watched:
        return asyncio.run(_ask(options, agent_id, prompt, watched))


def _from_stdin() -> str:
    """Everything on standard input; bytes that are no text in its encoding are shown as such, not refused."""
    if sys.stdin is None:
        return ""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")
    return sys.stdin.read()


async def _ask(options: argparse.Namespace, agent_id: str, prompt: str, watched: Interrupts) -> int:
    async with open_engine(options) as engine:
        key = await _key(engine, agent_id, options.session)
        run = await engine.chat.send(key, prompt)
        watched.watch(lambda: _stop(engine, run))
        approver = CommandLineApprover(allows_all=options.approve_tools)
        deciding: set[asyncio.Task[None]] = set()

        def decide(event: OutputEvent) -> None:
            # A task of its own: a question that stands on the terminal must not stop the answer from being printed.
            if isinstance(event, ApprovalRequested):
                task = asyncio.create_task(approver.decide(engine, run), name="decide")
                deciding.add(task)
                task.add_done_callback(deciding.discard)

        try:
            return await (_print_json(run, decide) if options.json else _print_text(run, decide))
        finally:
            for task in deciding:
                task.cancel()


async def _key(engine: Engine, agent_id: str, session_id: str | None) -> SessionKey:
    """Who answers, and where: an agent that is named, else the session's own, else the default one.

    Raises:
        AgentError: There is no such agent, or it is disabled.
    """
    if not agent_id and session_id:
        with suppress(UnknownSession):  # it is made below, for the default agent
            agent_id = (await engine.chat.session(session_id)).agent_id
    agent = engine.chat.registry.get(agent_id) if agent_id else engine.default_agent()
    session = await engine.chat.create_session(agent.agent_id, session_id=session_id)
    return SessionKey(session.session_id, agent.agent_id)


def _stop(engine: Engine, run: Run) -> bool:
    """Cancel the run; whether it was still going on."""
    if run.output.ended:
        return False
    engine.chat.runner.cancel(run, "stopped by you")
    return True


async def _print_json(run: Run, decide: Callable[[OutputEvent], None]) -> int:
    status = EXIT_FAILED
    async for record in run.output.reader():
        decide(record.event)
        say_json(_json_event(run, record))
        status = _status(record.event)
    return status


def _json_event(run: Run, record: EventRecord) -> dict[str, object]:
    return {
        **event_to_dict(record.event),
        "session_id": run.key.session_id,
        "agent_id": run.key.agent_id,
        "run_id": run.run_id,
        "seq": record.seq,
        "at": record.at,
    }


async def _print_text(run: Run, decide: Callable[[OutputEvent], None]) -> int:
    status = EXIT_FAILED
    printer = AnswerPrinter()
    async for record in run.output.reader():
        printer.show(record.event)
        decide(record.event)
        status = _status(record.event)
    printer.finish()
    return status


def _status(last: OutputEvent) -> int:
    """The exit status, once the last event is known."""
    match last:
        case RunFinished():
            return EXIT_DONE
        case RunCancelled():
            return EXIT_CANCELLED
        case _:
            return EXIT_FAILED
