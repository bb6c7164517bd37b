"""`hector-tui usage`: tokens and dollars, by day, agent, model or session."""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import reduce
from operator import add

from hector_tui.cli.output import counted, say, say_json
from hector_tui.cli.setup import open_store
from hector_tui.cli.statuses import EXIT_DONE
from hector_tui.domain.spending import Spending
from hector_tui.domain.usage import Usage
from hector_tui.ui.numbers import money_text

_DAY_S = 86_400.0
_MOST = 1_000


def run_usage(options: argparse.Namespace) -> int:
    """Print what was spent.

    Raises:
        HectorError: The profile or its database cannot be used.
    """
    return asyncio.run(_usage(options))


async def _usage(options: argparse.Namespace) -> int:
    since = time.time() - options.days * _DAY_S if options.days else 0.0
    async with open_store(options) as store:
        sums = await store.spending.spent(options.by, session_id=options.session or "", since=since, limit=_MOST)
    if options.json:
        for entry in sums:
            say_json({"by": options.by, **asdict(entry)})
        return EXIT_DONE
    if not sums:
        say("Nothing was spent.")
        return EXIT_DONE
    for line in _table(sums):
        say(line)
    return EXIT_DONE


def _table(sums: Sequence[Spending]) -> list[str]:
    width = max(len("all"), *(len(entry.name) for entry in sums))
    total = Spending(
        name="all",
        turns=sum(entry.turns for entry in sums),
        usage=reduce(add, (entry.usage for entry in sums), Usage()),
        unpriced=sum(entry.unpriced for entry in sums),
    )
    rows = [_row(entry, width) for entry in (*sums, total)]
    if total.unpriced:
        rows.append(f"{counted(total.unpriced, 'turn')} without a price: `prices` in a configuration file sets them.")
    return rows


def _row(entry: Spending, width: int) -> str:
    usage = entry.usage
    about = "~" if usage.estimated else ""
    cost = money_text(usage.cost, usage.estimated) if usage.cost is not None else "-"
    return (
        f"{entry.name:<{width}}  {counted(entry.turns, 'turn'):>12}  {about}{usage.input_tokens:,} in"
        f" ({usage.cached_tokens:,} cached)  {about}{usage.output_tokens:,} out"
        f" ({usage.reasoning_tokens:,} thinking)  {cost}"
    )
