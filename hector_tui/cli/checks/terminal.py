"""What the terminal can do, as far as its environment tells; nothing is asked of the terminal itself."""

from __future__ import annotations

import locale
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping

from hector_tui.cli.checks.findings import Finding, Section, fact, good, remark

MIN_COLUMNS, MIN_ROWS = 40, 12
_CLIPBOARDS = (
    ("wl-copy", "WAYLAND_DISPLAY"),
    ("xclip", "DISPLAY"),
    ("xsel", "DISPLAY"),
    ("pbcopy", ""),
    ("clip.exe", ""),
)
"""Programs that copy, and the variable without which they cannot."""
_MULTIPLEXERS = (("TMUX", "tmux"), ("STY", "screen"), ("ZELLIJ", "zellij"))
_WITH_TRUECOLOR = ("iTerm.app", "WezTerm", "ghostty", "vscode", "Hyper", "rio", "kitty")
_SHOWN = 40
"""Characters of a variable that are shown; a foreign one may be of any length."""


def terminal_section(env: Mapping[str, str], which: Callable[[str], str | None] = shutil.which) -> Section:
    """The terminal this process stands in.

    Args:
        env: The environment.
        which: Where a program is, or None.
    """
    return Section(
        "Terminal",
        (
            _tty(),
            *_size(),
            _term(env),
            colours_finding(env),
            _encoding(),
            *_between(env),
            clipboard_finding(env, which),
        ),
    )


def _tty() -> Finding:
    streams = {"stdin": sys.stdin, "stdout": sys.stdout, "stderr": sys.stderr}
    on_terminal = [name for name, stream in streams.items() if stream is not None and stream.isatty()]
    if len(on_terminal) == len(streams):
        return good("tty", "yes", on_terminal)
    if not on_terminal:
        return fact("tty", "no; the app needs one, `hector-tui ask` does not", on_terminal)
    return fact("tty", f"{' and '.join(on_terminal)} only", on_terminal)


def _size() -> Iterator[Finding]:
    for stream in (sys.__stdout__, sys.__stderr__, sys.__stdin__):
        try:
            columns, rows = os.get_terminal_size(stream.fileno()) if stream is not None else (0, 0)
        except (OSError, ValueError):
            continue  # no terminal, or a closed stream
        if not columns or not rows:
            continue
        text, value = f"{columns} x {rows}", [columns, rows]
        if columns < MIN_COLUMNS or rows < MIN_ROWS:
            yield remark("size", f"{text}; the app needs {MIN_COLUMNS} x {MIN_ROWS}", value)
        else:
            yield good("size", text, value)
        return


def _term(env: Mapping[str, str]) -> Finding:
    term = env.get("TERM", "")
    program = env.get("TERM_PROGRAM", "")
    text = f"{term[:_SHOWN]}{f' in {program[:_SHOWN]}' if program else ''}"
    if os.name == "posix" and term in ("", "dumb", "unknown"):
        return remark("TERM", f"{text or 'not set'}; the app needs a terminal that can place the cursor", term)
    return fact("TERM", text or "not set", term)


def colours_finding(env: Mapping[str, str]) -> Finding:
    """How many colours can be expected; the same words of the environment that other programs go by."""
    if env.get("NO_COLOR"):
        return fact("colours", "NO_COLOR is set: the app is drawn in shades of grey", 2)
    term, colorterm = env.get("TERM", ""), env.get("COLORTERM", "")
    said = f"COLORTERM={colorterm[:_SHOWN]}" if colorterm else "COLORTERM is not set"
    is_known = env.get("TERM_PROGRAM", "") in _WITH_TRUECOLOR or "WT_SESSION" in env
    if colorterm.lower() in ("truecolor", "24bit") or is_known or "direct" in term or "kitty" in term:
        return good("colours", f"16 million ({said})", 2**24)
    if "256color" in term:
        return fact("colours", f"256 ({said}); if the terminal can do more, set COLORTERM=truecolor", 256)
    return remark("colours", f"16 or fewer ({said}); themes look coarse", 16)


def _encoding() -> Finding:
    encoding = locale.getencoding()
    if encoding.lower().replace("-", "") == "utf8":
        return good("locale", encoding, encoding)
    return remark("locale", f"{encoding}; frames and glyphs need UTF-8, such as LC_ALL=C.UTF-8", encoding)


def _between(env: Mapping[str, str]) -> Iterator[Finding]:
    """What stands between this program and the screen."""
    names = [name for variable, name in _MULTIPLEXERS if env.get(variable)]
    if not names and env.get("TERM", "").startswith("screen"):
        names.append("screen")
    if env.get("SSH_CONNECTION") or env.get("SSH_TTY"):
        names.append("ssh")
    yield fact("through", " and ".join(names) or "nothing", names)


def clipboard_finding(env: Mapping[str, str], which: Callable[[str], str | None]) -> Finding:
    """Which programs can copy here. Through ssh a program would copy to the wrong machine; OSC 52 does not."""
    found = [name for name, variable in _CLIPBOARDS if (not variable or env.get(variable)) and which(name)]
    if found:
        return good("clipboard", f"{', '.join(found)} and the terminal (OSC 52)", found)
    return fact("clipboard", "no program found; copying goes through the terminal (OSC 52), if it allows that", found)
