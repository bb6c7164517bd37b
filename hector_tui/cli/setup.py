"""From command-line options to an open engine."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hector_tui.paths import Profile, find_profile

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine, EngineOptions


def profile_of(options: argparse.Namespace) -> Profile:
    """The profile the options or the environment name."""
    return find_profile(options.profile, os.environ)


def config_paths(options: argparse.Namespace) -> tuple[Path, ...]:
    """The configuration the options name; empty means the sample agents."""
    return tuple(Path(name).expanduser() for name in options.config or ())


def engine_options(options: argparse.Namespace) -> EngineOptions:
    """What the engine is opened with."""
    from hector_tui.engine.host import EngineOptions

    return EngineOptions(profile=profile_of(options), config_paths=config_paths(options), env=dict(os.environ))


@asynccontextmanager
async def open_engine(options: argparse.Namespace) -> AsyncIterator[Engine]:
    """An engine on the running loop, closed at the end.

    Raises:
        HectorError: The profile, the configuration or the database cannot be used.
    """
    from hector_tui.engine.host import Engine
    from hector_tui.log import start_logging

    settings = engine_options(options)
    settings.profile.prepare()
    start_logging(settings.profile.log, debug=options.debug)
    engine = await Engine.open(settings)
    try:
        yield engine
    finally:
        await engine.aclose()
