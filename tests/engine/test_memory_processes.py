"""Two real processes on one profile: one indexes for both, the other says so and takes over when the first is gone."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.memory.service import open_memory
from hector_tui.sessions.memories import MemoryTable
from tests.support.memory import PROMPT_TIMING, add_sessions, count_points, open_database, settings, until

KEY = SessionKey("s1", "notes")

HOLDER = """
import asyncio, sys
from pathlib import Path
from hector_tui.domain.keys import SessionKey
from hector_tui.memory.service import open_memory
from hector_tui.sessions.memories import MemoryTable
from tests.support.memory import PROMPT_TIMING, add_sessions, open_database, settings, until

async def main(folder):
    async with open_database(folder) as database:
        key = SessionKey("s1", "notes")
        await add_sessions(database, [key])
        service = open_memory(MemoryTable(database), folder / "vectors", lambda _: settings(), timing=PROMPT_TIMING)
        service.start()
        await service.remember(key, "the holder lives in Utrecht", turn_id="")
        await until(lambda: service.status.state == "ready" and service.status.indexed == 1)
        print("ready", flush=True)
        wanted = int(await asyncio.to_thread(sys.stdin.readline))
        await until(lambda: service.status.indexed == wanted)
        print("indexed", flush=True)
        await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main(Path(sys.argv[1])))
"""


@pytest.fixture
def holder(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    yield process
    process.kill()
    process.communicate()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def heard(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


async def test_the_second_process_recalls_by_words_and_takes_over_when_the_first_is_killed(
    holder: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert heard(holder) == "ready"
    async with open_database(tmp_path) as database:
        table = MemoryTable(database)
        await add_sessions(database, [KEY])
        service = open_memory(table, tmp_path / "vectors", lambda _: settings(), timing=PROMPT_TIMING)
        service.start()
        await until(lambda: service.status.state == "locked")
        assert "another hector-tui" in service.status.detail
        assert not await service.flush()

        hits = await service.recall(KEY, "who lives in Utrecht?")
        assert [(hit.memory.text, hit.found_by) for hit in hits] == [("the holder lives in Utrecht", "text")]
        view = await service.view(KEY, settings(), "Utrecht")
        assert "another hector-tui" in view.words_only

        await service.remember(KEY, "the guest lives in Leiden", turn_id="")
        assert [hit.memory.text for hit in await service.recall(KEY, "Leiden")] == ["the guest lives in Leiden"]
        tell(holder, "2")
        assert heard(holder) == "indexed"  # the holder indexes what this process stored

        holder.kill()
        await until(lambda: service.status.state == "ready")
        assert service.status.indexed == 2
        hits = await service.recall(KEY, "the guest lives in Leiden")
        assert hits[0].found_by == "both"
        await service.remember(KEY, "a third note", turn_id="")
        await until(lambda: service.status.indexed == 3)
        await service.aclose()
        assert count_points(tmp_path / "vectors") == 3


async def test_closing_while_locked_leaves_the_work_to_the_other(holder: subprocess.Popen[str], tmp_path: Path) -> None:
    assert heard(holder) == "ready"
    async with open_database(tmp_path) as database:
        table = MemoryTable(database)
        service = open_memory(table, tmp_path / "vectors", lambda _: settings(), timing=PROMPT_TIMING)
        service.start()
        await until(lambda: service.status.state == "locked")
        await service.remember(KEY, "left behind", turn_id="")
        await service.aclose()
        assert service.status.state == "off"
    tell(holder, "2")
    assert heard(holder) == "indexed"
    tell(holder, "")
    assert holder.wait(timeout=20) == 0
