"""Files named in a message: seen before it is sent, read when it is, refused in words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hector_tui.domain.files import MAX_FILES, MAX_TEXT_BYTES
from hector_tui.ui.app import Start
from tests.provider import LoopbackProvider
from tests.ui.support import Person, echo_config, running, stored


@asynccontextmanager
async def in_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Person, Path]]:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes", encoding="utf-8")
    (folder / "src").mkdir()
    monkeypatch.chdir(folder)
    async with (
        LoopbackProvider() as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)]) as person,
    ):
        await person.begin("echo")
        yield person, folder


def files_of_turns(tmp_path: Path) -> list[list[str]]:
    rows = stored(tmp_path / "profile", "SELECT files FROM turns ORDER BY ordinal")
    return [[file["name"] for file in json.loads(str(files))] for (files,) in rows]


async def test_a_named_file_goes_with_the_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        await person.write("what of @notes.md, @src and @nobody?")
        await person.sees("⊕ notes.md 7 B", "· src/ a folder, not attached")
        assert "nobody " not in person.screen_text
        await person.press("enter")
        await person.sees("⊕ notes.md · 7 B")
        await person.until(lambda: not person.chat.prompt.value, "an empty prompt")
        await person.until(lambda: "⊕ notes.md 7 B" not in person.screen_text, "no file named any more")
        assert files_of_turns(tmp_path) == [["notes.md"]]
        await person.until(lambda: person.active.last_ordinal == 1 and not person.active.is_live, "the answer")
        # What is asked again goes with what was attached, not with what the disk holds by now.
        (folder / "notes.md").unlink()
        await person.send("/retry")
        await person.until(lambda: person.active.last_ordinal == 2 and not person.active.is_live, "the answer")
        assert files_of_turns(tmp_path) == [["notes.md"], ["notes.md"]]


async def test_a_file_that_cannot_go_keeps_the_message_in_the_prompt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        (folder / "big.log").write_bytes(b"x" * (MAX_TEXT_BYTES + 1))
        (folder / "blob.bin").write_bytes(b"\0\1\2")
        await person.write("see @big.log and @blob.bin ")
        await person.sees("✗ big.log", "✗ blob.bin", "neither a text in UTF-8 nor a picture")
        await person.press("enter")
        await person.hears("a text may have 1.0 MiB")
        assert person.chat.prompt.value == "see @big.log and @blob.bin "
        for number in range(MAX_FILES + 1):
            (folder / f"n{number}").write_text("x", encoding="utf-8")
        person.chat.prompt.rewrite(" ".join(f"@n{number}" for number in range(MAX_FILES + 1)) + " ")
        await person.press("enter")
        await person.hears("11 files are too many for one message")
        assert files_of_turns(tmp_path) == []


async def test_a_draft_with_its_files_is_there_again_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, _):
        await person.press(*"see ", "at", *"not")
        await person.sees("▸ notes.md")
        await person.press("tab")
        await person.sees("⊕ notes.md 7 B")
        await person.press("ctrl+f4")
        await person.until(lambda: person.is_at_home, "the home screen")
        assert "⊕" not in person.screen_text
        await person.press("ctrl+x", "u")
        await person.sees("> see @notes.md", "⊕ notes.md 7 B")
    async with running(tmp_path / "profile", config=[tmp_path / "echo.yaml"], start=Start(restore=True)) as person:
        await person.sees("> see @notes.md", "⊕ notes.md 7 B")


async def test_the_address_is_no_file_and_a_command_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        (folder / "echo").write_text("a file of the agent's name", encoding="utf-8")
        await person.ask("@echo hello")
        assert files_of_turns(tmp_path) == [[]]
        await person.write("/remember @notes.md matters")
        await person.pilot.pause(0.4)
        assert "⊕" not in person.screen_text
