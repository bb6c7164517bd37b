"""The `current_time` tool: date, time and offset anywhere, which no model knows by itself."""

from __future__ import annotations

import asyncio
import difflib
import zoneinfo
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from hector_tui.domain.tools import ToolOutcome, ToolSpec
from hector_tui.errors import ToolError
from hector_tui.tools.arguments import only_known, optional_text
from hector_tui.tools.base import ToolContext

_MAX_CHARACTERS = 64
_SUGGESTIONS = 5
# Not strftime: its names follow the locale, and the model is spoken to in English.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class CurrentTimeTool:
    """Tells the time in a time zone, or where this program runs.

    Args:
        now: Gives the time, with its time zone.
    """

    spec = ToolSpec(
        name="current_time",
        description="Tell the current date, weekday and time, with the offset from UTC.",
        parameters={
            "type": "object",
            "properties": {
                "timezone": {
                    "type": "string",
                    "description": 'An IANA name such as "Europe/Berlin" or "UTC"; the user\'s own zone when left out.',
                    "maxLength": _MAX_CHARACTERS,
                }
            },
            "additionalProperties": False,
        },
    )

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self._now = now

    async def call(self, arguments: Mapping[str, Any], context: ToolContext) -> ToolOutcome:
        """The time in the zone that the argument `timezone` names.

        Raises:
            ToolError: There is no such zone; the text names the nearest ones.
        """
        only_known(arguments, ("timezone",))
        name = optional_text(arguments, "timezone", max_chars=_MAX_CHARACTERS)
        # In a thread: a zone is a file, and a wrong name means reading the whole catalogue for near ones.
        zone = await asyncio.to_thread(_zone, name) if name else None
        return ToolOutcome(_describe(self._now(), zone, name))


def _describe(moment: datetime, zone: tzinfo | None, name: str) -> str:
    local = moment.astimezone(zone)
    place = name or "this computer's time zone"
    abbreviation = local.tzname() or ""
    # Zones without a name of their own call themselves "+03"; that says nothing the offset does not.
    named = f", {abbreviation}" if abbreviation.isalpha() and abbreviation != "UTC" else ""
    return (
        f"{local.isoformat(timespec='seconds')} {_WEEKDAYS[local.weekday()]}\n"
        f"{place} ({_offset_text(local.utcoffset())}{named})\n"
        f"{moment.astimezone(UTC).strftime('%Y-%m-%dT%H:%M:%SZ')} in UTC"
    )


def _offset_text(offset: timedelta | None) -> str:
    minutes = round((offset or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def _zone(name: str) -> tzinfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a name such as "../x" that would leave the catalogue; OSError: a folder such as "Europe".
        near = _near_zones(name)
    hint = f"Near: {', '.join(near)}" if near else 'Use an IANA name such as "Europe/Berlin"'
    raise ToolError(f'there is no time zone "{name}"', hint=hint)


def _near_zones(name: str) -> list[str]:
    """Zones a person may have meant: the same name in other letters, a city without its continent, then spelling."""
    zones = {zone.casefold(): zone for zone in sorted(zoneinfo.available_timezones())}
    wanted = name.casefold().replace(" ", "_")
    near = [zone for folded, zone in zones.items() if wanted in (folded, folded.rpartition("/")[2])]
    cities = {folded.rpartition("/")[2]: zone for folded, zone in zones.items()}
    near += [zones[match] for match in difflib.get_close_matches(wanted, zones, n=_SUGGESTIONS)]
    near += [cities[match] for match in difflib.get_close_matches(wanted, cities, n=_SUGGESTIONS)]
    return list(dict.fromkeys(near))[:_SUGGESTIONS]
