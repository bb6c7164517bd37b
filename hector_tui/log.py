"""Logging to a file in the profile; never to the terminal, which belongs to the renderer."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

from hector_tui.redaction import Redactor

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
_MAX_BYTES = 2_000_000
_KEPT_FILES = 3


class RedactingFormatter(logging.Formatter):
    """Formats a record and takes the secrets out of the result: of the message, its arguments and the traceback.

    A filter would see the record before its parts are put together, and a key can stand half in each.
    """

    def __init__(self, text: str, redactor: Redactor) -> None:
        super().__init__(text)
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The line, or lines, without secrets."""
        return self._redactor.redact(super().format(record))


class _PrivateFile(RotatingFileHandler):
    """A log whose every file, the next one after a rotation too, is readable by its owner only."""

    def _open(self):  # type: ignore[no-untyped-def]  # the stream's type is private to typeshed
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
        os.chmod(self.baseFilename, 0o600)
        return super()._open()


def start_logging(path: Path, *, debug: bool = False, redactor: Redactor | None = None) -> None:
    """Send this program's log records to a rotating file of at most 2 MB, readable by its owner only.

    A log that cannot be written must not stop a conversation, so a failure here only turns logging off.
    """
    loggers = [logging.getLogger("hector_tui"), logging.getLogger("py.warnings")]
    # Libraries warn on standard error, which belongs to the renderer.
    logging.captureWarnings(True)
    for logger in loggers:
        logger.setLevel(logging.DEBUG if debug else logging.INFO)
        logger.propagate = False
        for old in list(logger.handlers):
            logger.removeHandler(old)
            old.close()
    handler: logging.Handler
    try:
        handler = _PrivateFile(path, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8")
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(RedactingFormatter(_FORMAT, redactor or Redactor()))
    for logger in loggers:
        logger.addHandler(handler)
