"""Everything that moves by itself, on or off."""

from __future__ import annotations

from textual.app import App
from textual.constants import TEXTUAL_ANIMATIONS
from textual.dom import DOMNode


def set_motion(app: App[None], wanted: bool) -> None:
    """Let things move, as far as TEXTUAL_ANIMATIONS allows, or keep them still."""
    app.animation_level = TEXTUAL_ANIMATIONS if wanted else "none"
    for screen in app.screen_stack:
        for node in screen.walk_children(with_self=False):
            follow_motion(node)


def follow_motion(node: DOMNode) -> None:
    """Let a field's cursor blink only where things may move; for fields that come later, Textual's own among them."""
    # Imported when something moves or has the focus: before the first frame these two cost it 8 ms.
    from textual.widgets import Input, TextArea

    if isinstance(node, Input | TextArea):
        node.cursor_blink = node.app.animation_level != "none"
