"""Files by parts of their names, in real folders."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hector_tui.ui.completion import folders
from hector_tui.ui.completion.folders import FileFinder
from hector_tui.ui.completion.mentions import resolved


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in (
        "notes.md",
        "README.md",
        ".env",
        ".github/ci.yml",
        ".git/config",
        "node_modules/left/notes.js",
        "src/app/screens/chat.py",
        "src/app/chat.tcss",
        "my docs/read me.txt",
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")
    return tmp_path


def paths(folder: Path, typed: str, most: int = 20) -> list[str]:
    return [found.path for found in FileFinder(folder).find(typed, most)]


def test_nothing_typed_lists_what_lies_here_without_hidden_files_and_junk(folder: Path) -> None:
    assert paths(folder, "") == ["my docs/", "notes.md", "README.md", "src/"]


def test_a_name_is_found_in_folders_below(folder: Path) -> None:
    assert paths(folder, "chat.py") == ["src/app/screens/chat.py"]
    assert paths(folder, "chat")[0] == "src/app/chat.tcss"
    assert paths(folder, "app/chat")[0] == "src/app/chat.tcss"
    assert "node_modules/left/notes.js" not in paths(folder, "notes")


def test_a_folder_named_in_full_is_listed_whatever_it_is(folder: Path) -> None:
    assert paths(folder, "node_modules/left/") == ["node_modules/left/notes.js"]
    assert paths(folder, "src/") == ["src/app/"]
    assert paths(folder, "./src/ap")[0] == "./src/app/"


def test_a_dot_shows_what_is_hidden(folder: Path) -> None:
    assert paths(folder, ".")[:2] == [".env", ".github/"]
    assert ".git/config" not in paths(folder, ".")
    assert paths(folder, ".env") == [".env"]


def test_home_and_absolute_paths(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert paths(folder / "src", "~/no") == ["~/notes.md"]
    assert paths(folder / "src", f"{folder}/no") == [f"{folder}/notes.md"]
    # Nobody waits for a search of everything below.
    assert paths(folder / "src", "~/chat") == []


def test_what_cannot_be_read_or_written_is_left_out(folder: Path) -> None:
    (folder / "odd\x1b[2J.md").write_text("x", encoding="utf-8")
    (Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.md"))).write_text("x", encoding="utf-8")
    assert paths(folder, "") == ["my docs/", "notes.md", "README.md", "src/"]
    assert paths(folder, "no/such/folder/x") == []
    assert paths(folder, "a\0b") == []


def test_a_loop_of_links_ends(folder: Path) -> None:
    (folder / "src" / "again").symlink_to(folder, target_is_directory=True)
    assert paths(folder, "chat.py") == ["src/app/screens/chat.py"]


def test_huge_folders_cost_a_bounded_number_of_looks(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "MOST_ENTRIES", 50)
    huge = folder / "huge"
    huge.mkdir()
    for number in range(300):
        (huge / f"file{number:03}").touch()
    assert 0 < len(paths(folder, "file", 1_000)) <= 50
    assert len(paths(folder, "huge/", 1_000)) <= 50


def test_further_letters_do_not_look_at_the_disk_again(folder: Path) -> None:
    finder = FileFinder(folder)
    assert [found.path for found in finder.find("not", 9)] == ["notes.md"]
    (folder / "notice.md").touch()
    assert [found.path for found in finder.find("noti", 9)] == []


def test_a_mention_means_a_file_with_the_punctuation_or_without(folder: Path) -> None:
    assert resolved("notes.md", folder) == folder / "notes.md"
    assert resolved("notes.md,", folder) == folder / "notes.md"
    assert resolved("README.md).", folder) == folder / "README.md"
    (folder / "odd.").touch()
    assert resolved("odd.", folder) == folder / "odd."
    for name in ("somebody", "~nobody_of_that_name/x", "a\0b", "x" * 5_000, "..."):
        assert resolved(name, folder) is None
