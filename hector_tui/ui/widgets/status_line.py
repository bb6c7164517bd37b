"""The row at the bottom: who answers, what it is doing, and how full its context is."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from hector_tui.ui.widgets.status_layout import StatusInfo, StatusRun, compact_number, layout_status

__all__ = ["StatusInfo", "StatusLine", "compact_number"]


class StatusLine(Widget):
    """One line of text drawn from `info`; setting an equal `info` draws nothing."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "status-line--agent",
        "status-line--model",
        "status-line--state",
        "status-line--hint",
        "status-line--context",
        "status-line--context-low",
        "status-line--context-mid",
        "status-line--context-high",
        "status-line--tokens",
        "status-line--help",
        "status-line--separator",
        "status-line--banner-info",
        "status-line--banner-warning",
        "status-line--banner-error",
    }
    """One class per role of a run."""

    DEFAULT_CSS = """
    StatusLine {
        height: 1;
        background: $panel;
        color: $chat-dim;
        & > .status-line--agent { color: $chat-agent; text-style: bold; }
        & > .status-line--model { color: $foreground; }
        & > .status-line--state { color: $tab-working; }
        & > .status-line--hint { color: $chat-dim; }
        & > .status-line--context { color: $foreground; }
        & > .status-line--context-low { color: $meter-low; }
        & > .status-line--context-mid { color: $meter-mid; }
        & > .status-line--context-high { color: $meter-high; text-style: bold; }
        & > .status-line--tokens { color: $foreground; }
        & > .status-line--help { color: $chat-dim; }
        & > .status-line--separator { color: $chat-dim; }
        & > .status-line--banner-info { color: $chat-link; text-style: bold; }
        & > .status-line--banner-warning { color: $tab-needs-you; text-style: bold; }
        & > .status-line--banner-error { color: $chat-error; text-style: bold; }
    }
    """

    ALLOW_SELECT = False

    info: reactive[StatusInfo] = reactive(StatusInfo())

    def render_line(self, y: int) -> Strip:
        """Render the row; every line after the first is empty."""
        style, width = self.rich_style, self.size.width
        if y > 0:
            return Strip.blank(width, style)
        segments = [Segment(run.text, self._run_style(run)) for run in layout_status(self.info, width)]
        return Strip(segments).adjust_cell_length(width, style)

    def _run_style(self, run: StatusRun) -> Style:
        if run.role == "gap":
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"status-line--{run.role}", partial=True)
