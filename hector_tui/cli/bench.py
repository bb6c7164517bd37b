"""`hector-tui bench`: the evidence on standard output, what goes on meanwhile on standard error."""

from __future__ import annotations

import argparse
import asyncio
import secrets

from hector_tui.cli.output import say, say_json, warn
from hector_tui.cli.setup import config_paths, expanded
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED


def run_bench(options: argparse.Namespace) -> int:
    """Run the benchmark in a folder of its own; the profile of the person is not touched.

    Returns:
        0 when nothing was lost, duplicated, out of order or leaked, else 1.

    Raises:
        HectorError: The llm or the folder cannot be used.
    """
    from hector_tui.bench.plan import Load
    from hector_tui.bench.report import table
    from hector_tui.bench.run import BenchOptions, run_bench

    load = Load(
        turns=options.turns,
        sessions=options.sessions,
        agents=options.agents,
        policy=options.policy,
        processes=options.processes,
        model=options.model,
        seed=secrets.token_hex(4),
    )
    if not load.is_scripted:
        warn(f"bench: {load.turns:,} requests will be sent to the llm {load.model!r}; stop with Ctrl-C")
    keep = expanded(options.keep) if options.keep else None
    bench = BenchOptions(load=load, config_paths=config_paths(options), keep=keep)
    report = asyncio.run(run_bench(bench, lambda text: warn(f"bench: {text}")))
    if options.json:
        say_json(report.as_json())
    else:
        for line in table(report):
            say(line)
    return EXIT_DONE if report.is_clean else EXIT_FAILED
