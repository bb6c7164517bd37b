"""What stands where nothing was said yet: the agents to choose from, and how an empty conversation greets."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from hector_tui.engine.views import AgentView
from hector_tui.ui.keymap import Keys
from hector_tui.ui.text import clean_line
from hector_tui.ui.widgets.agent_card import AgentCardInfo


def home_hint(agents: Sequence[AgentView], keys: Keys) -> str:
    """What Enter does on the home screen, and how to come to a model."""
    connect = keys.way_to("model.connect")
    ready = [agent for agent in agents if agent.readiness == "ready"]
    if ready and all(agent.model == "offline" for agent in ready):
        why = "No key and no model server were found, so agents answer offline"
        return f"Enter begins. {why}: {connect} connects one."
    return f"Enter begins a conversation · {connect} connects a provider or a server."


def card_infos(agents: Sequence[AgentView]) -> list[AgentCardInfo]:
    """Agents as their cards show them; the guide first, because a newcomer needs it most."""
    ordered = sorted(agents, key=lambda agent: (agent.agent_id != "guide", agent.readiness == "disabled"))
    return [
        AgentCardInfo(
            agent_id=agent.agent_id,
            name=agent.name,
            description=agent.description,
            model=agent.model,
            state=agent.readiness,
            detail=agent.detail,
            starters=agent.starters,
        )
        for agent in ordered
    ]


def greeting(agent: AgentView) -> Content:
    """The greeting of an empty conversation."""
    lines = [
        Content.styled(clean_line(agent.name), "$chat-agent bold"),
        Content.styled(clean_line(agent.description), "$chat-dim"),
    ]
    if agent.starters:
        lines += [Content(""), Content.styled("For example:", "$chat-dim")]
        lines += [Content.assemble((" › ", "$chat-tool"), clean_line(starter)) for starter in agent.starters]
    return Content("\n").join(lines)
