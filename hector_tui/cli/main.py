"""The parser, and which module answers which command."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from hector_tui import __version__
from hector_tui.errors import ConfigError, HectorError
from hector_tui.paths import ENV_HOME

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_CANCELLED = 130

_EPILOG = "With no command the app opens. It needs no key and no network: the agent `guide` answers offline."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit status (0 done, 1 failed, 2 usage or configuration, 130 cancelled)."""
    options = build_parser().parse_args(arguments)
    try:
        return _run(options)
    except ConfigError as error:
        print(f"hector-tui: {error}", file=sys.stderr)
        return EXIT_USAGE
    except HectorError as error:
        print(f"hector-tui: {error}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_CANCELLED
    except BrokenPipeError:
        # The reader of a pipe went away, as `| head` does. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
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
        case "doctor":
            from hector_tui.cli.doctor import run_doctor

            return run_doctor(options)
        case _:
            from hector_tui.cli.app import run_app

            return run_app(options)


def build_parser() -> argparse.ArgumentParser:
    """The whole command line."""
    parser = argparse.ArgumentParser(
        prog="hector-tui", description="Talk to several agents at once in the terminal.", epilog=_EPILOG
    )
    parser.add_argument("--version", action="version", version=f"hector-tui {__version__}")
    _add_common(parser, top=True)
    _add_app(parser)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_ask(commands)
    _add_agents(commands)
    _add_sessions(commands)
    doctor = commands.add_parser("doctor", help="show paths, versions, providers and the state of the database")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    _add_common(doctor)
    return parser


def _add_common(parser: argparse.ArgumentParser, *, top: bool = False) -> None:
    """Options every command takes, before or after its name."""
    # A subparser's default would overwrite what was given before the command's name.
    default = None if top else argparse.SUPPRESS
    parser.add_argument(
        "--config",
        action="append",
        metavar="FILE|DIR",
        default=default,
        help="configuration to load instead of the sample agents; can be given several times",
    )
    parser.add_argument("--profile", metavar="DIR", default=default, help=f"where everything is kept (also {ENV_HOME})")
    parser.add_argument(
        "--debug", action="store_true", default=False if top else argparse.SUPPRESS, help="write more to the log"
    )


def _add_app(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--agent", metavar="ID", help="begin a session with this agent")
    parser.add_argument("--session", metavar="ID", help="open this session")
    parser.add_argument(
        "-c", "--continue", dest="continue_", action="store_true", help="open the tabs that stood open last"
    )
    parser.add_argument("--theme", metavar="NAME", help="use this theme")


def _add_ask(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    ask = commands.add_parser("ask", help="ask one question and print the answer")
    ask.add_argument(
        "words", nargs="+", metavar="[AGENT] PROMPT", help="an agent's id and the question; `-` reads it from stdin"
    )
    ask.add_argument("--session", metavar="ID", default=None, help="ask in this session; made if it is not there")
    ask.add_argument("--json", action="store_true", help="print one event per line as JSON")
    _add_common(ask)


def _add_agents(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    agents = commands.add_parser("agents", help="list the agents, or check their files")
    actions = agents.add_subparsers(dest="action", metavar="list|validate", required=True)
    listing = actions.add_parser("list", help="list the agents and whether they are ready")
    listing.add_argument("--json", action="store_true", help="print one agent per line as JSON")
    _add_common(listing)
    validate = actions.add_parser("validate", help="check configuration files; every problem with its place")
    validate.add_argument("paths", nargs="*", metavar="FILE|DIR", help="what to check, besides --config")
    _add_common(validate)


def _add_sessions(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sessions = commands.add_parser("sessions", help="list sessions, or show one")
    actions = sessions.add_subparsers(dest="action", metavar="list|show", required=True)
    listing = actions.add_parser("list", help="list sessions, last used first")
    listing.add_argument("--limit", type=int, default=50, metavar="N", help="at most this many (50)")
    listing.add_argument("--json", action="store_true", help="print one session per line as JSON")
    _add_common(listing)
    show = actions.add_parser("show", help="print a session")
    show.add_argument("session_id", metavar="ID")
    show.add_argument("--json", action="store_true", help="print one message per line as JSON")
    _add_common(show)
