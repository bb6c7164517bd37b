"""The whole benchmark: count on one profile, measure on another, compare, and remove both."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hector_tui.bench.counting import Say, count
from hector_tui.bench.figures import peak_memory_mb
from hector_tui.bench.hosting import hosted
from hector_tui.bench.lifecycles import compare_lifecycles
from hector_tui.bench.overhead import measure_overhead
from hector_tui.bench.plan import OFFLINE, Load, Plan
from hector_tui.bench.report import Report
from hector_tui.bench.scale import measure_scale
from hector_tui.bench.stage import Stage
from hector_tui.errors import ProfileError
from hector_tui.log import start_logging
from hector_tui.paths import Profile


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions:
    """What a benchmark is run with.

    Attributes:
        config_paths: Where the llm of the load is described; not used by the offline model.
        keep: A folder for the profiles, which stay; None for one that is removed.
    """

    load: Load
    config_paths: tuple[Path, ...] = ()
    keep: Path | None = None


async def run_bench(options: BenchOptions, say: Say) -> Report:
    """Run all of it.

    Args:
        options: How much, and where.
        say: Called with what goes on now, in one line.

    Raises:
        HectorError: The folder is not empty, the llm cannot be used, or the engine refused something.
        sqlite3.Error: The database could not be read back.
    """
    with _folder(options.keep) as folder:
        start_logging(folder / "bench.log")
        say(f"counting, in {folder}")
        counted = await count(Profile(folder / "counted"), Plan(options.load), options.config_paths, say)
        say("measuring overhead")
        # The costs are the engine's, whatever the model: they are measured without a network.
        plan = Plan(Load(agents=options.load.agents, words=options.load.words, model=OFFLINE, seed=options.load.seed))
        profile = Profile(folder / "measured")
        stage = Stage()
        async with hosted(profile, plan, stage.script) as engine:
            overhead = await measure_overhead(engine, plan, stage.script)
            say("comparing shared agents with an instance per session")
            lifecycles = await compare_lifecycles(engine.engine)
            say("storing 100,000 sessions")
            scale = await measure_scale(engine, profile, plan, stage)
        return Report(
            load=options.load,
            counted=counted,
            overhead=overhead,
            lifecycles=lifecycles,
            scale=scale,
            peak_mb=peak_memory_mb(),
        )


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="hector-tui-bench-") as name:
            yield Path(name)
        return
    try:
        keep.mkdir(parents=True, exist_ok=True)
        is_used = any(keep.iterdir())
    except OSError as error:
        raise ProfileError(f"the folder cannot be used ({error.strerror})", where=str(keep)) from error
    if is_used:
        raise ProfileError("the folder is not empty", where=str(keep), hint="Name one that is not there yet.")
    yield keep
