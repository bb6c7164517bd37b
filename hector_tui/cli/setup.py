"""From command-line options to an open engine, or to the database alone."""

from __future__ import annotations

import argparse
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hector_tui.cli.output import warn
from hector_tui.cli.parser import CONFIG_LEVELS
from hector_tui.errors import ProfileError
from hector_tui.paths import ENV_HOME, Profile, find_profile

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine, EngineOptions
    from hector_tui.redaction import Redactor
    from hector_tui.sessions.store import Store


def profile_of(options: argparse.Namespace) -> Profile:
    """The profile the options or the environment name.

    Raises:
        ProfileError: It begins with `~` and the name of nobody.
    """
    try:
        return find_profile(options.profile, os.environ)
    except RuntimeError as error:
        named = options.profile or os.environ.get(ENV_HOME, "")
        raise ProfileError("there is no such home folder", where=named, hint="Write the whole path.") from error


def config_paths(options: argparse.Namespace) -> tuple[Path, ...]:
    """The configuration the options name, in their order; empty means the sample agents."""
    return tuple(expanded(name) for level in CONFIG_LEVELS for name in getattr(options, level, None) or ())


def expanded(name: str) -> Path:
    """A path with `~` replaced; as it stands when it names the home folder of nobody, and is then not found."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def engine_options(options: argparse.Namespace) -> EngineOptions:
    """What the engine is opened with.

    Raises:
        ProfileError: The profile cannot be found.
    """
    from hector_tui.engine.host import EngineOptions

    return EngineOptions(profile=profile_of(options), config_paths=config_paths(options), env=dict(os.environ))


def prepared_profile(options: argparse.Namespace, redactor: Redactor | None = None) -> Profile:
    """The profile with its folders made and the log begun.

    Args:
        options: Name the profile.
        redactor: Keeps keys out of the log.

    Raises:
        ProfileError: The folder cannot be used.
    """
    from hector_tui.log import start_logging

    profile = profile_of(options)
    profile.prepare()
    start_logging(profile.log, debug=options.debug, redactor=redactor)
    return profile


@asynccontextmanager
async def open_engine(options: argparse.Namespace) -> AsyncIterator[Engine]:
    """An engine on the running loop, closed at the end; what its opening has to tell is on standard error.

    Raises:
        HectorError: The profile, the configuration or the database cannot be used.
    """
    from hector_tui.engine.host import Engine

    settings = engine_options(options)
    prepared_profile(options, settings.redactor)
    engine = await Engine.open(settings)
    try:
        for notice in (*engine.notices, *map(str, engine.config.errors)):
            warn(notice)
        yield engine
    finally:
        await engine.aclose()


@asynccontextmanager
async def open_store(options: argparse.Namespace) -> AsyncIterator[Store]:
    """The database alone, closed at the end: no configuration, no model, no vector store.

    Raises:
        ProfileError: The folder cannot be used.
        StoreError: The database cannot be opened.
    """
    from hector_tui.sessions.store import Store

    store = await Store.open(prepared_profile(options))
    try:
        for notice in store.notices:
            warn(notice)
        yield store
    finally:
        await store.aclose()
