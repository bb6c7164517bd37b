"""`@agent words`: how a message says to which agent of its session it goes."""

from __future__ import annotations

from collections.abc import Collection


def split_address(text: str, agents: Collection[str]) -> tuple[str, str]:
    """The agent that a message names at its very beginning and the words for it; an empty id when it names none.

    An unknown name is just text, for it may be a file's. Upper and lower case are the same as long as that leaves one
    agent.

    Args:
        text: What was written.
        agents: The ids of the agents there are.
    """
    if not text.startswith("@"):
        return "", text
    name = text[1:].split(maxsplit=1)[0] if text[1:2].strip() else ""
    if name not in agents:
        alike = [agent_id for agent_id in agents if agent_id.casefold() == name.casefold()]
        if len(alike) != 1:
            return "", text
        return alike[0], text[1 + len(name) :].strip()
    return name, text[1 + len(name) :].strip()


def addressed(text: str, agent_id: str, home_agent_id: str) -> str:
    """A message as it would be written to reach the same agent again.

    Args:
        text: The words.
        agent_id: Whom they went to.
        home_agent_id: Whom words without an address go to.
    """
    return text if agent_id == home_agent_id else f"@{agent_id} {text}"
