"""Times as people read them."""

from __future__ import annotations

import time


def clock(at: float) -> str:
    """A time of day today, with its date before; `at` is seconds since the epoch, shown in local time."""
    moment, today = time.localtime(at), time.localtime()
    return time.strftime("%H:%M" if moment[:3] == today[:3] else "%d %b %H:%M", moment)


def ago(at: float) -> str:
    """How long ago `at` was, in its largest unit; `at` is seconds since the epoch."""
    seconds = max(0.0, time.time() - at)
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
