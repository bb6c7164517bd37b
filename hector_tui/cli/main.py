"""Which module answers which command, and what an error looks like from outside."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from hector_tui.cli.parser import parse
from hector_tui.cli.statuses import EXIT_CANCELLED, EXIT_FAILED, EXIT_USAGE
from hector_tui.errors import AgentError, ConfigError, HectorError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Returns:
        Its exit status: 0 done, 1 failed, 2 usage or configuration, 130 cancelled.

    Raises:
        SystemExit: Help or the version was printed (0), or the command line is wrong (2).
    """
    _print_whatever_comes()
    # Whatever is made from now on, by libraries and helpers too, is its owner's alone.
    os.umask(0o077)
    try:
        try:
            return _run(parse(arguments))
        finally:
            # Here, where a reader that went away can still be told apart from a failure, and not at exit.
            if sys.stdout is not None:
                sys.stdout.flush()
    except (ConfigError, AgentError) as error:
        _complain(str(error))
        return EXIT_USAGE
    except HectorError as error:
        _complain(str(error))
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_CANCELLED
    except BrokenPipeError:
        # The reader of a pipe went away, as `| head` does. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_FAILED
    except OSError as error:
        # The only file a command writes that has no name is what it prints to.
        _complain(f"{error.filename or 'standard output'}: {error.strerror or error}")
        return EXIT_FAILED


def _run(options: argparse.Namespace) -> int:
    match options.command:
        case "ask":
            from hector_tui.cli.ask import run_ask

            return run_ask(options)
        case "agents":
            from hector_tui.cli.agents import run_agents

            return run_agents(options)
        case "sessions":
            from hector_tui.cli.sessions import run_sessions

            return run_sessions(options)
        case "memory":
            from hector_tui.cli.memory import run_memory

            return run_memory(options)
        case "usage":
            from hector_tui.cli.usage import run_usage

            return run_usage(options)
        case "backup":
            from hector_tui.cli.backup import run_backup

            return run_backup(options)
        case "restore":
            from hector_tui.cli.backup import run_restore

            return run_restore(options)
        case _:
            return _run_around(options)


def _run_around(options: argparse.Namespace) -> int:
    """The commands that are not about conversations, and the app."""
    match options.command:
        case "connect":
            from hector_tui.cli.connect import run_connect

            return run_connect(options)
        case "disconnect":
            from hector_tui.cli.connect import run_disconnect

            return run_disconnect(options)
        case "models":
            from hector_tui.cli.models import run_models

            return run_models(options)
        case "doctor":
            from hector_tui.cli.doctor import run_doctor

            return run_doctor(options)
        case "bench":
            from hector_tui.cli.bench import run_bench

            return run_bench(options)
        case _:
            from hector_tui.cli.app import run_app

            return run_app(options)


def _print_whatever_comes() -> None:
    """A character that the terminal's encoding lacks becomes a question mark and not an exception."""
    for stream in (sys.stdout, sys.stderr):
        # Not `isinstance` of TextIOWrapper: whoever calls `main` may have put any file-like object there.
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _complain(text: str) -> None:
    from hector_tui.cli.output import warn

    warn(f"hector-tui: {text}")
