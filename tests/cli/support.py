"""Running commands: in this process, as a real one, and against a scripted provider in a thread of its own."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hector_tui.cli import main
from tests.provider import Answer, LoopbackProvider

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended and what it printed."""

    status: int
    out: str
    err: str

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of standard output as JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Result:
    """Run a command in this process; the exit of the parser is a status like any other."""
    capsys.readouterr()
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as stop:
        assert isinstance(stop.code, int)
        status = stop.code
    printed = capsys.readouterr()
    return Result(status, printed.out, printed.err)


def doctor(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, Any]]:
    """Exit status, and by section and name the first finding."""
    result = run(capsys, "doctor", "--json", *options)
    assert result.err == ""
    report = json.loads(result.out)
    assert report["usable"] is (result.status == 0)
    sections: dict[str, Any] = {}
    for title, findings in report["sections"].items():
        found = sections.setdefault(title, {})
        for finding in findings:
            found.setdefault(finding["name"], finding)
    return result.status, sections


def program(*arguments: str | Path) -> list[str]:
    """The command line that starts the program as a process."""
    return [sys.executable, "-m", "hector_tui", *map(str, arguments)]


def start(
    *arguments: str | Path, env: dict[str, str] | None = None, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run the program as a process to its end."""
    return subprocess.run(
        program(*arguments), input=stdin, capture_output=True, cwd=ROOT, env=env, timeout=PATIENCE_S, check=False
    )


def python(code: str) -> subprocess.CompletedProcess[str]:
    """Run a piece of Python as a process to its end."""
    return subprocess.run(
        [sys.executable, "-c", code],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=PATIENCE_S,
        check=False,
    )


def write_config(path: Path, base_url: str, *agents: str) -> Path:
    """A configuration whose agents all use one model at an address."""
    lines = ["llms:", "  loop:", "    type: openai", f"    host: {base_url}", "    model: loop-1", "agents:"]
    for agent in agents or ("talker",):
        lines += [f"  {agent}:", "    llm: loop"]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@contextmanager
def provider_thread(
    answers: Sequence[Answer] | Answer | None = None, *, listing: Answer | None = None
) -> Iterator[LoopbackProvider]:
    """A loopback provider beside a test that must not have a running loop, because the command starts one."""
    ready: Future[tuple[LoopbackProvider, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        async with LoopbackProvider(answers, listing=listing) as provider:
            stop = asyncio.Event()
            ready.set_result((provider, asyncio.get_running_loop(), stop))
            await stop.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    provider, loop, stop = ready.result(PATIENCE_S)
    try:
        yield provider
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()


def traces(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of everything under a folder: equal before and after means that nothing was touched."""
    found = {}
    for path in sorted(folder.rglob("*")):
        stat = path.lstat()
        found[str(path.relative_to(folder))] = (stat.st_size, stat.st_mtime_ns)
    return found
