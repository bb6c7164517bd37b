"""`hector-tui sessions search|archive|delete|undelete|fork|export`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hector_tui.paths import Profile
from tests.cli.support import run
from tests.cli.test_sessions import talk


def listed(capsys: pytest.CaptureFixture[str], *more: str) -> list[object]:
    return [one["session_id"] for one in run(capsys, "sessions", "list", "--json", *more).objects]


def test_a_search_shows_the_session_and_the_place(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(talk(profile))
    found = run(capsys, "sessions", "search", "reall", "--json").objects
    (one,) = found
    assert one["session_id"] == "s1"
    match = one["match"]
    assert isinstance(match, dict)
    assert match["turn"] == 1
    assert "Really." in match["text"]
    assert "1 hit, turn 1: " in run(capsys, "sessions", "search", "really").out
    nothing = run(capsys, "sessions", "search", "nowhere", '"; DROP')
    assert (nothing.status, nothing.out) == (1, "")


def test_archive_delete_and_the_way_back(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    asyncio.run(talk(profile))
    assert run(capsys, "sessions", "archive", "s1").status == 0
    assert (listed(capsys), listed(capsys, "--archived")) == ([], ["s1"])
    assert run(capsys, "sessions", "archive", "s1", "--undo").status == 0
    gone = run(capsys, "sessions", "delete", "s1", "nobody")
    assert gone.status == 1
    assert "nobody" in gone.err
    assert "undelete" in gone.out
    assert (listed(capsys), listed(capsys, "--deleted")) == ([], ["s1"])
    assert run(capsys, "sessions", "show", "s1").status == 1
    assert run(capsys, "sessions", "undelete", "s1").status == 0
    assert listed(capsys) == ["s1"]
    assert run(capsys, "sessions", "delete", "s1", "--forever").status == 0
    assert (listed(capsys), listed(capsys, "--deleted")) == ([], [])
    assert run(capsys, "sessions", "undelete", "s1").status == 1


def test_fork_and_export(profile: Profile, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    asyncio.run(talk(profile))
    (forked,) = run(capsys, "sessions", "fork", "s1", "--turn", "2", "--json").objects
    assert (forked["turns"], forked["title"]) == (2, "What is 1+1? (fork)")
    printed = run(capsys, "sessions", "export", str(forked["session_id"])).out
    assert printed.startswith("# What is 1+1? (fork)\n\n## You, ")
    for words in ("## coder\n\nIt is 2.", "> calculator answered: 2", "## critic\n\nYes"):
        assert words in printed
    assert "And 2+2?" not in printed
    file = tmp_path / "out.md"
    assert run(capsys, "sessions", "export", "s1", str(file)).status == 0
    assert "> failed: the network is down" in file.read_text(encoding="utf-8")
    again = run(capsys, "sessions", "export", "s1", str(file))
    assert again.status == 1
    assert "Name another file." in again.err
