"""What may stand on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from hector_tui import __version__
from hector_tui.paths import ENV_HOME

CONFIG_LEVELS = ("config", "config_in_group", "config_in_command")
"""Where `--config` is kept, by the level it was given at: argparse replaces a list that a parser further out began."""

_EPILOG = "With no command the app opens. It needs no key and no network: the agent `guide` answers offline."
_ASK_USAGE = "hector-tui ask [--session ID] [--json] [--config FILE|DIR] [--profile DIR] [--debug] [AGENT] PROMPT"
_PLAIN_STARTS = frozenset({"-c", "--continue"})
"""What stands on a command line that names no command, beside nothing at all."""


class Parser(argparse.ArgumentParser):
    """A parser that takes no abbreviations, which would turn every new option into a change for somebody's script."""

    # Any: argparse itself makes the parsers of commands, with arguments that differ between versions of Python.
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and end with status 2; what was typed may come from a script that read it elsewhere."""
        from hector_tui.ui.text import clean

        super().error(clean(message))


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The options of a command line.

    Raises:
        SystemExit: Help or the version was asked for (0), or the line is wrong (2).
    """
    given = sys.argv[1:] if arguments is None else arguments
    # The parsers of the commands cost the first frame 12 ms.
    parser = app_parser() if all(word in _PLAIN_STARTS for word in given) else build_parser()
    options, rest = parser.parse_known_args(arguments)
    if rest and options.command == "ask" and _are_words(rest):
        # argparse gives words back when an option stands between them: `ask math_bot --json "..."`.
        options.words += rest[1:] if rest[0] == "--" else rest
    elif rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    return options


def _are_words(rest: Sequence[str]) -> bool:
    return rest[0] == "--" or not any(word.startswith("-") and word != "-" and " " not in word for word in rest)


def app_parser() -> Parser:
    """The command line without commands, which opens the app."""
    parser = Parser(prog="hector-tui", description="Talk to several agents at once in the terminal.", epilog=_EPILOG)
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="version", version=f"hector-tui {__version__}")
    _add_common(parser, 0)
    _add_app(parser)
    return parser


def build_parser() -> Parser:
    """The whole command line."""
    parser = app_parser()
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    _add_ask(commands)
    _add_agents(commands)
    _add_sessions(commands)
    _add_memory(commands)
    _add_usage(commands)
    _add_backup(commands)
    _add_restore(commands)
    _add_connect(commands)
    _add_disconnect(commands)
    _add_models(commands)
    _add_doctor(commands)
    _add_bench(commands)
    return parser


def _add_common(parser: Parser, level: int) -> None:
    """Options every command takes, before, between or after the parts of its name."""
    # A parser further in would overwrite with its default what was given further out.
    unset = argparse.SUPPRESS
    parser.add_argument(
        "--config",
        dest=CONFIG_LEVELS[level],
        action="append",
        metavar="FILE|DIR",
        help="configuration to load instead of the sample agents; can be given several times",
    )
    parser.add_argument(
        "--profile",
        metavar="DIR",
        default=unset if level else None,
        help=f"where everything is kept (also {ENV_HOME})",
    )
    parser.add_argument("--debug", action="store_true", default=unset if level else False, help="write more to the log")


def _add_app(parser: Parser) -> None:
    parser.add_argument("--agent", metavar="ID", help="begin a session with this agent")
    parser.add_argument("--session", metavar="ID", type=_session_id, help="open this session")
    parser.add_argument(
        "-c", "--continue", dest="continue_", action="store_true", help="open the tabs that stood open last"
    )
    parser.add_argument("--theme", metavar="NAME", help="use this theme")


def _add_ask(commands: argparse._SubParsersAction[Parser]) -> None:
    ask = commands.add_parser("ask", usage=_ASK_USAGE, help="ask one question and print the answer")
    ask.add_argument(
        "words", nargs="+", metavar="[AGENT] PROMPT", help="an agent's id and the question; `-` reads it from stdin"
    )
    ask.add_argument(
        "--session",
        metavar="ID",
        type=_session_id,
        default=argparse.SUPPRESS,
        help="go on in this session; made if it is not there",
    )
    ask.add_argument("--json", action="store_true", help="print one event per line as JSON")
    ask.add_argument(
        "--approve-tools", action="store_true", help="let every tool of this question run without asking first"
    )
    _add_common(ask, 1)


def _add_agents(commands: argparse._SubParsersAction[Parser]) -> None:
    agents = commands.add_parser("agents", help="list the agents, or check their files")
    _add_common(agents, 1)
    actions = agents.add_subparsers(dest="action", metavar="list|validate", required=True)
    listing = actions.add_parser("list", help="list the agents and whether they are ready")
    listing.add_argument("--json", action="store_true", help="print one agent per line as JSON")
    _add_common(listing, 2)
    validate = actions.add_parser("validate", help="check configuration files; every problem with its place")
    validate.add_argument("paths", nargs="*", metavar="FILE|DIR", help="what to check, besides --config")
    _add_common(validate, 2)


