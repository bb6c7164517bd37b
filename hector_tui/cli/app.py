"""`hector-tui` without a command: the app."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

from hector_tui.cli.output import warn
from hector_tui.cli.setup import config_paths, prepared_profile
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED
from hector_tui.errors import HectorError
from hector_tui.redaction import Redactor

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine


def run_app(options: argparse.Namespace) -> int:
    """Open the app and wait until it ends.

    Raises:
        ProfileError: The profile folder cannot be used.
    """
    if not _is_terminal():
        warn("hector-tui needs a terminal; `hector-tui ask PROMPT` answers without one")
        return EXIT_FAILED
    redactor = Redactor()
    profile = prepared_profile(options, redactor)
    from hector_tui.ui.app import HectorApp, Start

    start = Start(
        agent_id=options.agent or "",
        session_id=options.session or "",
        restore=options.continue_,
        theme=options.theme or "",
    )
    paths, env = config_paths(options), dict(os.environ)

    async def open_engine() -> Engine:
        from hector_tui.engine.host import Engine, EngineOptions

        return await Engine.open(EngineOptions(profile=profile, config_paths=paths, env=env, redactor=redactor))

    app = HectorApp(profile, open_engine, start)
    app.run()
    ended = app.close_engine()
    if not ended:
        warn("hector-tui: the engine did not end in time; what was streamed until now is in the journal")
    if (failure := app.engine.closing_failure) is not None:
        warn(
            f"hector-tui: {failure}"
            if isinstance(failure, HectorError)
            else f"hector-tui: closing failed ({failure!r})"
        )
        return app.return_code or EXIT_FAILED
    return app.return_code or EXIT_DONE


def _is_terminal() -> bool:
    return all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout))
