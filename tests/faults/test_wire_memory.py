"""Bodies made to fill the memory: measured in a process of its own, which reads them as the program would."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hector_tui.llm.sse import EventReader
from tests.provider import Answer, LoopbackProvider

MIB = 1024 * 1024
MOST_BYTES = 64 * MIB
"""How much the resident memory may grow."""
CHILD = """
import asyncio, json, resource, sys
from hector_tui.llm.connections import Connections
from hector_tui.llm.openai import OpenAIModel
from hector_tui.llm.retry import RetryPolicy
from tests.provider.talk import hear

async def main():
    once = RetryPolicy(tries=1)
    options = {"connections": Connections(), "retry": once, "event_cap": int(sys.argv[2])}
    model = OpenAIModel("loop-1", base_url=sys.argv[1], **options)
    await hear(model, "warm up")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    heard = await hear(model, "the bomb")
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(json.dumps([type(heard.error).__name__, heard.text[:9], grown * (1 if sys.platform == "darwin" else 1024)]))

asyncio.run(main())
"""


def bomb() -> bytes:
    """200 kB that are 200 MB when they are expanded."""
    return gzip.compress(b"data: " + b" " * (200 * MIB), 9)


PING = b": " + b"still there " * 80 + b"\n"
EVENT = b'data: {"choices": [{"delta": {"content": "a"}}]}\n\n'
END = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'


@pytest.mark.skipif(sys.platform == "win32", reason="no getrusage")
@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        pytest.param(Answer(raw=bomb(), headers={"content-encoding": "gzip"}), ("BadResponse", ""), id="gzip bomb"),
        pytest.param(
            Answer(raw=bomb(), status=400, headers={"content-encoding": "gzip"}),
            ("RequestRejected", ""),
            id="in an error",
        ),
        pytest.param(Answer(raw=bomb()), ("StreamCut", ""), id="gzip unannounced"),
        pytest.param(Answer(raw=b"data: " + b"x" * (128 * MIB)), ("BadResponse", ""), id="giant line"),
        pytest.param(Answer(raw=PING * 100_000 + EVENT + END), ("NoneType", "a"), id="96 MB of comments"),
        pytest.param(Answer(raw=b"x" * (128 * MIB), status=500), ("ProviderUnavailable", ""), id="giant error"),
    ],
)
async def test_no_body_fills_the_memory(answer: Answer, outcome: tuple[str, str]) -> None:
    async with LoopbackProvider([Answer(text="warm"), answer]) as provider:
        command = [sys.executable, "-c", CHILD, provider.base_url, str(8 * MIB)]
        folder = Path(__file__).parents[2]
        env = {**os.environ, "PYTHONPATH": str(folder)}
        child = await asyncio.create_subprocess_exec(
            *command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        said, complaint = await child.communicate()
    assert child.returncode == 0, complaint.decode()
    error, text, grown = json.loads(said)
    assert (error, text) == outcome
    assert grown <= MOST_BYTES


def cpu_of(size: int) -> float:
    """Seconds of processor time to read one line of so many bytes in pieces of 16 KiB."""
    reader = EventReader(cap=size * 2)
    piece = b"x" * 16_384
    started = time.process_time()
    reader.feed(b"data: ")
    for _ in range(size // len(piece)):
        reader.feed(piece)
    (event,) = reader.feed(b"\n\n")
    taken = time.process_time() - started
    assert len(event.data) == size
    return taken


def test_a_line_of_64_mib_takes_time_in_proportion() -> None:
    """Four times the size takes about four times as long; a reader that looks back would take sixteen times."""
    small = min(cpu_of(16 * MIB) for _ in range(3))
    large = min(cpu_of(64 * MIB) for _ in range(3))
    assert large / small < 9
