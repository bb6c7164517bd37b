"""`hector-tui agents`: what agents there are, and what is wrong with their files."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import asdict

from hector_tui.cli.output import counted, prints_unicode, say, say_json
from hector_tui.cli.setup import config_paths, expanded, open_engine
from hector_tui.cli.statuses import EXIT_DONE, EXIT_USAGE
from hector_tui.engine.views import AgentView

_GLYPHS = {"ready": "●", "needs_key": "○", "no_server": "○", "disabled": "✗"}
_ASCII_GLYPHS = {"ready": "*", "needs_key": "o", "no_server": "o", "disabled": "x"}
_ID_CELLS = 16
_MODEL_CELLS = 24


def run_agents(options: argparse.Namespace) -> int:
    """List or validate.

    Raises:
        HectorError: The profile or its database cannot be used.
    """
    if options.action == "validate":
        return _validate(options)
    return asyncio.run(_list(options))


async def _list(options: argparse.Namespace) -> int:
    async with open_engine(options) as engine:
        agents = engine.chat.agents()
        for agent in agents:
            if options.json:
                say_json(asdict(agent))
            else:
                _show(agent)
    return EXIT_DONE if any(agent.readiness != "disabled" for agent in agents) else EXIT_USAGE


def _show(agent: AgentView) -> None:
    """One line, and a second one with what is missing."""
    glyph = (_GLYPHS if prints_unicode() else _ASCII_GLYPHS)[agent.readiness]
    model = "disabled" if agent.readiness == "disabled" else agent.model
    say(f"{glyph} {agent.agent_id:<{_ID_CELLS}} {model:<{_MODEL_CELLS}} {agent.description}".rstrip())
    if agent.detail:
        say(f"  {'':<{_ID_CELLS}} {_missing(agent)}")


def _missing(agent: AgentView) -> str:
    match agent.readiness:
        case "needs_key":
            return f"needs {agent.detail}"
        case "no_server":
            return f"nothing listens at {agent.detail}"
        case _:
            return agent.detail


def _validate(options: argparse.Namespace) -> int:
    """Check files without opening a profile: a broken one must not keep anybody from looking for the reason."""
    from hector_tui.config.loader import load
    from hector_tui.config.samples import bundled_agents_dir

    paths = (*config_paths(options), *map(expanded, options.paths)) or (bundled_agents_dir(),)
    config = load(paths, env=os.environ)
    for problem in config.problems:
        say(str(problem))
    found = (
        counted(len(config.files), "file"),
        f"{counted(len(config.agents), 'agent')} ({len(config.enabled_agents)} usable)",
        counted(len(config.errors), "error"),
        counted(len(config.warnings), "warning"),
    )
    say(", ".join(found))
    return EXIT_USAGE if config.errors else EXIT_DONE
