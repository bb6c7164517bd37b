"""The person's own editor: it gets the terminal for a while, and gives the draft back.

While it runs nothing is drawn and the interface's loop stands still; the engine has a thread of its own, and answers
go on streaming there.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from textual.app import App, SuspendNotSupported

from hector_tui.errors import EditorError

MAX_BYTES = 4 * 1024 * 1024
"""The longest text that is taken back."""

_VARIABLES = ("VISUAL", "EDITOR")
_USUAL = ("nano", "vim", "vi")
"""Tried in this order when no variable names one: the first tells by itself how it is left."""


def editor_command(env: Mapping[str, str]) -> list[str]:
    """The command that starts the person's editor, without the file.

    Args:
        env: The environment: `VISUAL` goes before `EDITOR`; both may hold options, quoted as for a shell.

    Raises:
        EditorError: The variable cannot be read, names a program that is not there, or there is no editor at all.
    """
    for variable in _VARIABLES:
        if not env.get(variable, "").strip():
            continue
        try:
            command = shlex.split(env[variable])
        except ValueError as error:
            raise EditorError(f"{env[variable]!r} cannot be read: {error}", where=f"${variable}") from None
        if shutil.which(command[0], path=env.get("PATH")) is None:
            raise EditorError(
                f"there is no program {command[0]!r}", where=f"${variable}", hint="Set it to an editor that is there."
            )
        return command
    for name in _USUAL:
        if (found := shutil.which(name, path=env.get("PATH"))) is not None:
            return [found]
    raise EditorError("no editor was found", hint="Set EDITOR to yours, for example `export EDITOR=nano`.")


def edit_in_terminal(app: App[None], command: Sequence[str], text: str) -> str:
    """Lend the terminal to an editor until it ends; returns the text as it left it.

    The text stands in a file that only this person can read, in a folder that goes away with it: editors leave swap
    files and backups beside what they edit.

    Args:
        app: Whose terminal it is.
        command: Starts the editor; the file is put behind it.
        text: What is to be edited.

    Raises:
        EditorError: It could not be started, it failed, or what it left is no text; nothing was changed then.
    """
    folder = Path(tempfile.mkdtemp(prefix="hector-tui-"))
    try:
        file = folder / "message.md"
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace", newline="") as opened:
            opened.write(text)
        _run(app, [*command, str(file)])
        return _taken_back(file, text)
    except OSError as error:
        raise EditorError(f"the draft could not be lent to the editor: {error}") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(app: App[None], command: Sequence[str]) -> None:
    failure: OSError | None = None
    status = 0
    try:
        # Nothing may be raised within: Textual would not take the terminal back.
        with app.suspend():
            try:
                with _own_settings(), _deaf_to_keys():
                    status = subprocess.run(list(command), check=False).returncode
            except OSError as error:
                failure = error
    except SuspendNotSupported:
        raise EditorError("this terminal cannot be lent to another program") from None
    if failure is not None:
        raise EditorError(f"{command[0]!r} could not be started: {failure.strerror or failure}") from None
    if status:
        how = f"status {status}" if status > 0 else f"signal {-status}"
        raise EditorError(f"{Path(command[0]).name} ended with {how}", hint="The draft is as it was.")


def _taken_back(file: Path, before: str) -> str:
    try:
        with file.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise EditorError("the editor left no file", hint="The draft is as it was.") from None
    if len(content) > MAX_BYTES:
        raise EditorError(f"the text has more than {MAX_BYTES // 1024 // 1024} MiB", hint="The draft is as it was.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EditorError(f"what the editor left is no UTF-8: {error}", hint="The draft is as it was.") from None
    # Most editors end the last line; a draft does not.
    if text.endswith("\n") and not before.endswith("\n"):
        text = text[:-1].removesuffix("\r")
    return text


@contextmanager
def _own_settings() -> Iterator[None]:
    """Give the terminal its settings back, whatever an editor that was killed left it in."""
    try:
        settings = termios.tcgetattr(sys.__stdin__.fileno()) if sys.__stdin__ is not None else None
    except (termios.error, OSError, ValueError):
        settings = None
    try:
        yield
    finally:
        if settings is not None and sys.__stdin__ is not None:
            with suppress(termios.error, OSError):
                termios.tcsetattr(sys.__stdin__.fileno(), termios.TCSADRAIN, settings)


@contextmanager
def _deaf_to_keys() -> Iterator[None]:
    """Leave the keys that interrupt and quit to the editor; the terminal sends them to this process too.

    By handlers that do nothing: an ignored signal would stay ignored in the editor.
    """
    before = {number: signal.signal(number, _nothing) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _nothing(number: int, frame: object) -> None:
    pass
