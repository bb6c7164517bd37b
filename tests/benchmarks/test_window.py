"""The benchmarks of the window run and say what they promise; no test asserts a time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

import pytest

from benchmarks.window.__main__ import GROUPS, main
from benchmarks.window.figures import Effort, Figure, in_calm, median, quantile
from benchmarks.window.machine import Moment, Weather
from benchmarks.window.provider import STAMP, TokenAnswer, age_ms, end_of, question, respond, start_of, tokens_of
from tests.provider.speech import ReceivedRequest

QUICK = Effort(quick=True)
MEASURED = list(GROUPS) if os.environ.get("HECTOR_TUI_LONG") else ["answer", "enter"]
"""All of them take two minutes; two show that what they share works."""
LINES = {"answer": 5, "growth": 2, "hidden": 3, "latency": 5, "opening": 2, "tabs": 2, "frame": 1, "enter": 1}


@pytest.mark.pty
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.timeout(300)
@pytest.mark.parametrize("group", MEASURED)
def test_a_group_is_measured(group: str, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["--quick", "--only", group])
    head, *lines = [line for line in capsys.readouterr().out.splitlines() if line and not line.startswith("  (")]
    assert head.split() == ["ours", "goal", "holds"]
    missed = [line for line in lines if " NO" in line]
    assert len(lines) == LINES[group] + 1, lines
    assert lines[-1].startswith(f"{LINES[group] - len(missed)} of {LINES[group]} hold")
    assert status == (1 if missed else 0)


def test_a_goal_holds_up_to_itself() -> None:
    assert Figure("a", 2.0, 2.0).holds
    assert not Figure("a", 2.01, 2.0).holds
    assert Figure("a", 2.0).holds
    assert " NO" in Figure("a", 2.01, 2.0).line()
    assert "yes" in Figure("a", 2.0, 2.0).line()
    assert "yes" not in Figure("a", 2.0).line()


def test_the_middle_and_the_worst_of_a_hundred() -> None:
    values = range(100, 0, -1)
    assert (median(values), quantile(values, 0.99), quantile(values, 1.0)) == (50, 99, 100)
    assert (median([7]), median([1, 2, 9]), quantile([1, 2], 0.99)) == (7, 2, 2)
    with pytest.raises(RuntimeError, match="nothing"):
        median([])


@pytest.mark.parametrize(("stolen", "runs"), [([0.0], 1), ([0.1, 0.0], 2), ([0.1, 0.1, 0.1], 3)])
def test_a_run_in_which_the_host_took_time_is_repeated(
    monkeypatch: pytest.MonkeyPatch, stolen: list[float], runs: int
) -> None:
    seen = iter(stolen)
    done: list[int] = []

    def weather(_before: Moment) -> Weather:
        return Weather(next(seen), 1.0)

    def measure(_effort: Effort) -> Iterable[Figure]:
        done.append(1)
        yield Figure("run", len(done))

    monkeypatch.setattr(Weather, "since", weather)
    said: list[str] = []
    (figure,) = in_calm(measure, QUICK, said.append)
    assert (len(done), figure.value) == (runs, runs)
    assert sum("once more" in line for line in said) == runs - 1


def test_an_answer_has_the_tokens_it_was_asked_for_and_says_when_they_were_sent() -> None:
    body = {"messages": [{"role": "user", "content": question(300, 100, "x", after=120)}]}
    answer = respond(ReceivedRequest(method="POST", path="/v1/chat/completions", headers={}, body=body))
    assert isinstance(answer, TokenAnswer)
    whole = b"".join(answer.pieces(iter(()))).decode()
    assert whole.count('"content"') == 1 + 120 + 1 + 300 + 1
    assert whole.index(start_of("x")) < whole.index(end_of("x"))
    stamps = STAMP.findall(whole[whole.index(start_of("x")) :])
    assert len(stamps) > 10
    assert "0000000" not in stamps
    assert set(STAMP.findall(whole[: whole.index(start_of("x"))])) <= {"0000000"}


def test_tokens_are_the_text_cut_in_pieces_of_a_few_characters() -> None:
    tokens = tokens_of(1_000, 2)
    assert len(tokens) == 1_000
    assert 3.0 < sum(map(len, tokens)) / len(tokens) < 5.0


def test_the_age_of_a_stamp_survives_the_end_of_its_digits() -> None:
    assert age_ms("0001000", 1.5) == 500
    assert age_ms("9999900", 10_000.1) == pytest.approx(200)
