"""A tool call that waits for a decision, above the prompt.

Nothing a person was typing when it appeared may decide: the bar takes keys only once it was gone to, after half a
second without any, and anew for each call. There is no default that allows, and a paste decides nothing.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from hector_tui.domain.approvals import ApprovalRequest, Decision
from hector_tui.ui.inspector.wrapping import Wrapper
from hector_tui.ui.key_names import readable
from hector_tui.ui.keymap import keys_of
from hector_tui.ui.numbers import counted
from hector_tui.ui.text import clean, clean_line

QUIET_S = 0.5
"""Seconds without a key after which the bar listens."""
_SHOWN_ROWS = 4
"""Rows of the arguments before `v` shows all."""
_WORDS = {
    "approval.once": "once",
    "approval.session": "this session",
    "approval.no": "no",
    "approval.reason": "no, because",
    "approval.all": "all",
    "approval.later": "later",
}


class ApprovalBar(Vertical, can_focus=True):
    """Shows the first call that waits, and takes the decision.

    Args:
        name_of: What the screen calls an agent.
        clock: Seconds, monotonic.
    """

    DEFAULT_CSS = """
    ApprovalBar {
        height: auto;
        margin: 0 1;
        padding: 0 1;
        border-left: thick $warning;
        background: $surface;
        display: none;
    }
    ApprovalBar:focus { background: $panel; }
    ApprovalBar Static { height: auto; }
    ApprovalBar > VerticalScroll { height: auto; scrollbar-size-vertical: 1; }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "decide('once')", "Allow once", id="approval.once", show=False),
        Binding("a", "decide('session')", "Allow for this session", id="approval.session", show=False),
        Binding("n", "decide('no')", "Refuse", id="approval.no", show=False),
        Binding("r", "refuse_with_reason", "Refuse and say why", id="approval.reason", show=False),
        Binding("v", "toggle_all", "Show all of the call", id="approval.all", show=False),
        Binding("up,k", "scroll_call(-1)", "Scroll up", id="approval.scroll_up", show=False),
        Binding("down,j", "scroll_call(1)", "Scroll down", id="approval.scroll_down", show=False),
        Binding("pageup", "scroll_call(-8)", "Page up", id="approval.page_up", show=False),
        Binding("pagedown", "scroll_call(8)", "Page down", id="approval.page_down", show=False),
        Binding("escape", "later", "Back to the prompt", id="approval.later", show=False),
    ]

    @dataclass
    class Decided(Message):
        """A person decided."""

        request: ApprovalRequest
        decision: Decision

    @dataclass
    class ReasonWanted(Message):
        """A person refuses and wants to say why."""

        request: ApprovalRequest

    class Left(Message):
        """A person goes back to the prompt."""

    def __init__(
        self,
        *,
        name_of: Callable[[str], str],
        clock: Callable[[], float] = time.monotonic,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self._name_of = name_of
        self._clock = clock
        self._requests: Sequence[ApprovalRequest] = ()
        self._quiet_since = clock()
        self._shows_all = False

    def compose(self) -> ComposeResult:
        """Who asks, the call, which scrolls, and the keys, which stay in sight however long the call is."""
        yield Static(id="approval-who", markup=False)
        with VerticalScroll(can_focus=False):
            yield Static(id="approval-call", markup=False)
        yield Static(id="approval-keys", markup=False)

    @property
    def request(self) -> ApprovalRequest | None:
        """The call that is asked about."""
        return self._requests[0] if self._requests else None

    @property
    def is_armed(self) -> bool:
        """Whether a key decides now."""
        return self.has_focus and self._clock() - self._quiet_since >= QUIET_S

    def show(self, requests: Sequence[ApprovalRequest]) -> None:
        """Ask about the first of these; none hides the bar."""
        before = self.request
        self._requests = requests
        self.display = bool(requests)
        if self.request != before:
            self._shows_all = False
            self._wait_for_quiet()
            if not requests and self.has_focus:
                self.post_message(self.Left())
        self._draw()

    def on_resize(self) -> None:
        """The keys have another room."""
        self._draw()

    def on_focus(self) -> None:
        """Whoever comes here may still be typing."""
        self._wait_for_quiet()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show again how to come here; when `Blur` arrives the bar still counts as where the keys go."""
        super().watch_has_focus(has_focus)
        if not has_focus:
            self._draw()

    def on_paste(self, event: events.Paste) -> None:
        """A paste decides nothing."""
        event.stop()
        self._wait_for_quiet()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that decide do nothing until the bar listens, and start its wait anew."""
        if action in ("decide", "refuse_with_reason") and not self.is_armed:
            self._wait_for_quiet()
            return False
        return True

    def action_decide(self, what: str) -> None:
        """Allow or refuse the call."""
        if (request := self.request) is None:
            return
        match what:
            case "once":
                decision = Decision(allowed=True)
            case "session":
                decision = Decision(allowed=True, scope="session")
            case _:
                decision = Decision(allowed=False)
        self.post_message(self.Decided(request, decision))

    def action_refuse_with_reason(self) -> None:
        """Refuse, with words for the model."""
        if (request := self.request) is not None:
            self.post_message(self.ReasonWanted(request))

    def action_toggle_all(self) -> None:
        """Show all of the arguments, or their beginning."""
        self._shows_all = not self._shows_all
        self._draw()

    def action_scroll_call(self, rows: int) -> None:
        """Scroll arguments that are longer than the bar."""
        self.query_one(VerticalScroll).scroll_relative(y=rows, animate=False)

    def action_later(self) -> None:
        """Leave the call waiting."""
        self.post_message(self.Left())

    def _wait_for_quiet(self) -> None:
        self._quiet_since = self._clock()
        self._draw()
        self.set_timer(QUIET_S + 0.01, self._draw)

    def _draw(self) -> None:
        request = self.request
        if request is None or not self.is_mounted:
            return
        more = f" · 1 of {len(self._requests)}" if len(self._requests) > 1 else ""
        who = Content.assemble(
            ("! ", "$warning bold"),
            (clean_line(self._name_of(request.key.agent_id), 40), "$chat-agent bold"),
            " wants to use ",
            (clean_line(request.name, 60), "$chat-tool bold"),
            (more, "$chat-dim"),
        )
        self.query_one("#approval-who", Static).update(who)
        # One cell less than there is: a scrollbar may come.
        wrapper = Wrapper((self.content_size.width or self.app.size.width) - 1)
        told = [row for line in argument_lines(request.arguments) for row in wrapper.lines(line, indent=2)]
        shown = told if self._shows_all else told[:_SHOWN_ROWS]
        lines = [Content(row) for row in shown]
        if len(shown) < len(told):
            lines.append(Content.styled(f"  … {counted(len(told) - len(shown), 'more row')}", "$chat-dim"))
        self.query_one("#approval-call", Static).update(Content("\n").join(lines))
        keys = self._key_line()
        self.query_one("#approval-keys", Static).update(keys)
        # Half of the screen is for the conversation.
        room = (self.app.size.height - 2) // 2 - 1 - len(keys.split())
        self.query_one(VerticalScroll).styles.max_height = max(1, room)

    def _key_line(self) -> Content:
        keys = keys_of(self.app)
        if not self.has_focus:
            way = keys.way_to("approval.decide")
            return Content.styled(f"  {way} decides; it waits for you", "$chat-dim")
        style = "$warning bold" if self.is_armed else "$chat-dim"
        lines = [Content("  ")]
        for binding in self.BINDINGS:
            if isinstance(binding, Binding) and (words := _WORDS.get(binding.id or "")) and keys.of_binding(binding):
                shown = Content.assemble((readable(keys.of_binding(binding)[0]), style), (f" {words}  ", "$chat-dim"))
                # Textual would break the row between a key and what it does.
                if lines[-1].cell_length + shown.cell_length - 2 > self.content_size.width > 0:
                    lines.append(Content("  "))
                lines[-1] += shown
        return Content("\n").join(lines)


def argument_lines(arguments: str) -> list[str]:
    """A call's arguments as lines: `name: value`, text as it stands; what is no JSON object as it came."""
    try:
        values = json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return clean(arguments).splitlines()
    if not isinstance(values, dict):
        return clean(arguments).splitlines()
    lines: list[str] = []
    for name, value in values.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        first, *rest = clean(text).splitlines() or [""]
        lines += [f"{clean_line(str(name))}: {first}", *(f"  {line}" for line in rest)]
    return lines or ["no arguments"]
