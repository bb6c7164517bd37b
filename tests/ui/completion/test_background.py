"""Work on a disk that does not answer holds up nobody but what asks the same disk."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from hector_tui.errors import FileRefused
from hector_tui.ui import attachments
from hector_tui.ui.attachments import Attachments
from hector_tui.ui.completion.background import DiskThread


async def test_a_caller_may_leave_and_the_next_one_waits_for_the_disk() -> None:
    disk = DiskThread()
    go = threading.Event()
    done: list[str] = []

    def hang() -> None:
        go.wait()
        done.append("first")

    first = asyncio.ensure_future(disk.run(hang))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = asyncio.ensure_future(disk.run(lambda: done.append("second")))
    await asyncio.sleep(0)
    assert done == []
    go.set()
    await second
    assert done == ["first", "second"]


async def test_its_thread_keeps_no_program_from_ending() -> None:
    threads: list[threading.Thread] = []
    await DiskThread().run(lambda: threads.append(threading.current_thread()))
    assert threads[0].daemon


async def test_what_goes_wrong_is_raised_where_it_was_asked() -> None:
    def fail() -> None:
        raise FileRefused("it is empty")

    disk = DiskThread()
    with pytest.raises(FileRefused):
        await disk.run(fail)
    assert await disk.run(lambda: 1) == 1


async def test_a_message_is_given_back_when_the_disk_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.md").write_text("x", encoding="utf-8")
    go = threading.Event()

    def hang(path: Path) -> None:
        go.wait()
        raise FileRefused("too late", where=str(path))

    monkeypatch.setattr(attachments, "read_file", hang)
    monkeypatch.setattr(attachments, "_MOST_S", 0.05)
    try:
        with pytest.raises(FileRefused, match="could not be read within"):
            await Attachments(tmp_path).read(["notes.md"])
    finally:
        go.set()
