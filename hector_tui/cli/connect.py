"""`hector-tui connect` and `disconnect`: what `/connect` does, in the shell. A key is never an argument."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import os
import sys

from hector_tui.cli.output import say
from hector_tui.cli.setup import config_paths, prepared_profile
from hector_tui.cli.statuses import EXIT_DONE, EXIT_USAGE
from hector_tui.config.loader import load
from hector_tui.config.samples import bundled_agents_dir
from hector_tui.domain.models import ConnectOption
from hector_tui.engine.model_desk import ModelDesk
from hector_tui.llm.connecting import CONNECT_OPTIONS, option_of
from hector_tui.llm.keystore import KeyStore
from hector_tui.redaction import Redactor

_ID_CELLS = 12
_LONGEST_KEY = 16_384


def run_connect(options: argparse.Namespace) -> int:
    """Try a connection and keep it; without a provider, list what there is.

    Raises:
        ConfigError: There is no such provider, or the key or address cannot be one.
        ProviderError: It was refused.
    """
    if not options.provider:
        for option in CONNECT_OPTIONS:
            say(f"{option.option_id:<{_ID_CELLS}} {option.label:<26} {option.address or option.key_page}".rstrip())
        say("hector-tui connect PROVIDER asks for the key, or takes it from standard input.")
        return EXIT_DONE
    option = option_of(options.provider)
    if option.asks_address and not (options.address or option.address):
        say("An address is needed: hector-tui connect other --address http://localhost:8080/v1")
        return EXIT_USAGE
    return asyncio.run(_connect(options, option, _key(option)))


def run_disconnect(options: argparse.Namespace) -> int:
    """Forget a connection.

    Raises:
        ConfigError: There is none of that name.
    """

    async def disconnect() -> int:
        desk = await open_desk(options)
        try:
            await desk.disconnect(options.name)
        finally:
            await desk.aclose()
        say(
            f"{options.name} is forgotten, with its key. At the provider the key stays valid until you revoke it there."
        )
        return EXIT_DONE

    return asyncio.run(disconnect())


async def _connect(options: argparse.Namespace, option: ConnectOption, key: str) -> int:
    desk = await open_desk(options)
    try:
        done = await desk.connect(option.option_id, key=key, address=options.address, model=options.model)
    finally:
        await desk.aclose()
    models = f" It lists {done.models} models." if done.models > 1 else ""
    say(f"{done.label} works.{models}{f' Its key is in the {done.kept}.' if done.kept else ''}")
    if done.shadowed:
        say(f"But {done.shadowed}.")
    say(f"Now {done.auto}")
    return EXIT_DONE


async def open_desk(options: argparse.Namespace) -> ModelDesk:
    """The models of a profile without its database: a running app must not keep anybody from connecting."""
    redactor = Redactor()
    redactor.learn_environment(os.environ)
    profile = prepared_profile(options, redactor)
    config = load(config_paths(options) or (bundled_agents_dir(),), env=os.environ)
    return await ModelDesk.open(config, KeyStore.of(profile, config.env), redactor=redactor)


def _key(option: ConnectOption) -> str:
    """The key, from a prompt without echo or from standard input; empty where none is needed and none comes."""
    if sys.stdin is None:
        return ""
    if not sys.stdin.isatty():
        return sys.stdin.read(_LONGEST_KEY)
    if option.key_page:
        say(f"Keys are made at {option.key_page}")
    wanted = "Key" if option.asks_key == "needed" else "Key, if the server wants one"
    return getpass.getpass(f"{wanted} (it does not show): ")
