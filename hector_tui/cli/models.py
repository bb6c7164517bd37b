"""`hector-tui models`: what `/model` offers, in the shell."""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import asdict

from hector_tui.cli.connect import open_desk
from hector_tui.cli.output import say, say_json, warn
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED, EXIT_USAGE
from hector_tui.domain.models import Listing, ModelChoice
from hector_tui.ui.widgets.status_layout import compact_number


def run_models(options: argparse.Namespace) -> int:
    """List models; 1 when a provider could not be asked, 2 when there is none of that name.

    Raises:
        HectorError: The profile or the configuration cannot be used.
    """
    return asyncio.run(_models(options))


async def _models(options: argparse.Namespace) -> int:
    desk = await open_desk(options)
    try:
        known = [source.source_id for source in desk.sources()]
        if options.provider and options.provider not in known:
            warn(f"hector-tui models: there is no provider {options.provider!r} here. Providers: {', '.join(known)}.")
            return EXIT_USAGE
        wanted = [options.provider] if options.provider else known
        listings = await asyncio.gather(*(desk.listing(source_id) for source_id in wanted))
    finally:
        await desk.aclose()
    for listing in listings:
        _show(listing, as_json=options.json)
    return EXIT_FAILED if any(listing.problem for listing in listings) else EXIT_DONE


def _show(listing: Listing, *, as_json: bool) -> None:
    source = listing.source
    if listing.problem:
        warn(f"{source.source_id}: {listing.problem}")
    for model in listing.models:
        choice = ModelChoice(source.source_id, model.name)
        if as_json:
            say_json({"provider": source.source_id, "choice": str(choice), **asdict(model)})
        else:
            say(f"{choice!s:<48} {compact_number(model.context_window) if model.context_window else ''}".rstrip())
