"""One streamed answer in the whole program: what it costs, also far into it and below a long history."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.window.figures import Effort, Figure
from benchmarks.window.profiles import AGENT, USABLE, Stage, stage
from benchmarks.window.provider import end_of, question, start_of
from benchmarks.window.watched import Watched

CPU_GOAL_S, MARKDOWN_GOAL, BYTES_GOAL, WHOLE_GOAL_S = 2.0, 0.25, 400, 3.0
LENGTH_GOAL, HISTORY_GOAL = 1.3, 1.2


@dataclass(frozen=True, slots=True)
class Cost:
    """What an answer cost, per token.

    Attributes:
        cpu_s: Seconds of CPU per 1,000 tokens, of the whole process tree.
        sent: Bytes to the terminal per token.
        whole_s: Seconds from Enter to the end on the screen.
    """

    cpu_s: float
    sent: float
    whole_s: float


def cost_of(program: Watched, tokens: int, rate: int, name: str, *, after: int = 0) -> Cost:
    """Ask for an answer and wait for its end; what came before the first measured token does not count."""
    program.says(USABLE)
    program.settle()
    asked, sent = program.ask(question(tokens, rate, name, after=after))
    cpu = program.cpu_s
    if after:
        program.says(start_of(name), sent)
        cpu, sent = program.cpu_s, program.sent
    whole = program.says(end_of(name), sent)
    program.settle()
    return Cost((program.cpu_s - cpu) * 1000 / tokens, (program.sent - sent) / tokens, whole - asked)


def measure_answer(effort: Effort) -> Iterator[Figure]:
    """2,000 tokens at 100 a second, against the smallest Textual app and against copying; 20,000 at once."""
    tokens, rate, many = effort.choose(2_000, 200), effort.choose(100, 400), effort.choose(20_000, 1_000)
    with stage() as made:
        with made.peer("copy") as floor:
            floor_cost = cost_of(floor, tokens, rate, "floor")
        with made.peer("markdown") as markdown:
            theirs = cost_of(markdown, tokens, rate, "markdown")
        with made.program("answer", "--agent", AGENT) as ours:
            own = cost_of(ours, tokens, rate, "own")
        with made.program("whole", "--agent", AGENT) as ours:
            whole = cost_of(ours, many, 0, "whole")
    beside = f"copying {floor_cost.cpu_s:.2f}, Textual's Markdown {theirs.cpu_s:.2f}"
    yield Figure(f"CPU s per 1,000 tokens at {rate}/s, inspector open", own.cpu_s, CPU_GOAL_S, beside)
    yield Figure("  as a share of Textual's Markdown", own.cpu_s / theirs.cpu_s, MARKDOWN_GOAL)
    yield Figure("  in programs that copy", own.cpu_s / floor_cost.cpu_s)
    beside = f"copying {floor_cost.sent:.1f}, Textual's Markdown {theirs.sent:,.0f}"
    yield Figure("bytes to the terminal per token", own.sent, BYTES_GOAL, beside)
    yield Figure(f"s from Enter until {many:,} tokens are on screen", whole.whole_s, WHOLE_GOAL_S)


def measure_growth(effort: Effort) -> Iterator[Figure]:
    """The same tokens, far into an answer and below a long history."""
    tokens, rate = effort.choose(1_000, 100), effort.choose(100, 400)
    short, long, messages = effort.choose(1_000, 100), effort.choose(20_000, 400), effort.choose(1_000, 100)
    with stage() as made:
        costs = [_cost_after(made, tokens, rate, already, 0) for already in (short, long)]
        below = _cost_after(made, tokens, rate, short, messages)
    yield Figure(
        f"CPU per token after {long:,} tokens, in that after {short:,}",
        costs[1].cpu_s / costs[0].cpu_s,
        LENGTH_GOAL,
        f"{costs[1].cpu_s:.2f} and {costs[0].cpu_s:.2f} s per 1,000",
    )
    yield Figure(
        f"CPU per token below {messages:,} messages, in that below none",
        below.cpu_s / costs[0].cpu_s,
        HISTORY_GOAL,
        f"{below.cpu_s:.2f} and {costs[0].cpu_s:.2f} s per 1,000",
    )


def _cost_after(made: Stage, tokens: int, rate: int, already: int, messages: int) -> Cost:
    name = f"after{already}below{messages}"
    made.fill(name, {name: messages})
    with made.program(name, "--session", name) as program:
        return cost_of(program, tokens, rate, f"{name}at{time.monotonic_ns() % 1_000}", after=already)
