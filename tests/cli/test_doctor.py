"""`hector-tui doctor`: versions, configuration, providers, the terminal, and how the report looks."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from hector_tui.cli import doctor as doctor_module
from hector_tui.cli.checks.findings import Section, State, size_text
from hector_tui.cli.checks.terminal import clipboard_finding, colours_finding
from hector_tui.cli.checks.versions import sqlite_finding
from tests.cli.support import PATIENCE_S, ROOT, doctor, program, provider_thread, run, start

CANARY = "sk-canary-0123456789"


def test_every_section_has_its_findings(capsys: pytest.CaptureFixture[str]) -> None:
    status, found = doctor(capsys)
    assert status == 0
    assert list(found) == [
        "versions",
        "profile",
        "database",
        "vectors",
        "configuration",
        "providers",
        "settings",
        "terminal",
    ]
    assert {"hector-tui", "python", "sqlite", "textual", "qdrant-edge-py", "qdrant-client"} <= set(found["versions"])
    assert found["configuration"]["agent math_bot"]["value"] == "ready"
    assert len(found["configuration"]["sample agents"]["value"]) == 7


def test_the_text_is_aligned_and_says_how_it_stands(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "doctor")
    lines = result.out.splitlines()
    assert (result.status, result.err) == (0, "")
    assert [line for line in lines if line and not line.startswith(" ")][:-1] == [
        "Versions",
        "Profile",
        "Database",
        "Vectors",
        "Configuration",
        "Providers",
        "Settings",
        "Terminal",
    ]
    assert lines[-1].startswith("Everything needed works, ")
    found = [line for line in lines if line.startswith("  ")]
    assert {line[2] for line in found} <= set(" ✓!✗")
    texts = {line.index(line[4:].split("  ")[-1].lstrip()) for line in found}
    assert len(texts) == 1


@pytest.mark.parametrize(
    ("version", "has_fts5", "state"),
    [
        ((3, 51, 3), True, State.GOOD),
        ((3, 53, 0), True, State.GOOD),
        ((3, 51, 2), True, State.REMARK),
        ((3, 40, 1), True, State.REMARK),
        ((3, 36, 0), True, State.BROKEN),
        ((3, 51, 3), False, State.BROKEN),
    ],
)
def test_sqlite_is_judged_by_its_version(version: tuple[int, int, int], has_fts5: bool, state: State) -> None:
    finding = sqlite_finding(version, has_fts5=has_fts5)
    assert finding.state is state
    assert finding.text.startswith(".".join(map(str, version)))
    assert ("WAL-reset" in finding.text) is (state is State.REMARK)


def test_the_configuration_is_told_with_places_and_reasons(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(
        """
llms:
  keyed: {type: openai, model: gpt-x}
  local: {type: openai, host: "http://127.0.0.1:9/v1", model: loop-1}
agents:
  fine: {llm: offline}
  keyed: {llm: keyed}
  local: {llm: local}
  broken: {llm: nope}
