"""The second wall: nothing that acts on the terminal leaves `Strip.render`, whatever a widget was given.

`hector_tui.ui.text.clean` at the door is the first. A character caught here was missed there, which is a defect
of this program: it is counted, logged once, and made harmless. Every row Textual draws goes through
`textual.strip.Strip.render` (see `textual/_compositor.py`), and its result is cached in the strip, so a row is
looked at once and not once per frame.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from functools import wraps

from rich.cells import cell_len
from rich.console import Console
from rich.segment import Segment
from textual.strip import Strip

from hector_tui.ui.text import HIDDEN

_log = logging.getLogger(__name__)
_acting_characters = re.compile(f"[\t\n{HIDDEN}]")
_MARK = "\ufffd"
_GUARD_ATTRIBUTE = "hector_tui_render_guard"


class RenderGuard:
    """Makes rows of segments harmless and counts those that needed it.

    `hits` is the number of rows changed since the guard was installed; 0 is the only good value.
    """

    def __init__(self) -> None:
        self.hits = 0
        self._logged: set[str] = set()

    def harmless(self, segments: Sequence[Segment]) -> list[Segment] | None:
        """Return the segments without what acts on a terminal, of the same width; None if nothing had to change."""
        if not any(_needs_a_look(segment) for segment in segments):
            return None
        found: set[str] = set()
        result = [_harmless_segment(segment, found) for segment in segments]
        if not found:
            return None
        self.hits += 1
        if unseen := found - self._logged:
            self._logged |= unseen
            _log.warning("text that was not cleaned reached the screen: %s", ", ".join(sorted(unseen)))
        return result


def _needs_a_look(segment: Segment) -> bool:
    """Rule out nearly every segment by one C loop over its text; blank letters pass, and only leave a gap."""
    text, style, _ = segment
    return not text.isprintable() or (style is not None and style._link is not None)


def _harmless_segment(segment: Segment, found: set[str]) -> Segment:
    text, style, control = segment
    if acting := set(_acting_characters.findall(text)):
        found.update(f"U+{ord(character):04X}" for character in acting)
        text = _acting_characters.sub(_same_width, text)
    if style is not None and style.link is not None and not _is_plain_uri(style.link):
        found.add("a link that is not plain ASCII")
        style = style.update_link(None)
    return Segment(text, style, control)


def _same_width(match: re.Match[str]) -> str:
    """Delete what the layout counted as zero cells, and fill the cells of the rest, so that the row keeps its width."""
    return _MARK * cell_len(match[0])


def _is_plain_uri(link: str) -> bool:
    """Tell whether a link may stand in an OSC 8 sequence, which allows the bytes 32 to 126 only."""
    return link.isascii() and link.isprintable()


def install_render_guard() -> RenderGuard:
    """Put the guard into `Strip.render`, once per process; a second call returns the guard that is there."""
    if (installed := _installed_guard()) is not None:
        return installed
    guard = RenderGuard()
    setattr(Strip, "render", _guarded(Strip.render, guard))  # noqa: B010 - a plain assignment is refused by mypy
    return guard


def guard_hits() -> int:
    """Return how many rows the installed guard had to change; 0 if none is installed."""
    guard = _installed_guard()
    return guard.hits if guard is not None else 0


def _installed_guard() -> RenderGuard | None:
    guard = getattr(Strip.render, _GUARD_ATTRIBUTE, None)
    return guard if isinstance(guard, RenderGuard) else None


def _guarded(render: Callable[[Strip, Console], str], guard: RenderGuard) -> Callable[[Strip, Console], str]:
    @wraps(render)
    def guarded_render(strip: Strip, console: Console) -> str:
        if strip._render_cache is None and (harmless := guard.harmless(strip._segments)) is not None:
            # The strip itself stays as it is: its text is what selections and tests read.
            strip._render_cache = render(Strip(harmless, strip._cell_length), console)
        return render(strip, console)

    setattr(guarded_render, _GUARD_ATTRIBUTE, guard)
    return guarded_render
