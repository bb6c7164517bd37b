"""No silent failure: whatever a background task of the interface raises becomes a line on screen and in the log."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable

from textual.message_pump import MessagePump

from hector_tui.errors import HectorError
from hector_tui.ui.text import clean

_SHOWN_S = 12.0
"""Seconds an error stays on screen; the log keeps it."""

logger = logging.getLogger(__name__)


async def guarded(node: MessagePump, work: Awaitable[object]) -> None:
    """Await something and show what it raises, in the app of a node."""
    try:
        await work
    except asyncio.CancelledError:
        raise
    except HectorError as error:
        logger.info("%s", error)
        node.app.notify(clean(str(error)), severity="error", timeout=_SHOWN_S, markup=False)
    except Exception as error:
        logger.exception("a task of the interface failed")
        text = f"An internal error ({type(error).__name__}); the log has the details."
        node.app.notify(text, severity="error", timeout=_SHOWN_S, markup=False)
