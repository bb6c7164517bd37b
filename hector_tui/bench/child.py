"""The second process of a benchmark, seen from the first: `python -m hector_tui.bench.worker`.

Both speak JSON, one value a line: the job and `go` one way, `ready` and what was heard the other way.
"""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from hector_tui.bench.heard import Heard, heard_from_list
from hector_tui.bench.plan import Plan
from hector_tui.errors import HectorError
from hector_tui.paths import Profile

MODULE = "hector_tui.bench.worker"
READY = "ready"
GO = "go"
_LINE_BYTES = 2**28
"""What is heard of 100,000 turns is 10 MB in one line."""


class Child:
    """A started second process. Make one with `Child.start`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @classmethod
    async def start(cls, profile: Profile, plan: Plan, config_paths: tuple[Path, ...]) -> Child:
        """Start the process; its engine is open on the same profile when this returns.

        Raises:
            HectorError: It ended instead.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            MODULE,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        child = cls(process)
        job = {
            "profile": str(profile.root),
            "load": asdict(plan.load),
            "config": [str(path) for path in config_paths],
            "sender": 1,
        }
        try:
            child._write(job)
            if await child._read() != READY:
                raise HectorError("the second process of the benchmark answers nonsense")
        except BaseException:
            await child.aclose()
            raise
        return child

    async def heard(self) -> dict[str, Heard]:
        """Let it begin, and wait for what it heard.

        Raises:
            HectorError: It ended badly.
        """
        self._write(GO)
        data = await self._read()
        if not isinstance(data, dict):
            raise HectorError("the second process of the benchmark answers nonsense")
        return {nonce: heard_from_list(one) for nonce, one in data.items()}

    async def aclose(self) -> None:
        """End it, and wait until it has ended."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            async with asyncio.timeout(30):
                await self._process.wait()
        except TimeoutError:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    def _write(self, data: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(data).encode() + b"\n")

    async def _read(self) -> object:
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            status = await self._process.wait()
            raise HectorError(f"the second process of the benchmark ended with status {status}")
        return json.loads(line)
