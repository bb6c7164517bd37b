"""Attached files: stored with their message, sent to the model, kept for later turns, gone with their session."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from hector_tui.domain.events import RunFinished
from hector_tui.domain.files import AttachedFile
from hector_tui.domain.messages import FilePart, Message, Role, TextPart
from hector_tui.errors import SessionError
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Script, ScriptStep
from tests.support.engine import Stage, config_of, ending, execute, new_session, open_engine, query, the_turn

PICTURE = AttachedFile("cat.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)))
NOTES = AttachedFile("notes.txt", "text/plain", "Käse und Brot".encode())
CONFIG = config_of()


class Listener:
    """A scripted model that keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[ModelRequest] = []
        self.script = Script(self._answer)

    def _answer(self, request: ModelRequest, _number: int) -> ScriptStep:
        self.requests.append(request)
        return (TextChunk("seen"),)

    def last(self) -> tuple[tuple[Message, ...], Mapping[str, bytes]]:
        return self.requests[-1].messages, self.requests[-1].files


async def test_a_file_reaches_the_model_with_its_message_and_in_every_later_turn(tmp_path: Path) -> None:
    model = Listener()
    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        key = await new_session(engine)
        run = await engine.chat.send(key, "what is this?", (PICTURE, NOTES))
        await run.wait()
        assert isinstance(ending(run), RunFinished)
        (question,), files = model.last()
        assert question.parts == (PICTURE.part, NOTES.part, TextPart("what is this?"))
        assert files == {PICTURE.part.file_id: PICTURE.content, NOTES.part.file_id: NOTES.content}
        record = await the_turn(engine, run)
        assert record.turn.files == (PICTURE.part, NOTES.part)
        assert record.messages[0].message == question

    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        await (await engine.chat.send(key, "and now?")).wait()
        messages, files = model.last()
        assert [message.role for message in messages] == [Role.USER, Role.ASSISTANT, Role.USER]
        assert messages[0].parts[:2] == (PICTURE.part, NOTES.part)
        assert files[PICTURE.part.file_id] == PICTURE.content
        assert list(await engine.chat.files_of(key, record.turn.files)) == [PICTURE, NOTES]


async def test_a_file_alone_is_a_message_and_nothing_at_all_is_none(tmp_path: Path) -> None:
    model = Listener()
    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        key = await new_session(engine)
        await (await engine.chat.send(key, "", (NOTES,))).wait()
        ((question,), _) = model.last()
        assert question.parts == (NOTES.part,)
        with pytest.raises(SessionError, match="nothing to send"):
            await engine.chat.send(key, " ")


async def test_a_waiting_message_keeps_its_files_over_a_crash_of_the_program(tmp_path: Path) -> None:
    stage = Stage()
    async with open_engine(tmp_path, CONFIG, script=stage.script) as engine:
        key = await new_session(engine)
        await engine.chat.send(key, "first")
        await stage.until_standing("first")
        waiting = await engine.chat.send(key, "second", (PICTURE,))
    async with open_engine(tmp_path, CONFIG, script=stage.script) as engine:
        record = await the_turn(engine, waiting)
        assert record.turn.files == (PICTURE.part,)
        assert list(await engine.chat.files_of(key, record.turn.files)) == [PICTURE]


async def test_a_file_that_the_database_lost_does_not_end_its_session(tmp_path: Path) -> None:
    model = Listener()
    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        key = await new_session(engine)
        await (await engine.chat.send(key, "what are these?", (PICTURE, NOTES))).wait()
    execute(tmp_path, "DELETE FROM files WHERE file_id = ?", NOTES.part.file_id)
    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        run = await engine.chat.send(key, "and now?")
        await run.wait()
        assert isinstance(ending(run), RunFinished)
        messages, files = model.last()
        lost = TextPart("[notes.txt: its content is not there any more]")
        assert messages[0].parts == (PICTURE.part, lost, TextPart("what are these?"))
        assert files.keys() == {PICTURE.part.file_id}


async def test_files_stay_within_their_session_and_go_with_it(tmp_path: Path) -> None:
    model = Listener()
    async with open_engine(tmp_path, CONFIG, script=model.script) as engine:
        mine, theirs = await new_session(engine), await new_session(engine)
        await (await engine.chat.send(mine, "look", (PICTURE, PICTURE))).wait()
        assert query(tmp_path, "SELECT count(*) FROM files") == [(1,)]
        assert list(await engine.chat.files_of(theirs, (PICTURE.part,))) == []
        await engine.chat.delete_session(mine.session_id)
        await engine.chat.library.purge([mine.session_id])
        assert query(tmp_path, "SELECT count(*) FROM files") == [(0,)]


def test_the_content_is_not_in_what_is_shown_of_a_file() -> None:
    assert "Brot" not in repr(NOTES)
    assert NOTES.part == FilePart(NOTES.part.file_id, "notes.txt", "text/plain", len(NOTES.content))