""",
        encoding="utf-8",
    )
    status, found = doctor(capsys, "--config", str(file))
    section = found["configuration"]
    assert status == 0
    assert section["files"]["value"] == [str(file)]
    assert section["agent fine"]["text"].startswith("ready: offline")
    assert "needs OPENAI_API_KEY" in section["agent keyed"]["text"]
    assert "nothing listens at http://127.0.0.1:9" in section["agent local"]["text"]
    assert section["agent broken"]["value"] == "disabled"
    assert "no llm 'nope' is defined" in section["agent broken"]["text"]
    assert section["error"]["text"].startswith(f"{file}:9:")
    states = {name: section[name]["state"] for name in section if name.startswith("agent ")}
    assert states == {
        "agent fine": "good",
        "agent keyed": "remark",
        "agent local": "remark",
        "agent broken": "remark",
    }


@pytest.mark.parametrize("content", ["agents: {a: {llm: nope}}", "- no mapping", None])
def test_a_configuration_without_a_usable_agent_is_broken(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "agents.yaml"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    status, found = doctor(capsys, "--config", str(file))
    assert (status, found["configuration"]["agents"]["state"]) == (1, "broken")


def test_keys_are_named_and_never_shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GROQ_API_KEY", CANARY)
    _, found = doctor(capsys)
    assert found["providers"]["Groq"]["state"] == "good"
    assert "GROQ_API_KEY is set" in found["providers"]["Groq"]["text"]
    assert found["providers"]["OpenAI"] == {
        "name": "OpenAI",
        "state": "fact",
        "text": "set OPENAI_API_KEY",
        "value": {"state": "needs_key", "model": "gpt-6-luna"},
    }
    assert found["providers"]["llm: auto"]["value"] == "Groq"
    assert "HECTOR_TUI_NO_PROBE" in found["providers"]["local servers"]["text"]
    for options in ((), ("--json",)):
        assert CANARY not in run(capsys, "doctor", *options).out


def test_a_server_that_runs_is_found(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with provider_thread() as provider:
        monkeypatch.setenv("HECTOR_TUI_NO_PROBE", "0")
        monkeypatch.setenv("OPENAI_BASE_URL", provider.base_url)
        _, found = doctor(capsys)
    server = found["providers"]["OPENAI_BASE_URL"]
    assert (server["state"], server["value"]) == ("good", {"state": "ready", "model": "loop-1"})
    assert "local servers" not in found["providers"]


@pytest.mark.parametrize(
    ("env", "colours"),
    [
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, 2**24),
        ({"TERM": "xterm-256color", "COLORTERM": "24bit"}, 2**24),
        ({"TERM": "xterm-kitty"}, 2**24),
        ({"TERM": "xterm-256color", "WT_SESSION": "1"}, 2**24),
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm"}, 16),
        ({}, 16),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, 2),
    ],
)
def test_colours_are_guessed_from_the_environment(env: dict[str, str], colours: int) -> None:
    assert colours_finding(env).value == colours


def test_a_clipboard_program_counts_only_where_it_can_work() -> None:
    def which(name: str) -> str | None:
        return f"/usr/bin/{name}" if name in ("xclip", "wl-copy") else None

    assert clipboard_finding({}, which).value == []
    assert clipboard_finding({"DISPLAY": ":0"}, which).value == ["xclip"]
    assert clipboard_finding({"DISPLAY": ":0", "WAYLAND_DISPLAY": "w"}, which).value == ["wl-copy", "xclip"]


def test_what_stands_between_is_named(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TMUX", "STY", "ZELLIJ", "SSH_TTY", "SSH_CONNECTION"):
        monkeypatch.delenv(name, raising=False)
    assert doctor(capsys)[1]["terminal"]["through"]["value"] == []
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    monkeypatch.setenv("SSH_CONNECTION", "1 2 3 4")
    assert doctor(capsys)[1]["terminal"]["through"]["value"] == ["tmux", "ssh"]


def test_a_check_that_fails_by_itself_is_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Section:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr(doctor_module, "versions_section", fail)
    status, found = doctor(capsys)
    assert status == 1
    assert found["versions"]["check"]["state"] == "broken"
    assert "nobody thought of this" in found["versions"]["check"]["text"]
    assert "database" in found


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 bytes"),
        (1023, "1023 bytes"),
        (1024, "1.0 KiB"),
        (114688, "112 KiB"),
        (1024**2 - 1, "1024 KiB"),
        (1024**2 * 3 // 2, "1.5 MiB"),
        (1024**5, "1024 TiB"),
    ],
)
def test_sizes_are_short(size: int, text: str) -> None:
    assert size_text(size) == text


def test_without_utf_8_it_is_plain_ascii(tmp_path: Path) -> None:
    profile = tmp_path / "profil-é"
    result = start("doctor", env={**os.environ, "LC_ALL": "C", "HECTOR_TUI_HOME": str(profile)})
    assert result.returncode == 0
    assert result.stdout.isascii()
    assert b"  + agent math_bot" in result.stdout
    assert b"  ! locale" in result.stdout


@pytest.mark.pty
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_on_a_terminal_lines_are_wrapped_to_its_width() -> None:
    import fcntl
    import pty
    import struct
    import subprocess
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 90, 0, 0))
    process = subprocess.Popen(program("doctor"), stdin=follower, stdout=follower, stderr=follower, cwd=ROOT)
    os.close(follower)
    output = b""
    try:
        while piece := os.read(leader, 65536):
            output += piece
    except OSError:  # the other end was closed: Linux says so by an error
        pass
    finally:
        os.close(leader)
    assert process.wait(PATIENCE_S) == 0
    lines = output.decode().replace("\r\n", "\n").splitlines()
    assert any(line.split() == ["✓", "size", "90", "x", "30"] for line in lines)
    assert any(line.split() == ["✓", "tty", "yes"] for line in lines)
    # Paths and places stay whole, whatever their length; everything else keeps to the width.
    assert [line for line in lines if len(line) > 90 and "/" not in line] == []
    assert any(line.startswith(" " * 12) for line in lines)


def test_ollama_is_looked_for_where_the_environment_says(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(
        "llms: {mine: {type: ollama, model: qwen3}, odd: {type: ollama, model: m, host: 'ftp://box'}}\n"
        "agents: {mine: {llm: mine}, odd: {llm: odd}}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")
    _, found = doctor(capsys, "--config", str(file))
    assert found["configuration"]["agent mine"]["text"] == "qwen3: nothing listens at http://127.0.0.1:9"
    assert "not a URL" in found["configuration"]["agent odd"]["text"]
