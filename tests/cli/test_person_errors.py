"""Whatever a person can get wrong ends with a status and one clear line, never with a traceback."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from hector_tui.paths import Profile
from hector_tui.sessions.schema import APPLICATION_ID
from tests.cli.support import ROOT, program, run

Prepare = Callable[[Path], None]


def too_new(root: Path) -> None:
    root.mkdir()
    with closing(sqlite3.connect(Profile(root).database)) as connection:
        connection.execute("CREATE TABLE later(x)")
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 99")
        connection.commit()


def with_folder(name: str) -> Prepare:
    return lambda root: (root / name).mkdir(parents=True)


def with_file(name: str) -> Prepare:
    def prepare(root: Path) -> None:
        root.mkdir()
        (root / name).touch()

    return prepare


@pytest.mark.parametrize("command", [("ask", "hi"), ("sessions", "list"), ("agents", "list")])
@pytest.mark.parametrize(
    ("prepare", "complaint"),
    [
        (lambda root: root.touch(), "the profile folder cannot be used"),
        (lambda root: root.symlink_to(root), "the profile folder cannot be used"),
        (with_file("run"), "the profile folder cannot be used"),
        (too_new, "schema version 99, this hector-tui knows"),
    ],
    ids=["a file", "a loop", "a file for locks", "a newer schema"],
)
def test_a_profile_that_cannot_be_used_is_status_1(
    prepare: Prepare, complaint: str, command: tuple[str, ...], profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(profile.root)
    result = run(capsys, *command)
    assert (result.status, result.out) == (1, "")
    assert result.err.startswith("hector-tui: ")
    assert complaint in result.err
    assert result.err.count("\n") == 1


def test_a_home_folder_of_nobody_is_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "sessions", "list", "--profile", "~nobody-of-that-name/x")
    assert result.status == 1
    assert "~nobody-of-that-name/x: there is no such home folder" in result.err


@pytest.mark.parametrize(
    "prepare",
    [with_file("vectors"), with_folder("vectors.lock"), with_folder("hector-tui.log")],
    ids=["vectors", "their lock", "log"],
)
def test_what_the_conversation_does_not_need_does_not_stop_it(
    prepare: Prepare, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(profile.root)
    result = run(capsys, "ask", "math_bot", "What is 2+2?")
    assert result.status == 0
    assert "4" in result.out


def with_rubbish(root: Path) -> None:
    root.mkdir()
    (root / "sessions.db").write_text("this is no database" * 100, encoding="utf-8")


@pytest.mark.parametrize("prepare", [with_rubbish, with_folder("sessions.db")], ids=["rubbish", "a folder"])
def test_a_damaged_database_is_kept_and_the_person_is_told(
    prepare: Prepare, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    prepare(profile.root)
    result = run(capsys, "sessions", "list")
    assert (result.status, result.out) == (0, "")
    assert "it is kept as sessions.db.damaged-" in result.err
    assert run(capsys, "sessions", "list").err == ""


CONFIGURATIONS = {
    "missing": (None, "there is no such file"),
    "empty": (b"", "there is no usable agent"),
    "binary": (bytes(range(256)), "the file is not UTF-8 text"),
    "no mapping": (b"- a\n- b\n", "there is no usable agent"),
    "not YAML": (b"agents: {a: [", "bad.yaml:1:"),
    "unknown key": (b"agents: {a: {llm: offline, colour: red}}", "agents.a.colour"),
    "unknown llm": (b"agents: {a: {llm: nope}}", "no llm 'nope' is defined"),
    "escape sequences": (b'agents: {a: {llm: "\\e[2Jnope"}}', "no llm"),
}


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_configuration_with_nothing_usable_is_status_2(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, complaint = CONFIGURATIONS[name]
    file = tmp_path / "bad.yaml"
    if content is not None:
        file.write_bytes(content)
    result = run(capsys, "ask", "--config", file, "What is 2+2?")
    assert (result.status, result.out) == (2, "")
    assert complaint in result.err
    assert "hector-tui: there is no usable agent" in result.err
    assert "\x1b" not in result.err


def test_a_folder_without_configuration_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "none").mkdir()
    result = run(capsys, "--config", tmp_path / "none", "agents", "list")
    assert result.status == 2
    assert "no *.yaml or *.yml file" in result.err


def test_a_path_the_system_refuses_is_a_line_and_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "agents", "validate", "x" * 300)
    assert result.status in (1, 2)
    assert result.out.count("\n") + result.err.count("\n") <= 2


def test_without_a_terminal_the_app_says_what_works_instead(
    capsys: pytest.CaptureFixture[str], profile: Profile
) -> None:
    result = run(capsys)
    assert (result.status, result.out) == (1, "")
    assert "`hector-tui ask PROMPT` answers without one" in result.err
    assert not profile.root.exists()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a file that is always full")
def test_an_output_that_takes_no_more_is_named(profile: Profile) -> None:
    with open("/dev/full", "wb") as full:
        result = subprocess.run(
            program("--profile", profile.root, "agents", "list"),
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            check=False,
        )
    assert (result.returncode, result.stderr) == (1, b"hector-tui: standard output: No space left on device\n")