def _add_sessions(commands: argparse._SubParsersAction[Parser]) -> None:
    sessions = commands.add_parser(
        "sessions", help="list, search, show, archive, delete, fork, export and import sessions"
    )
    _add_common(sessions, 1)
    actions = sessions.add_subparsers(
        dest="action", metavar="list|show|search|archive|delete|undelete|fork|export|import", required=True
    )
    listing = actions.add_parser("list", help="list sessions, last used first")
    listing.add_argument(
        "--archived", dest="view", action="store_const", const="archived", default="current", help="those put away"
    )
    listing.add_argument("--deleted", dest="view", action="store_const", const="deleted", help="those in the trash")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most this many (50)")
    listing.add_argument("--json", action="store_true", help="print one session per line as JSON")
    _add_common(listing, 2)
    show = actions.add_parser("show", help="print a session")
    show.add_argument("session_id", metavar="ID", type=_session_id)
    show.add_argument("--json", action="store_true", help="print one message per line as JSON")
    _add_common(show, 2)
    _add_session_changes(actions)


def _add_session_changes(actions: argparse._SubParsersAction[Parser]) -> None:
    search = actions.add_parser("search", help="find sessions by their titles and what was said in them")
    search.add_argument("words", nargs="+", metavar="WORD", help='all must be there; "in quotes" side by side')
    search.add_argument("--limit", type=_count, default=20, metavar="N", help="at most this many (20)")
    search.add_argument("--json", action="store_true", help="print one session per line as JSON")
    archive = actions.add_parser("archive", help="take sessions out of the list; they stay as they are")
    archive.add_argument("session_ids", nargs="+", metavar="ID", type=_session_id)
    archive.add_argument("--undo", action="store_true", help="put them back into the list")
    delete = actions.add_parser("delete", help="delete sessions; for a week they can be brought back")
    delete.add_argument("session_ids", nargs="+", metavar="ID", type=_session_id)
    delete.add_argument("--forever", action="store_true", help="for good, with messages, memories and vectors")
    undelete = actions.add_parser("undelete", help="bring deleted sessions back")
    undelete.add_argument("session_ids", nargs="+", metavar="ID", type=_session_id)
    fork = actions.add_parser("fork", help="begin a session with what was said in another one")
    fork.add_argument("session_id", metavar="ID", type=_session_id)
    fork.add_argument("--turn", type=_count, metavar="N", help="only up to this turn")
    fork.add_argument("--json", action="store_true", help="print the new session as JSON")
    export = actions.add_parser("export", help="print a session as Markdown, or write it to a file")
    export.add_argument("session_id", metavar="ID", type=_session_id)
    export.add_argument("file", nargs="?", metavar="FILE", help="a file that is not there yet (standard output)")
    export.add_argument("--json", action="store_true", help="everything of it as one JSON document, for `import`")
    import_ = actions.add_parser("import", help="store exported sessions as new ones; all the files or none")
    import_.add_argument("files", nargs="+", metavar="FILE", help="what `export --json` wrote; `-` is standard input")
    import_.add_argument("--json", action="store_true", help="print one new session per line as JSON")
    for parser in (search, archive, delete, undelete, fork, export, import_):
        _add_common(parser, 2)


def _add_memory(commands: argparse._SubParsersAction[Parser]) -> None:
    memory = commands.add_parser("memory", help="list, search and forget memories, or rebuild their index")
    _add_common(memory, 1)
    actions = memory.add_subparsers(dest="action", metavar="list|search|forget|rebuild", required=True)
    listing = actions.add_parser("list", help="list memories, pinned ones first, then the newest")
    search = actions.add_parser("search", help="find what answers a question, best first, as agents do")
    search.add_argument("words", nargs="+", metavar="QUESTION", help="what to look for, in full words")
    for parser, most in ((listing, 50), (search, 20)):
        # Suppressed, or the default would take the place of what stood before the command's name.
        parser.add_argument("--agent", metavar="ID", default=argparse.SUPPRESS, help="of this agent only")
        parser.add_argument(
            "--session", metavar="ID", type=_session_id, default=argparse.SUPPRESS, help="of this session only"
        )
        parser.add_argument("--limit", type=_count, default=most, metavar="N", help=f"at most this many ({most})")
        parser.add_argument("--json", action="store_true", help="print one memory per line as JSON")
    forget = actions.add_parser("forget", help="delete memories for good; their conversations stay")
    forget.add_argument("memory_ids", nargs="+", metavar="ID", help="as `memory list` shows it, or its beginning")
    rebuild = actions.add_parser("rebuild", help="make the vector store anew from the database")
    for parser in (listing, search, forget, rebuild):
        _add_common(parser, 2)


