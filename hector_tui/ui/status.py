"""What the status line says about the active session."""

from __future__ import annotations

import time

from hector_tui.domain.models import ChosenModel
from hector_tui.engine.thread import EngineThread
from hector_tui.engine.views import AgentView
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


def _model(agent: AgentView | None, chosen: ChosenModel | None) -> str:
    if chosen is not None:
        return chosen.label
    return agent.model if agent is not None else ""


def _missing(agent: AgentView | None, chosen: ChosenModel | None) -> str:
    """What keeps this session's model from answering, and what to do; empty for nothing."""
    if chosen is not None:
        match chosen.state:
            case "needs_key":
                return f"{chosen.label} needs {chosen.detail}: /connect takes a key, /model default goes back"
            case "gone":
                return f"{chosen.detail} is not there any more: /model chooses another, /model default goes back"
            case _:
                return ""
    if agent is None:
        return ""
    match agent.readiness:
        case "needs_key":
            return f"{agent.name} needs {agent.detail}: /connect takes a key, /model another model"
        case "no_server":
            return f"no server answers at {agent.detail}: start it, or choose with /model; it is found by itself"
        case _:
            return ""


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
    banner = banner or _missing(agent, conversation.chosen)
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
        model=_model(agent, conversation.chosen),
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
