"""`hector-tui usage`: sums that a person and a script can read."""

from __future__ import annotations

import pytest

from tests.cli.support import run


def test_an_unused_profile_has_spent_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "usage")
    assert (result.status, result.out) == (0, "Nothing was spent.\n")
    assert run(capsys, "usage", "--json").out == ""


def test_the_sums_name_their_turns_and_tokens(capsys: pytest.CaptureFixture[str]) -> None:
    run(capsys, "ask", "math_bot", "What is 12*(3+4)?")
    run(capsys, "ask", "guide", "How do I quit?")
    result = run(capsys, "usage", "--by", "agent")
    lines = {line.split()[0]: line for line in result.out.splitlines()}
    assert set(lines) == {"math_bot", "guide", "all"}
    assert "1 turn " in lines["guide"]
    assert "2 turns" in lines["all"]
    assert "~" in lines["all"]
    found = {entry["name"]: entry for entry in run(capsys, "usage", "--by", "model", "--json").objects}
    assert found["offline"]["turns"] == 2
    assert found["offline"]["usage"]["input_tokens"] > 0
    assert found["offline"]["usage"]["cost"] == 0.0
    assert run(capsys, "usage", "--days", "1", "--json").objects != []
    assert run(capsys, "usage", "--session", "nobody").out == "Nothing was spent.\n"
