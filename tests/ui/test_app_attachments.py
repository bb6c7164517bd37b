"""Files named in a message: seen before it is sent, read when it is, refused in words."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hector_tui.domain.files import MAX_FILES, MAX_TEXT_BYTES, AttachedFile
from hector_tui.ui.app import Start
from hector_tui.ui.kept_files import kept_of, still_named
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.support import Person, echo_config, running, stored


@asynccontextmanager
async def in_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, respond: Callable[[ReceivedRequest], Answer] | None = None
) -> AsyncIterator[tuple[Person, Path]]:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes", encoding="utf-8")
    (folder / "src").mkdir()
    monkeypatch.chdir(folder)
    async with (
        LoopbackProvider(respond) if respond is not None else LoopbackProvider() as provider,
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


async def until_answered(person: Person, ordinal: int) -> None:
    await person.until(lambda: person.active.last_ordinal == ordinal and not person.active.is_live, "the answer")


async def test_a_question_that_is_edited_or_asked_again_goes_with_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        await person.ask("what of @notes.md?")
        (folder / "notes.md").unlink()
        turn = person.active.last_turn
        assert turn is not None
        person.chat.ask_again(person.active, turn)
        await until_answered(person, 2)
        assert files_of_turns(tmp_path) == [["notes.md"], ["notes.md"]]
        person.chat.action_edit_question()
        await person.sees("> what of @notes.md?", "⊕ notes.md 7 B, as it was sent")
        await person.press("end", *" now")
        await person.press("enter")
        await until_answered(person, 3)
        assert files_of_turns(tmp_path)[-1] == ["notes.md"]
        assert "as it was sent" not in person.screen_text
        assert person.active.kept == ()
        # What is not named any more does not go.
        person.chat.action_edit_question()
        await person.sees("as it was sent")
        person.chat.prompt.rewrite("what of nothing?")
        await person.until(lambda: "as it was sent" not in person.screen_text, "no file any more")
        await person.press("enter")
        await until_answered(person, 4)
        assert files_of_turns(tmp_path)[-1] == []


async def test_a_waiting_message_that_is_taken_back_keeps_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(request: ReceivedRequest) -> Answer:
        return Answer(text="drip " * 400, rate=8.0)

    async with in_folder(tmp_path, monkeypatch, slow) as (person, folder):
        await person.send("first")
        await person.until(lambda: person.active.is_live, "an answer that comes")
        await person.send("what of @notes.md?")
        await person.until(lambda: not person.chat.prompt.value and person.chat.prompt.queue_waits, "its place")
        (folder / "notes.md").write_text("# Other notes", encoding="utf-8")
        person.tap("up")
        await person.sees("> what of @notes.md?", "⊕ notes.md 7 B, as it was sent")
        (folder / "notes.md").unlink()
        # Another tab has its own draft, without the file.
        first = person.active
        await person.begin("echo")
        await person.until(lambda: "as it was sent" not in person.screen_text, "no file in the other tab")
        person.chat.switch_to(first)
        await person.sees("> what of @notes.md?", "⊕ notes.md 7 B, as it was sent")
        person.tap("enter")
        await person.until(lambda: files_of_turns(tmp_path)[-1] == ["notes.md"], "the file with the message")
        contents = stored(tmp_path / "profile", "SELECT content FROM files")
        assert contents == [(b"# Notes",)]


async def test_a_draft_that_is_cleared_lets_its_files_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        await person.ask("what of @notes.md?")
        person.chat.action_edit_question()
        await person.sees("as it was sent")
        await person.press("ctrl+c")
        await person.until(lambda: person.active.kept == (), "nothing kept")
        # Named anew it is the file of now.
        (folder / "notes.md").write_text("# Newer notes", encoding="utf-8")
        await person.write("and @notes.md ")
        await person.sees("⊕ notes.md 13 B")
        assert "as it was sent" not in person.screen_text


def test_each_mention_keeps_one_of_the_files_of_a_name() -> None:
    files = [AttachedFile("x.md", "text/markdown", content) for content in (b"1", b"2", b"3")]
    kept = kept_of("see @a/x.md and (@b/x.md).", files)
    assert [each.mention for each in kept] == ["a/x.md", "b/x.md).", ""]
    assert [each.file.content for each in still_named(kept, "see @b/x.md). only")] == [b"2", b"3"]


async def test_kept_files_count_among_the_most_that_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with in_folder(tmp_path, monkeypatch) as (person, folder):
        for number in range(MAX_FILES):
            (folder / f"n{number}").write_text("x", encoding="utf-8")
        await person.ask("@notes.md")
        person.chat.action_edit_question()
        await person.sees("as it was sent")
        person.chat.prompt.rewrite("@notes.md " + " ".join(f"@n{number}" for number in range(MAX_FILES)) + " ")
        await person.press("enter")
        await person.hears("11 files are too many for one message")


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
