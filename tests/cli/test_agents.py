"""`hector-tui agents`: who is there, what is missing, and whether the files are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.paths import Profile
from tests.cli.support import run, write_config


def test_the_sample_agents_are_listed_and_ready(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "agents", "list")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert [line.split()[:2] for line in lines] == [
        ["●", name] for name in ("assistant", "coder", "critic", "editor", "guide", "math_bot", "researcher")
    ]
    assert "Calculates exactly" in result.out


def test_what_an_agent_lacks_stands_below_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "agents.yaml"
    file.write_text(
        """
llms:
  keyed: {type: openai, model: gpt-x}
  local: {type: openai, host: "http://127.0.0.1:9/v1", model: loop-1}
agents:
  armed: {llm: offline, tools: [calculator, execute_command]}
  keyed: {llm: keyed}
  local: {llm: local}
  broken: {llm: nope}
""",
        encoding="utf-8",
    )
    result = run(capsys, "agents", "list", "--config", file)
    assert result.status == 0
    lines = [line.rstrip() for line in result.out.splitlines()]
    assert [line.split()[:2] for line in lines[::2]] == [
        ["●", "armed"],
        ["○", "keyed"],
        ["○", "local"],
        ["✗", "broken"],
    ]
    assert lines[1].strip() == 'the tool "execute_command" is not available in this version'
    assert lines[3].strip() == "needs OPENAI_API_KEY"
    assert lines[5].strip() == "nothing listens at http://127.0.0.1:9"
    assert "no llm 'nope' is defined" in lines[7]
    assert "agents.yaml:9:" in result.err
    states = {
        one["agent_id"]: one["readiness"] for one in run(capsys, "agents", "list", "--config", file, "--json").objects
    }
    assert states == {"armed": "ready", "keyed": "needs_key", "local": "no_server", "broken": "disabled"}


def test_files_are_validated_without_a_profile(
    tmp_path: Path, profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    fine = write_config(tmp_path / "fine.yaml", "http://127.0.0.1:9/v1", "a", "b")
    result = run(capsys, "agents", "validate", fine)
    assert (result.status, result.out) == (0, "1 file, 2 agents (2 usable), 0 errors, 0 warnings\n")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("agents:\n  c:\n    colour: red\n", encoding="utf-8")
    result = run(capsys, "agents", "--config", fine, "validate", wrong)
    assert result.status == 2
    assert result.out.startswith(f"{wrong}:3:5: agents.c.colour")
    assert result.out.endswith("2 files, 3 agents (2 usable), 1 error, 0 warnings\n")
    assert not profile.root.exists()


def test_the_sample_agents_are_valid(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "agents", "validate")
    assert (result.status, result.out) == (0, "7 files, 7 agents (7 usable), 0 errors, 0 warnings\n")
