"""Keys of a widget's own bindings, done in the order they were pressed."""

from __future__ import annotations

from textual import events
from textual.widget import Widget


async def run_own_binding(widget: Widget, event: events.Key) -> bool:
    """Run what a widget binds to a key now; returns whether it did, and then nobody else hears of the key.

    Textual runs bindings after a key has travelled up to the app, while later keys are typed already: "ab", Backspace
    and "c" in one burst, as a slow link delivers them, would leave "ab" and not "ac".

    Args:
        widget: Has the focus.
        event: What its `on_key` was called with.
    """
    active = widget.screen.active_bindings.get(event.key)
    if active is None or active.node is not widget or not active.enabled:
        return False
    if not await widget.app.run_action(active.binding.action, widget):
        return False
    event.stop()
    event.prevent_default()
    return True
