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
    logger = logging.getLogger("hector_tui")
    logger.setLevel(logging.DEBUG if debug else logging.INFO)
    logger.propagate = False
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    try:
        handler = RotatingFileHandler(path, maxBytes=_MAX_BYTES, backupCount=_KEPT_FILES, encoding="utf-8", delay=True)
        os.close(os.open(path, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600))
    except OSError:
        logger.addHandler(logging.NullHandler())
        return
    handler.setFormatter(logging.Formatter(_FORMAT))
    logger.addHandler(handler)