def _add_usage(commands: argparse._SubParsersAction[Parser]) -> None:
    usage = commands.add_parser("usage", help="what was spent: tokens, and dollars where prices are known")
    usage.add_argument("--by", choices=("day", "agent", "model", "session"), default="day", help="what to sum over")
    usage.add_argument("--days", type=_count, default=0, metavar="N", help="only the last N days (all)")
    usage.add_argument("--session", metavar="ID", type=_session_id, default=argparse.SUPPRESS, help="one session only")
    usage.add_argument("--json", action="store_true", help="print one sum per line as JSON")
    _add_common(usage, 1)


def _add_backup(commands: argparse._SubParsersAction[Parser]) -> None:
    backup = commands.add_parser("backup", help="copy the conversations; the app may be running")
    backup.add_argument("file", nargs="?", metavar="FILE|DIR", help="where to (the backups folder)")
    _add_common(backup, 1)


def _add_restore(commands: argparse._SubParsersAction[Parser]) -> None:
    restore = commands.add_parser("restore", help="list backups, or bring one back; what is there now is kept")
    restore.add_argument("file", metavar="FILE|latest|list", help="which backup; `list` shows what there is")
    restore.add_argument(
        "--salvage", action="store_true", help="carry over what can be read of a damaged FILE, however long it takes"
    )
    restore.add_argument("--json", action="store_true", help="with `list`, print one backup per line as JSON")
    _add_common(restore, 1)


def _add_connect(commands: argparse._SubParsersAction[Parser]) -> None:
    connect = commands.add_parser(
        "connect",
        help="connect a provider or a server; its key is asked for unseen, or read from standard input",
        description="Try a key or an address with one cheap request and keep it. There is no option for the key: what"
        " stands on a command line is seen by every user of the machine and kept by the shell.",
    )
    connect.add_argument(
        "provider", nargs="?", default="", metavar="PROVIDER", help="without it, what there is to connect"
    )
    connect.add_argument("--address", default="", metavar="URL", help="where a server is (its usual place)")
    connect.add_argument(
        "--model", default="", metavar="NAME", help="what `llm: auto` takes there (the provider's own)"
    )
    _add_common(connect, 1)


def _add_disconnect(commands: argparse._SubParsersAction[Parser]) -> None:
    disconnect = commands.add_parser("disconnect", help="forget a connection and its key")
    disconnect.add_argument("name", metavar="NAME", help="as `hector-tui doctor` shows it")
    _add_common(disconnect, 1)


def _add_models(commands: argparse._SubParsersAction[Parser]) -> None:
    models = commands.add_parser("models", help="list the models that can be used here")
    models.add_argument("provider", nargs="?", default="", metavar="PROVIDER", help="of this provider only")
    models.add_argument("--json", action="store_true", help="print one model per line as JSON")
    _add_common(models, 1)


def _add_doctor(commands: argparse._SubParsersAction[Parser]) -> None:
    doctor = commands.add_parser("doctor", help="show what works here and what does not; changes nothing")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    _add_common(doctor, 1)


def _add_bench(commands: argparse._SubParsersAction[Parser]) -> None:
    bench = commands.add_parser("bench", help="count what the engine loses or mixes up, and measure what it costs")
    bench.add_argument("--turns", type=_count, default=1_000, metavar="N", help="messages to send (1000)")
    bench.add_argument("--sessions", type=_count, default=100, metavar="M", help="sessions they go to (100)")
    bench.add_argument("--agents", type=_count, default=10, metavar="A", help="agents these talk with (10)")
    bench.add_argument(
        "--model", default="offline", metavar="LLM_ID", help="`offline`, or an llm of the configuration, which may cost"
    )
    bench.add_argument(
        "--policy",
        choices=("enqueue", "interrupt", "reject"),
        default="enqueue",
        help="what happens to a message sent while an answer runs (enqueue)",
    )
    bench.add_argument("--processes", type=int, choices=(1, 2), default=1, help="processes on one profile (1)")
    bench.add_argument("--json", action="store_true", help="print one JSON object")
    bench.add_argument("--keep", metavar="DIR", help="keep the databases in this new folder")
    _add_common(bench, 1)


def _session_id(text: str) -> str:
    if not text.strip() or not text.isprintable():
        raise argparse.ArgumentTypeError("an id is made of printable characters")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError("a whole number from 1 on is needed")
    return int(text)
