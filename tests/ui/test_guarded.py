from __future__ import annotations

import asyncio
import gc
import warnings

from textual.app import App

from hector_tui.errors import StoreError
from hector_tui.ui.guarded import guarded, run_guarded


async def test_a_worker_cancelled_before_its_first_step_leaves_no_complaint() -> None:
    ran = []

    async def work() -> None:
        ran.append(1)

    app: App[None] = App()
    async with app.run_test():
        with warnings.catch_warnings(record=True) as complaints:
            warnings.simplefilter("always")
            run_guarded(app, work, group="test")
            app.workers.cancel_all()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            gc.collect()
    assert ran == []
    assert [str(complaint.message) for complaint in complaints] == []


async def test_what_a_task_raises_is_told() -> None:
    async def refused() -> None:
        raise StoreError("the disk is full")

    async def broken() -> None:
        raise ZeroDivisionError

    app: App[None] = App()
    async with app.run_test(notifications=True) as pilot:
        await guarded(app, refused)
        await guarded(app, broken)
        await pilot.pause()
        told = [notification.message for notification in app._notifications]
    assert told == ["the disk is full", "An internal error (ZeroDivisionError); the log has the details."]
