"""Ctrl-C and readers that go away, with real processes and real signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hector_tui.paths import Profile
from tests.cli.support import PATIENCE_S, ROOT, program, write_config
from tests.provider import Answer, LoopbackProvider

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sends POSIX signals")
ENDLESS = Answer(text="one two three four", stall_after=900)


async def begin(*arguments: str | Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *program(*arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=ROOT,
    )


async def read_until(process: asyncio.subprocess.Process, wanted: bytes) -> bytes:
    assert process.stdout is not None
    read = b""
    async with asyncio.timeout(PATIENCE_S):
        while wanted not in read:
            piece = await process.stdout.read(4096)
            assert piece, read
            read += piece
    return read


def statuses(profile: Profile) -> list[str]:
    with closing(sqlite3.connect(profile.database)) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM turns")]


@pytest.mark.parametrize("options", [(), ("--json",)], ids=["text", "json"])
async def test_ctrl_c_stops_the_answer_and_keeps_what_came(
    options: tuple[str, ...], tmp_path: Path, profile: Profile
) -> None:
    async with LoopbackProvider(ENDLESS) as provider:
        file = write_config(tmp_path / "loop.yaml", provider.base_url)
        process = await begin("ask", "--config", file, *options, "hello")
        begun = await read_until(process, b"one")
        process.send_signal(signal.SIGINT)
        out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
        assert process.returncode == 130
        assert b"Traceback" not in err
        if options:
            last = json.loads((begun + out).splitlines()[-1])
            assert (last["type"], last["reason"], last["stored"]) == ("RunCancelled", "stopped by you", True)
        else:
            assert (begun + out).startswith(b"one")
            assert (begun + out).endswith(b"\n")
            assert b"hector-tui: stopped by you" in err
        await provider.until(lambda one: not one.open_connections)
    assert statuses(profile) == ["cancelled"]


async def test_a_second_ctrl_c_ends_at_once(tmp_path: Path, profile: Profile) -> None:
    async with LoopbackProvider(ENDLESS) as provider:
        file = write_config(tmp_path / "loop.yaml", provider.base_url)
        process = await begin("ask", "--config", file, "--json", "hello")
        await read_until(process, b"one")
        with closing(sqlite3.connect(profile.database, isolation_level=None)) as connection:
            # The cancelled run waits for the database, so that there is something the second Ctrl-C cuts short.
            connection.execute("BEGIN IMMEDIATE")
            process.send_signal(signal.SIGINT)
            await read_until(process, b'"settling"')
            process.send_signal(signal.SIGINT)
            out, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
            connection.execute("ROLLBACK")
    assert process.returncode == 130
    assert b"RunCancelled" not in out
    assert b"Traceback" not in err
    assert statuses(profile) == ["running"]


async def test_a_reader_that_goes_away_is_no_reason_to_complain(tmp_path: Path) -> None:
    async with LoopbackProvider(ENDLESS) as provider:
        file = write_config(tmp_path / "loop.yaml", provider.base_url)
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec(
            *program("ask", "--config", file, "--json", "hello"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=writing,
            stderr=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        os.close(writing)
        os.close(reading)
        _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    assert (process.returncode, err) == (1, b"")


@pytest.mark.parametrize("arguments", [("--help",), ("agents", "validate")], ids=["help", "validate"])
async def test_short_output_into_a_closed_pipe_is_quiet_too(arguments: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = await asyncio.create_subprocess_exec(
        *program(*arguments), stdout=writing, stderr=asyncio.subprocess.PIPE, cwd=ROOT
    )
    os.close(writing)
    _, err = await asyncio.wait_for(process.communicate(), PATIENCE_S)
    # argparse itself swallows what goes wrong while it prints help.
    assert process.returncode in (0, 1)
    assert err == b""
