from __future__ import annotations

import stat
from pathlib import Path

import pytest

from hector_tui.ui.export import as_markdown, write_export
from hector_tui.ui.transcript.document import TranscriptDocument
from hector_tui.ui.transcript.entries import AnswerEntry, NoticeEntry, UserEntry
from hector_tui.ui.transcript.folds import FoldEntry


def test_everything_said_is_in_the_export() -> None:
    document = TranscriptDocument()
    document.append(UserEntry("12 * 7?", at="09:14"))
    document.append(FoldEntry("calculator", "12 * 7 → 84", sections=(("result", "84"),)))
    document.append(AnswerEntry("Math bot · offline", "It is **84**.", finished=True))
    document.append(NoticeEntry("warning", "stopped by you"))
    assert as_markdown("sums", document) == (
        "# sums\n\n## You, 09:14\n\n12 * 7?\n\n> calculator 12 * 7 → 84\n> 84\n\n"
        "## Math bot · offline\n\nIt is **84**.\n\n> stopped by you\n"
    )


def test_a_file_is_named_after_the_title_and_never_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    first, second = write_export("../a b/c?", "one"), write_export("../a b/c?", "two")
    assert [path.relative_to(tmp_path).name for path in (first, second)] == ["a-b-c.md", "a-b-c-2.md"]
    assert [path.read_text() for path in (first, second)] == ["one", "two"]
    assert stat.S_IMODE(first.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_export("t", "three", "a-b-c.md")
    assert first.read_text() == "one"
