"""The command line: where options may stand, and what is refused."""

from __future__ import annotations

import pytest

from hector_tui.cli.parser import build_parser, parse
from hector_tui.cli.setup import config_paths, profile_of


@pytest.mark.parametrize(
    "line",
    [
        "--config a --profile p --debug ask hi",
        "ask --config a --profile p --debug hi",
        "ask hi --config a --profile p --debug",
        "--config a --profile p --debug agents list",
        "agents --config a --profile p --debug list",
        "agents list --config a --profile p --debug",
        "agents validate --config a --profile p --debug",
        "--profile p sessions --config a list --debug",
        "sessions show s --config a --profile p --debug",
        "doctor --config a --profile p --debug",
        "--config a --profile p --debug",
    ],
)
def test_common_options_stand_before_between_and_after_a_command(line: str) -> None:
    options = parse(line.split())
    assert [str(path) for path in config_paths(options)] == ["a"]
    assert profile_of(options).root.name == "p"
    assert options.debug is True


def test_configurations_of_all_levels_add_up_in_order() -> None:
    options = parse(["--config", "a", "agents", "--config", "b", "--config", "c", "list", "--config", "d"])
    assert [str(path) for path in config_paths(options)] == ["a", "b", "c", "d"]


def test_a_command_without_options_has_the_defaults() -> None:
    options = parse(["ask", "hi"])
    assert (config_paths(options), options.profile, options.debug, options.session) == ((), None, False, None)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["ask", "hi"], ["hi"]),
        (["ask", "math_bot", "hi"], ["math_bot", "hi"]),
        (["ask", "math_bot", "--json", "hi there"], ["math_bot", "hi there"]),
        (["ask", "math_bot", "--json", "-"], ["math_bot", "-"]),
        (["ask", "math_bot", "--session", "s", "--", "--what?"], ["math_bot", "--what?"]),
        (["ask", "--", "--what?"], ["--what?"]),
        (["ask", "-5 and what?"], ["-5 and what?"]),
        (["ask", "math_bot", "--json", "-5 and what?"], ["math_bot", "-5 and what?"]),
    ],
)
def test_the_words_of_a_question_are_found_among_options(line: list[str], words: list[str]) -> None:
    assert parse(line).words == words


def test_a_session_named_before_the_command_is_the_session_of_the_question() -> None:
    assert parse(["--session", "s1", "ask", "hi"]).session == "s1"
    assert parse(["--session", "s1", "ask", "--session", "s2", "hi"]).session == "s2"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (["--bogus"], "unrecognized arguments: --bogus"),
        (["ask", "hi", "--bogus"], "unrecognized arguments: --bogus"),
        (["sessions", "list", "more"], "unrecognized arguments: more"),
        (["ask"], "the following arguments are required"),
        (["ask", "--session", "", "hi"], "an id is made of printable characters"),
        (["ask", "--session", " ", "hi"], "an id is made of printable characters"),
        (["ask", "--session", "a\x1b[2J", "hi"], "an id is made of printable characters"),
        (["ask", "--session", "\udcff", "hi"], "an id is made of printable characters"),
        (["sessions", "list", "--limit", "0"], "a whole number from 1 on"),
        (["sessions", "list", "--limit", "-1"], "a whole number from 1 on"),
        (["sessions", "list", "--limit", "many"], "a whole number from 1 on"),
        (["sessions"], "list|show"),
        (["frobnicate"], "invalid choice: 'frobnicate'"),
        (["--prof=p"], "unrecognized arguments: --prof=p"),
        (["ask", "hi", "--js"], "unrecognized arguments: --js"),
    ],
)
def test_what_is_wrong_ends_with_status_2_and_says_so(
    line: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        parse(line)
    assert stop.value.code == 2
    assert complaint in capsys.readouterr().err


def test_a_wrong_argument_cannot_act_on_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--\x1b]0;owned\x07"])
    error = capsys.readouterr().err
    assert "␛]0;owned" in error
    assert "\x1b" not in error


@pytest.mark.parametrize("line", [[], ["-c"], ["--continue", "-c"]])
def test_a_plain_start_reads_the_line_as_the_whole_parser_does(line: list[str]) -> None:
    assert parse(line) == build_parser().parse_args(line)
