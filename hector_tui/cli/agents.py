"""`hector-tui agents`: what agents there are, and what is wrong with their files."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import asdict
from pathlib import Path

from hector_tui.cli.main import EXIT_DONE, EXIT_USAGE
from hector_tui.cli.output import say, say_json, warn
from hector_tui.cli.setup import config_paths, open_engine

_GLYPHS = {"ready": "●", "needs_key": "○", "no_server": "○", "disabled": "✗"}


def run_agents(options: argparse.Namespace) -> int:
    """List or validate."""
    if options.action == "validate":
        return _validate(options)
    return asyncio.run(_list(options))


async def _list(options: argparse.Namespace) -> int:
    async with open_engine(options) as engine:
        for agent in engine.chat.agents():
            if options.json:
                say_json(asdict(agent))
                continue
            state = agent.detail if agent.readiness == "disabled" else agent.model
            if agent.readiness in ("needs_key", "no_server"):
                state = f"{state} ({agent.detail})"
            say(f"{_GLYPHS[agent.readiness]} {agent.agent_id:<16} {state:<24} {agent.description}")
        for problem in engine.config.errors:
            warn(str(problem))
    return EXIT_DONE


def _validate(options: argparse.Namespace) -> int:
    """Check files without opening a profile: a broken one must not keep anybody from looking for the reason."""
    from hector_tui.config.loader import load
    from hector_tui.config.samples import bundled_agents_dir

    paths = (*config_paths(options), *(Path(name).expanduser() for name in options.paths)) or (bundled_agents_dir(),)
    config = load(paths, env=os.environ)
    for problem in config.problems:
        say(str(problem))
    errors, warnings = len(config.errors), len(config.warnings)
    say(
        f"{len(config.files)} files, {len(config.agents)} agents ({len(config.enabled_agents)} usable), "
        f"{errors} errors, {warnings} warnings"
    )
    return EXIT_USAGE if errors else EXIT_DONE
