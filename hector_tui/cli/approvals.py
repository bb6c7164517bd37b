"""Deciding about tool calls on the command line: asked on the terminal, else refused; `--approve-tools` allows all."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

from hector_tui.cli.output import warn
from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.engine.host import Engine
from hector_tui.engine.run import Run
from hector_tui.errors import SessionError
from hector_tui.ui.text import clean_line

_ARGUMENT_CELLS = 300
_UNATTENDED = "nobody is at the terminal to allow it; `--approve-tools` allows every tool of this question"


class CommandLineApprover:
    """Decides about the calls of one run as they come.

    Args:
        allows_all: What `--approve-tools` says.
        attended: Whether a person can be asked; None looks at the terminal.
        read: Reads a line the person typed; None reads standard input.
    """

    def __init__(
        self, *, allows_all: bool, attended: bool | None = None, read: Callable[[], str] | None = None
    ) -> None:
        self._allows_all = allows_all
        self._attended = _is_attended() if attended is None else attended
        self._read = read or _from_stdin
        self._answered: set[str] = set()

    async def decide(self, engine: Engine, run: Run) -> None:
        """Decide about every call that waits now."""
        for request in run.approvals.requests:
            if request.request_id in self._answered:
                continue
            self._answered.add(request.request_id)
            decision = await self._decision(request)
            try:
                await engine.chat.decide(run.key.session_id, request.request_id, decision)
            except SessionError:  # the run was stopped while the question stood there
                return

    async def _decision(self, request: ApprovalRequest) -> Decision:
        if self._allows_all:
            return Decision(allowed=True)
        call = f"{clean_line(request.name)} {clean_line(request.arguments, _ARGUMENT_CELLS)}"
        if not self._attended:
            warn(f"refused: {call}\n({_UNATTENDED})")
            return Decision(allowed=False, reason=_UNATTENDED)
        warn(f"{clean_line(request.key.agent_id)} wants to run: {call}")
        print("Allow it? [y/N] ", end="", file=sys.stderr, flush=True)
        answer = await _line(self._read)
        return Decision(allowed=answer.strip().lower() in ("y", "yes"))


def _is_attended() -> bool:
    """Whether a person reads standard error and types into standard input."""
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr))


def _from_stdin() -> str:
    """Looked up when somebody is asked: where standard input is closed there is none, and nobody is."""
    return sys.stdin.readline()


async def _line(read: Callable[[], str]) -> str:
    """One line a person types.

    In a daemon thread and not in the loop's executor, whose end `asyncio.run` waits for: Ctrl-C must not need a line.
    """
    loop = asyncio.get_running_loop()
    line: asyncio.Future[str] = loop.create_future()

    def give(text: str) -> None:
        if not line.done():
            line.set_result(text)

    def take() -> None:
        text = read()
        with suppress(RuntimeError):  # the command ended meanwhile, and its loop with it
            loop.call_soon_threadsafe(give, text)

    threading.Thread(target=take, name="approval-line", daemon=True).start()
    return await line
