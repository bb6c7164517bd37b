"""Identity: which conversation, with which agent.

Every message, batch, vector, lock and query carries a `SessionKey`. Hector let the session id default to
`"default"` when a caller forgot it and mixed people's histories; here a missing part is an error.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass

_POINT_NAMESPACE = uuid.UUID("6f1d0f6e-8c51-5c39-9a55-5d8f6c1f2b7a")


@dataclass(frozen=True, slots=True, order=True)
class SessionKey:
    """One agent's side of one session.

    Raises:
        ValueError: A part is empty or only white space.
    """

    session_id: str
    agent_id: str

    def __post_init__(self) -> None:
        if not self.session_id.strip():
            raise ValueError("a SessionKey needs a session_id")
        if not self.agent_id.strip():
            raise ValueError("a SessionKey needs an agent_id")

    def __str__(self) -> str:
        return f"{self.session_id}/{self.agent_id}"


def new_id() -> str:
    """A fresh id of 20 hexadecimal digits that sorts by creation time (milliseconds, then random)."""
    return f"{int(time.time() * 1000):012x}{secrets.token_hex(4)}"


def point_id(key: SessionKey, name: str) -> str:
    """The UUID of a memory: the same key and name always give the same one, so writing twice stores once."""
    return str(uuid.uuid5(_POINT_NAMESPACE, f"{key.session_id}\0{key.agent_id}\0{name}"))
