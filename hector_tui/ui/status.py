"""What the status line says about the active session."""

from __future__ import annotations

import time

from hector_tui.engine.thread import EngineThread
from hector_tui.ui.desk import Desk
from hector_tui.ui.inspector.feeder import InspectorFeeder
from hector_tui.ui.keymap import Keys, hint
from hector_tui.ui.numbers import money_text
from hector_tui.ui.widgets.status_line import StatusInfo

_PHASES = {
    "queued": "queued",
    "starting": "starting",
    "recalling": "recalling",
    "model": "streaming",
    "retrying": "asking again",
    "tools": "running a tool",
    "approval": "waiting for you",
    "settling": "saving",
}


def status_of(
    desk: Desk, engine: EngineThread, feeder: InspectorFeeder, keys: Keys, *, stop_armed: bool, new_below: bool
) -> StatusInfo:
    """The parts of the status line, for this moment."""
    help_hint = hint((keys.way_to("help"), "help"))
    if not desk.agents:
        return StatusInfo(state="starting", help=help_hint)
    problems = engine.engine.chat.problems()
    banner = next(iter(problems.values()), "")
    conversation = desk.workspace.active
    if conversation is None:
        begins = hint(("enter", "begins"), (keys.way_to("session.new"), "new"))
        return StatusInfo(agent="hector-tui", hint=begins, banner=banner, banner_level="error", help=help_hint)
    agent_id = desk.watched(conversation, conversation.draft)[0].agent_id
    agent = desk.agents.get(agent_id)
    view = feeder.context_of(conversation.info.session_id)
    live = conversation.live_phase
    started = conversation.live_since
    state, seconds = _PHASES.get(live, live), time.time() - started if live and started else None
    if live == "retrying" and (wait := conversation.live_wait) is not None and (left := wait.left_s(time.time())):
        state, seconds = "trying again in", float(left)
    if not banner and agent is not None and agent.readiness == "needs_key":
        banner = f"{agent.name} needs {agent.detail}: set it in the environment and start again"
    elif not banner and agent is not None and agent.readiness == "no_server":
        banner = f"no server answers at {agent.detail}: start it, then send again"
    usage = feeder.spent_in(conversation.info.session_id) + conversation.live_usage
    back = keys.way_to("app.back")
    advice = f"↓ new below · {keys.way_to('app.end')}".removesuffix(" · ") if new_below else ""
    if live and not new_below:
        # Without the key that is pressed twice, the command that stops has a way of its own.
        ways = (f"{back} again", f"{back} {back}") if keys.of("app.back") else (keys.way_to("run.stop"),) * 2
        advice = f"{ways[0] if stop_armed else ways[1]} to stop"
        if live == "approval" and not stop_armed:
            advice = f"{keys.way_to('approval.decide')} decides"
    return StatusInfo(
        agent=agent.name if agent is not None else agent_id,
        model=agent.model if agent is not None else "",
        state=state,
        seconds=seconds,
        hint=advice,
        context_used=view.tokens if view is not None else None,
        context_window=view.window or None if view is not None else None,
        tokens=usage.total_tokens or None,
        estimated=usage.estimated,
        cost=money_text(usage.cost, usage.estimated) if usage.cost else "",
        banner=banner,
        banner_level="error" if problems else "warning",
        help=help_hint,
    )
