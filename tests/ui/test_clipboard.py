"""A copy goes wherever it can, says where, and is never lost."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from textual.app import App

from hector_tui.ui.clipboard import OSC52_BYTES, copy_text, takes_osc52

_VARIABLES = ("WAYLAND_DISPLAY", "DISPLAY", "WSL_DISTRO_NAME", "TERMUX_VERSION", "TMUX", "TERM_PROGRAM")


class Desktop:
    """A made-up machine: the programs on its path, and what they were given.

    Args:
        folder: Where its files are.
        patch: Sets its environment.
    """

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.copied = folder / "profile" / "copied.txt"
        self.copied.parent.mkdir()
        self._programs = folder / "bin"
        self._programs.mkdir()
        self._patch = patch
        patch.setenv("PATH", f"{self._programs}:/usr/bin:/bin")
        for name in _VARIABLES:
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm-256color")

    def has(self, program: str, variable: str, *, script: str = "cat > {given}") -> Path:
        """Install a program and the variable that makes it be tried; the file holds what it was given."""
        given = self.folder / f"{program}.given"
        path = self._programs / program
        path.write_text("#!/bin/sh\n" + script.format(given=given) + "\n", encoding="utf-8")
        path.chmod(0o755)
        self._patch.setenv(variable, ":0")
        return given

    def runs_in(self, **variables: str) -> None:
        """Set variables of the terminal."""
        for name, value in variables.items():
            self._patch.setenv(name, value)


@pytest.fixture
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desktop:
    return Desktop(tmp_path, monkeypatch)


async def copied(desktop: Desktop, text: str, monkeypatch: pytest.MonkeyPatch) -> tuple[str, list[str]]:
    """Copy: what was said, and what was written to the terminal."""
    app: App[object] = App()
    async with app.run_test(notifications=True) as pilot:
        written: list[str] = []
        assert app._driver is not None
        monkeypatch.setattr(app._driver, "write", written.append)
        await copy_text(app, text, "answer", desktop.copied)
        await pilot.pause()
        assert app.clipboard == text.replace("\x1b", "␛")
        (notice,) = app._notifications
        return notice.message, [each for each in written if "\x1b]52" in each]


async def test_a_program_that_took_the_text_is_named(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    given = desktop.has("xclip", "DISPLAY")
    said, sequences = await copied(desktop, "häl\x1blo", monkeypatch)
    assert said == "Copied answer, 6 characters, by xclip and the terminal."
    assert given.read_text("utf-8") == "häl␛lo"
    assert len(sequences) == 1 and not desktop.copied.exists()


async def test_a_program_that_fails_is_not_believed(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    desktop.has("wl-copy", "WAYLAND_DISPLAY", script="exit 1")
    given = desktop.has("xsel", "DISPLAY")
    said, _ = await copied(desktop, "text", monkeypatch)
    assert "by xsel and the terminal" in said and given.read_text("utf-8") == "text"


async def test_a_program_that_hangs_is_ended(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hector_tui.ui.clipboard._TIMEOUT_S", 0.2)
    process = desktop.has("xclip", "DISPLAY", script="echo $$ > {given}; exec sleep 60")
    said, _ = await copied(desktop, "text", monkeypatch)
    assert "OSC 52" in said
    assert not Path(f"/proc/{process.read_text().strip()}").exists()


async def test_a_terminal_alone_may_not_have_taken_it_so_a_file_has_it(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    desktop.copied.write_text("from before")
    said, sequences = await copied(desktop, "text", monkeypatch)
    assert said.startswith("Copied answer, 4 characters, by the terminal (OSC 52, which never answers)")
    assert said.endswith(f"also in {desktop.copied}.")
    assert len(sequences) == 1 and desktop.copied.read_text("utf-8") == "text"
    assert stat.S_IMODE(desktop.copied.stat().st_mode) == 0o600


async def test_without_any_clipboard_the_file_has_it(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    desktop.runs_in(TERM="linux")
    said, sequences = await copied(desktop, "text", monkeypatch)
    assert said.startswith(f"Copied answer, 4 characters, to {desktop.copied}")
    assert not sequences and desktop.copied.read_text("utf-8") == "text"


async def test_a_text_too_long_for_a_terminal_goes_into_the_file_whole(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "日" * (OSC52_BYTES // 3 + 1)
    _, sequences = await copied(desktop, text, monkeypatch)
    assert not sequences and desktop.copied.read_text("utf-8") == text


async def test_nothing_is_claimed_when_nothing_worked(desktop: Desktop, monkeypatch: pytest.MonkeyPatch) -> None:
    desktop.runs_in(TERM="dumb")
    desktop.copied.mkdir()
    said, _ = await copied(desktop, "text", monkeypatch)
    assert said.startswith("Not copied")


async def test_a_link_laid_in_place_of_the_file_is_not_followed(
    desktop: Desktop, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = desktop.folder / "elsewhere"
    elsewhere.write_text("precious")
    desktop.copied.symlink_to(elsewhere)
    await copied(desktop, "text", monkeypatch)
    assert elsewhere.read_text() == "precious" and desktop.copied.read_text() == "text"


@pytest.mark.parametrize(
    ("env", "takes"),
    [
        ({"TERM": "xterm-256color"}, True),
        ({"TERM": "screen", "TMUX": "x"}, True),
        ({"TERM": "linux"}, False),
        ({}, False),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"}, False),
    ],
)
def test_terminals_that_are_known_to_be_deaf_are_not_asked(env: dict[str, str], takes: bool) -> None:
    assert takes_osc52("text", env) is takes
