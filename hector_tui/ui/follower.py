"""Drawing the live runs of the conversation that is shown, twelve times a second and not at all when nothing comes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from hector_tui.ui.conversation import Conversation

FRAME_S = 1 / 12
"""Seconds between two drawings: a Textual frame costs 5-12 ms whatever it draws, so frames set the bill, not tokens."""


class Follower:
    """Follows one conversation at a time; a task of its owner runs `work`.

    Args:
        drawn: Called after something was drawn; its argument tells whether a run ended.
    """

    def __init__(self, drawn: Callable[[bool], None]) -> None:
        self._drawn = drawn
        self._conversation: Conversation | None = None
        self._news = asyncio.Event()

    def follow(self, conversation: Conversation | None) -> None:
        """Follow this one from now on; what it missed while hidden is drawn at once."""
        self._conversation = conversation
        self._news.set()

    def wake(self) -> None:
        """The followed conversation may have new runs."""
        self._news.set()

    async def work(self) -> None:
        """Follow until cancelled."""
        while True:
            self._news.clear()
            conversation = self._conversation
            if conversation is not None:
                await conversation.sync()
                self._drawn(conversation.drain())
            while conversation is not None and conversation.is_live and not self._news.is_set():
                await self._either(conversation)
                if conversation is self._conversation:
                    self._drawn(conversation.drain())
                await asyncio.sleep(FRAME_S)
            await self._news.wait()

    async def _either(self, conversation: Conversation) -> None:
        """Until the conversation has something to draw, or another one is to be followed."""
        tasks = {asyncio.ensure_future(conversation.wait()), asyncio.ensure_future(self._news.wait())}
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
