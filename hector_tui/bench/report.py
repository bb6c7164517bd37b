"""What a benchmark found, as one JSON object and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

from hector_tui.bench.counting import Counted
from hector_tui.bench.figures import Spread, spread
from hector_tui.bench.heard import Ending, endings
from hector_tui.bench.lifecycles import SESSIONS, Lifecycles
from hector_tui.bench.overhead import AT_ONCE, Overhead
from hector_tui.bench.plan import Load
from hector_tui.bench.scale import Scale

EVENT_LIMIT_MS = 10.0
"""From the send to the first event, one request alone, in the median."""
REQUEST_LIMIT_MS = 6.0
"""CPU of the process per request, 100 at once."""
WORD_LIMIT_US = 40.0
"""CPU per streamed word, to a reader in another thread."""
_NAME_CELLS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Everything a benchmark found.

    Attributes:
        peak_mb: The most memory this process had in RAM.
    """

    load: Load
    counted: Counted
    overhead: Overhead
    lifecycles: Lifecycles
    scale: Scale
    peak_mb: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost, duplicated, out of order, leaked or otherwise wrong."""
        return self.counted.faults == 0

    def as_json(self) -> dict[str, object]:
        """One object: the counts at its top level, what was measured in objects below."""
        counted = self.counted
        counts = asdict(counted.counts)
        findings = counts.pop("findings")
        return {
            "turns": len(counted.heard),
            **counts,
            "unsent": endings(counted.heard, Ending.UNSENT),
            "refused": endings(counted.heard, Ending.REFUSED),
            "cancelled": endings(counted.heard, Ending.CANCELLED),
            "finished": endings(counted.heard, Ending.FINISHED),
            **asdict(counted.points),
            "faults": counted.faults,
            "findings": findings,
            "load": asdict(self.load),
            "seconds": counted.seconds,
            "turns_per_s": len(counted.heard) / counted.seconds,
            "cpu_ms_per_turn": 1000 * counted.cpu_s / max(1, counted.sent_here),
            "commits": counted.commits,
            "first_event": asdict(self.first_event()),
            "first_word": asdict(self.first_word()),
            "overhead": asdict(self.overhead),
            "lifecycles": asdict(self.lifecycles),
            "scale": asdict(self.scale),
            "peak_mb": self.peak_mb,
        }

    def first_event(self) -> Spread:
        """From the send to the first event, of all counted turns; queued ones among them."""
        return spread(heard.first_event_s for heard in self.counted.heard.values())

    def first_word(self) -> Spread:
        """From the send to the first word, of all counted turns; queued ones among them."""
        return spread(heard.first_word_s for heard in self.counted.heard.values())


def table(report: Report) -> Iterator[str]:
    """The report in lines."""
    yield from _counts(report)
    yield from _costs(report.overhead)
    yield from _agents(report.lifecycles)
    yield from _scale(report.scale)
    yield ""
    yield _row("most memory of this process", f"{report.peak_mb:,.0f} MB")


def _counts(report: Report) -> Iterator[str]:
    load, counted = report.load, report.counted
    counts, points = counted.counts, counted.points
    where = "2 processes" if load.processes > 1 else "1 process"
    yield (
        f"{len(counted.heard):,} turns, {load.sessions:,} sessions, {load.agents:,} agents, model {load.model},"
        f" policy {load.policy}, {where}"
    )
    yield ""
    for name in ("lost", "duplicated", "misordered", "leaked", "stale", "mismatched", "failed"):
        yield _row(name, f"{getattr(counts, name):,}")
    yield _row("not accepted (an error)", f"{endings(counted.heard, Ending.UNSENT):,}")
    if load.policy != "enqueue":
        yield _row("refused by the policy", f"{endings(counted.heard, Ending.REFUSED):,}")
        yield _row("interrupted by a newer message", f"{endings(counted.heard, Ending.CANCELLED):,}")
    if counts.unconfirmed:
        yield _row("answers without the word asked for", f"{counts.unconfirmed:,}")
    yield _row("memories", f"{counts.memories:,}")
    yield _row("  without a vector, or with somebody else's", f"{points.points_missing + points.points_misplaced:,}")
    for finding in counts.findings:
        yield f"  {finding}"
    yield ""
    speed = f"{len(counted.heard) / counted.seconds:,.0f} a second"
    yield _row("time", f"{counted.seconds:,.1f} s", speed)
    yield _row("CPU per turn", f"{1000 * counted.cpu_s / max(1, counted.sent_here):.1f} ms")
    yield _row("commits to disk", f"{counted.commits:,}")


def _costs(overhead: Overhead) -> Iterator[str]:
    yield ""
    yield _row("from the send to the first event, alone", *_times(overhead.alone_event), f"limit {EVENT_LIMIT_MS:.0f}")
    yield _row("  to the first word", *_times(overhead.alone_word))
    yield _row(f"with {AT_ONCE} sent at once, first event", *_times(overhead.crowd_event))
    yield _row("  first word", *_times(overhead.crowd_word))
    yield _row(
        f"CPU per request, {AT_ONCE} at once", f"{overhead.crowd_cpu_ms:.1f} ms", "", f"limit {REQUEST_LIMIT_MS:.0f}"
    )
    yield _row("  the same model called directly", f"{overhead.model_ms:.1f} ms")
    ratio = f"{overhead.word_us / overhead.hop_us:.1f} hops"
    yield _row("CPU per word, to another thread", f"{overhead.word_us:.1f} µs", ratio, f"limit {WORD_LIMIT_US:.0f}")
    yield _row("  to a reader that looks 12 times a second", f"{overhead.frame_word_us:.1f} µs")
    yield _row("  the same model called directly", f"{overhead.model_word_us:.1f} µs")
    yield _row("  a bare asyncio.Queue hop", f"{overhead.hop_us:.1f} µs")


def _agents(cycles: Lifecycles) -> Iterator[str]:
    yield ""
    yield _row(f"memory of {cycles.agents:,} agents, by number of sessions", *(f"{number:,}" for number in SESSIONS))
    yield _row("  shared, as they are", *(_size(cycles.bytes_at(cycles.agent, 1)) for _ in SESSIONS))
    yield _row("  one of each per session", *(_size(cycles.bytes_at(cycles.agent, number)) for number in SESSIONS))
    yield _row(
        "  with services of its own", *(_size(cycles.bytes_at(cycles.own_services, number)) for number in SESSIONS)
    )
    yield _row("before a session's first request: look up, shared", f"{cycles.lookup_us:.1f} µs")
    yield _row("  build one", f"{cycles.agent.us:.1f} µs")
    yield _row("  build one with services", f"{cycles.own_services.us:.1f} µs")
    yield _row("  build an HTTP client, too", f"{cycles.http_client.us / 1000:.1f} ms")


def _scale(scale: Scale) -> Iterator[str]:
    yield ""
    yield _row("memory of a session nobody uses now", _size(scale.idle_session_bytes))
    yield _row("  that was used since the start", _size(scale.used_session_bytes))
    yield _row("  in the database, with one turn", _size(scale.stored_session_bytes))
    yield _row("memory of a running request", _size(scale.running_request_bytes))
    for step in scale.steps:
        yield _row(f"with {step.sessions:,} sessions stored, first event", *_times(step.first_event))
        yield _row("  first word", *_times(step.first_word))


def _times(times: Spread) -> tuple[str, str]:
    return f"{times.p50_ms:.1f} ms", f"p99 {times.p99_ms:.1f}"


def _size(count: float) -> str:
    """Bytes for people, in powers of 1,000; a small negative number is noise around nothing."""
    size = max(0.0, count)
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:,.0f} {unit}" if unit == "B" else f"{size:,.1f} {unit}"
        size /= 1000
    return f"{size:,.1f} GB"


def _row(name: str, *values: str) -> str:
    return f"{name:<{_NAME_CELLS}}{''.join(f'{value:>13}' for value in values)}".rstrip()
