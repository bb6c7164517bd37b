"""Logging to a file in the profile; never to the terminal, which belongs to the renderer."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

_FORMAT = "%(asctime)s %(levelname)s %(threadName)s %(name)s: %(message)s"
_MAX_BYTES = 2_000_000
_KEPT_FILES = 3


def start_logging(path: Path, *, debug: bool = False) -> None:
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
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8", delay=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        handler = logging.NullHandler()
    handler.setFormatter(logging.Formatter(_FORMAT))
    for logger in loggers:
        logger.addHandler(handler)
