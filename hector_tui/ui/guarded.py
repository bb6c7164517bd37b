"""No silent failure: whatever a background task of the interface raises becomes a line on screen and in the log."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Awaitable, Callable

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.message_pump import MessagePump
from textual.worker import Worker

from hector_tui.errors import HectorError
from hector_tui.ui.text import clean

_SHOWN_S = 12.0
"""Seconds an error stays on screen; the log keeps it."""

Work = Callable[[], Awaitable[object]]
"""Something to do. Not a coroutine: a worker that is cancelled before its first step, as happens when the app ends,
would leave one that nobody awaited, and Python would complain."""

logger = logging.getLogger(__name__)


def run_guarded(node: DOMNode, work: Work, *, group: str, exclusive: bool = False) -> None:
    """Do something in the background, in a worker of a node; what goes wrong is shown."""

    async def run() -> None:
        await guarded(node, work)

    # Named for its type alone: mypy finds none for the worker's result by itself.
    _worker: Worker[None] = node.run_worker(run, exit_on_error=False, group=group, exclusive=exclusive)


async def guarded(node: MessagePump, work: Work) -> None:
    """Do something and show what it raises, in the app of a node."""
    try:
        await work()
    except asyncio.CancelledError:
        raise
    except NoMatches:
        # A dialog that was left while its work was under way has lost its parts before its workers are told to end.
        if not _is_left(node):
            _report(node)
    except HectorError as error:
        logger.info("%s", error)
        node.app.notify(clean(str(error)), severity="error", timeout=_SHOWN_S, markup=False)
    except Exception:
        _report(node)


def _is_left(node: MessagePump) -> bool:
    """Whether a node's screen is shown no more and does not lie below another one either."""
    return isinstance(node, DOMNode) and node.screen not in node.app.screen_stack


def _report(node: MessagePump) -> None:
    """Say that the error being handled is none that was expected."""
    logger.exception("a task of the interface failed")
    text = f"An internal error ({type(sys.exception()).__name__}); the log has the details."
    node.app.notify(text, severity="error", timeout=_SHOWN_S, markup=False)
