"""The second process of a benchmark: opens an engine of its own on the same profile and sends its share."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path

from hector_tui.bench.child import GO, READY
from hector_tui.bench.drive import Driver
from hector_tui.bench.heard import heard_to_list
from hector_tui.bench.hosting import hosted
from hector_tui.bench.plan import Load, Plan
from hector_tui.bench.script import testimony
from hector_tui.errors import HectorError
from hector_tui.paths import Profile


def main() -> int:
    """Read a job from standard input, do it when told, and write what was heard to standard output."""
    logging.lastResort = None  # the first process has the log; standard error belongs to the person
    try:
        asyncio.run(_work(json.loads(sys.stdin.readline())))
    except HectorError as error:
        sys.stderr.write(f"hector-tui bench, second process: {error}\n")
        return 1
    return 0


async def _work(job: dict[str, object]) -> None:
    match job:
        case {"profile": str(root), "load": dict(load), "config": list(paths), "sender": int(sender)}:
            plan = Plan(Load(**load))
        case _:
            raise HectorError("this is no job of `hector-tui bench`")
    config_paths = tuple(Path(path) for path in paths)
    async with hosted(Profile(Path(root)), plan, testimony(plan), config_paths) as engine:
        _tell(READY)
        if json.loads(await asyncio.to_thread(sys.stdin.readline) or "null") != GO:
            return
        heard = await Driver(engine, plan, lambda _done: None).drive(sender)
        _tell({nonce: heard_to_list(one) for nonce, one in heard.items()})


def _tell(data: object) -> None:
    sys.stdout.write(json.dumps(data) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
