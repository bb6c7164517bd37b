"""`hector-tui ask` from question to exit status."""

from __future__ import annotations

import io
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hector_tui.paths import Profile
from tests.cli.support import Result, provider_thread, run, write_config
from tests.provider import Answer, WireCall
from tests.ui.hostile import PAYLOADS

TERMINAL_CODES = [*map(chr, range(0x20)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u202e", "\u2066"]


def acting(text: str) -> set[str]:
    """The characters of a text that a terminal or a reader's eye would act upon."""
    return set(text) & (set(TERMINAL_CODES) - {"\n", "\t"})


def messages(profile: Profile) -> list[tuple[str, str, str]]:
    with closing(sqlite3.connect(profile.database)) as connection:
        return connection.execute("SELECT session_id, agent_id, role FROM messages ORDER BY message_id").fetchall()


def test_arithmetic_needs_no_configuration_and_no_network(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "ask", "math_bot", "What is 12*(3+4)?")
    assert result.status == 0
    assert "84" in result.out
    assert "calculator" in result.err
    assert "84" in result.err


def test_without_an_agent_the_assistant_answers(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "ask", "What is 2+2?").status == 0
    assert {agent for _, agent, _ in messages(profile)} == {"assistant"}


def test_the_option_names_the_agent_too(profile: Profile, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "--agent", "math_bot", "ask", "What is 2+2?").status == 0
    assert {agent for _, agent, _ in messages(profile)} == {"math_bot"}


@pytest.mark.parametrize("words", [("-",), ("math_bot", "-")])
def test_the_question_can_come_from_standard_input(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("What is\n6*7?\n"))
    result = run(capsys, "ask", *words)
    assert result.status == 0
    assert "42" in result.out


def test_bytes_that_are_no_text_are_read_all_the_same(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff what is 6*7?"), encoding="utf-8"))
    result = run(capsys, "ask", "math_bot", "-")
    assert result.status == 0
    assert "42" in result.out


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("",), "the question is empty"),
        ((" \n",), "the question is empty"),
        (("math_bot", ""), "the question is empty"),
        (("what", "is", "this"), "give the question in quotes"),
        (("nobody", "hi"), "there is no agent 'nobody'. Agents: assistant, coder, critic, editor, guide, math_bot"),
    ],
)
def test_a_question_that_cannot_be_asked_is_status_2(
    words: tuple[str, ...], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run(capsys, "ask", *words)
    assert (result.status, result.out) == (2, "")
    assert complaint in result.err


def test_a_question_needs_no_standard_input(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    result = run(capsys, "ask", "What is 6*7?")
    assert result.status == 0
    assert "42" in result.out


@pytest.mark.parametrize("stdin", [None, io.StringIO("")], ids=["closed", "empty"])
def test_nothing_on_standard_input_is_status_2(
    stdin: io.StringIO | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run(capsys, "ask", "-").status == 2


def test_a_broken_agent_stops_only_those_who_ask_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "half.yaml"
    file.write_text("agents: {broken: {llm: nope}, fine: {llm: offline}}", encoding="utf-8")
    refused = run(capsys, "ask", "--config", file, "broken", "What is 2+2?")
    assert (refused.status, refused.out) == (2, "")
    assert "the agent 'broken' is disabled" in refused.err
    assert "half.yaml:1:" in refused.err
    for words in (("fine", "What is 2+2?"), ("What is 2+2?",)):
        answered = run(capsys, "ask", "--config", file, *words)
        assert answered.status == 0
        assert "4" in answered.out
        assert "half.yaml:1:" in answered.err


def test_a_session_goes_on_and_an_agent_can_be_called_into_it(
    profile: Profile, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (("coder", "What is 1+1?"), ("What is 2+2?",), ("math_bot", "What is 3+3?")):
        assert run(capsys, "ask", "--session", "s1", *words).status == 0
    assert {session for session, _, _ in messages(profile)} == {"s1"}
    asked = [agent for _, agent, role in messages(profile) if role == "user"]
    assert asked == ["coder", "coder", "math_bot"]


def test_events_are_lines_of_json_with_the_terminal_one_last(capsys: pytest.CaptureFixture[str]) -> None:
    result = run(capsys, "ask", "--json", "--session", "s1", "math_bot", "What is 12*(3+4)?")
    events = result.objects
    assert result.status == 0
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)
    assert {(event["session_id"], event["agent_id"]) for event in events} == {("s1", "math_bot")}
    assert len({event["run_id"] for event in events}) == 1
    types = [event["type"] for event in events]
    assert types[0] == "StateChanged"
    assert types[-1] == "RunFinished"
    assert [name for name in types if name.startswith("Run")] == ["RunFinished"]
    assert "84" in "".join(event["text"] for event in events if event["type"] == "TextDelta")
    assert {"ToolCallStarted", "ToolCallFinished"} < set(types)


def asked(capsys: pytest.CaptureFixture[str], tmp_path: Path, answers: Any, *options: str) -> Result:
    with provider_thread(answers) as provider:
        file = write_config(tmp_path / "loop.yaml", provider.base_url)
        return run(capsys, "ask", "--config", file, *options, "hello")


def test_an_answer_without_a_line_end_gets_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert asked(capsys, tmp_path, Answer(text="Good day")).out == "Good day\n"
    assert asked(capsys, tmp_path, Answer(text="Good day\n")).out == "Good day\n"


def test_words_before_and_after_a_tool_call_are_two_paragraphs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call = WireCall("c1", "calculator", '{"expression": "1+1"}')
    answers = [Answer(text="Let me see.", calls=(call,)), Answer(text="It is 2.")]
    result = asked(capsys, tmp_path, answers)
    assert (result.status, result.out) == (0, "Let me see.\n\nIt is 2.\n")
    assert "calculator" in result.err


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_provider_that_refuses_is_status_1(
    options: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refusal = Answer(status=400, raw=b'{"error": {"message": "no such thing \\u001b[2J"}}', framing="length")
    result = asked(capsys, tmp_path, refusal, *options)
    assert result.status == 1
    assert not acting(result.out + result.err)
    if options:
        assert result.objects[-1]["type"] == "RunFailed"
        assert "no such thing" in result.objects[-1]["error"]
    else:
        assert result.out == ""
        assert "no such thing" in result.err


def test_what_came_before_a_failure_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = asked(capsys, tmp_path, Answer(text="one two three", cut_after=700))
    assert result.status == 1
    assert result.out.startswith("one")
    assert result.err.startswith("hector-tui: ")


def test_hostile_answers_calls_and_titles_cannot_act_on_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hostile = "\n".join(PAYLOADS.values())
    call = WireCall(
        "c1", "evil\x1b[2J", '{"x": "\x1b]0;owned\x07"}'.replace("\x1b", "\\u001b").replace("\x07", "\\u0007")
    )
    with provider_thread([Answer(text=hostile, calls=(call,)), Answer(text=hostile)]) as provider:
        file = write_config(tmp_path / "loop.yaml", provider.base_url)
        answer = run(capsys, "ask", "--config", file, "--session", "s1", "a title\x1b]0;owned\x07\u202e")
    assert answer.status == 0
    assert "␛" in answer.out
    assert not acting(answer.out)
    assert not acting(answer.err)
    for command in (("sessions", "list"), ("sessions", "show", "s1"), ("sessions", "show", "s1", "--json")):
        shown = run(capsys, *command)
        assert shown.status == 0
        assert not acting(shown.out + shown.err), command
        assert "owned" in shown.out


CAREFUL = {
    "agents": {
        "careful": {"llm": "offline", "memory": {"long_term": {"recall_scope": "session"}}, "tools": ["careful"]}
    },
    "tools": {"careful": {"type": "remember", "require_approval": True}},
}


def careful_config(folder: Path) -> Path:
    # JSON is YAML too.
    path = folder / "careful.yaml"
    path.write_text(json.dumps(CAREFUL), encoding="utf-8")
    return path


def notes(profile: Profile) -> int:
    with closing(sqlite3.connect(profile.database)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM memories WHERE kind = 'note'").fetchone()
    return int(count)


def test_a_tool_that_asks_first_is_refused_where_nobody_can_answer(
    profile: Profile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = careful_config(tmp_path)
    result = run(capsys, "--config", config, "ask", "careful", "remember that the ferry leaves at nine")
    assert result.status == 0
    assert "refused: remember" in result.err
    assert "--approve-tools" in result.err
    assert notes(profile) == 0
    result = run(capsys, "--config", config, "ask", "careful", "remember that the ferry leaves", "--approve-tools")
    assert result.status == 0
    assert notes(profile) == 1


@pytest.mark.parametrize(("typed", "count"), [("y\n", 1), ("YES\n", 1), ("n\n", 0), ("\n", 0), ("", 0)])
def test_somebody_at_the_terminal_is_asked(
    profile: Profile,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    typed: str,
    count: int,
) -> None:
    monkeypatch.setattr("hector_tui.cli.approvals._is_attended", lambda: True)
    monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
    config = careful_config(tmp_path)
    result = run(capsys, "--config", config, "ask", "careful", "remember that the ferry leaves at nine")
    assert result.status == 0
    assert "careful wants to run: remember" in result.err
    assert "Allow it? [y/N]" in result.err
    assert notes(profile) == count


def test_a_wait_before_another_try_is_said_beside_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    busy = Answer(status=503, raw=b'{"error": {"message": "Busy"}}', headers={"retry-after-ms": "1"}, framing="length")
    result = asked(capsys, tmp_path, [busy, Answer(text="fine")])
    assert (result.status, result.out) == (0, "fine\n")
    assert "warning: try 1: the provider failed (503): Busy: trying again" in result.err
