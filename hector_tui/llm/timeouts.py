"""How long to wait for a provider."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Bounds in seconds, measured on a clock that a change of the system time does not move.

    Attributes:
        connect_s: For the TCP connection and TLS.
        first_byte_s: From sending the request to the first byte of the answer's body.
        idle_s: Between two bytes, whatever they are; a keep-alive comment counts.
        content_idle_s: Between two pieces of content; models that think without showing it may need more.
        tail_s: For what follows complete content: token counts and the end marker.
    """

    connect_s: float = 10.0
    first_byte_s: float = 120.0
    idle_s: float = 90.0
    content_idle_s: float = 300.0
    tail_s: float = 5.0
