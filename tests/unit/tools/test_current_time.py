from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.errors import ToolError
from hector_tui.tools.base import ToolContext
from hector_tui.tools.current_time import CurrentTimeTool

_CONTEXT = ToolContext(key=SessionKey("s", "a"), turn_id="t", call_id="c", emit=lambda event: None)
_MOMENT = datetime(2026, 3, 29, 12, 5, 9, tzinfo=UTC)


async def _ask(arguments: Mapping[str, object]) -> str:
    return (await CurrentTimeTool(now=lambda: _MOMENT).call(arguments, _CONTEXT)).text


async def test_a_zone_gives_local_time_weekday_offset_and_utc() -> None:
    assert await _ask({"timezone": "Europe/Berlin"}) == (
        "2026-03-29T14:05:09+02:00 Sunday\nEurope/Berlin (UTC+02:00, CEST)\n2026-03-29T12:05:09Z in UTC"
    )


async def test_a_zone_west_of_greenwich_with_half_an_hour() -> None:
    assert await _ask({"timezone": "America/St_Johns"}) == (
        "2026-03-29T09:35:09-02:30 Sunday\nAmerica/St_Johns (UTC-02:30, NDT)\n2026-03-29T12:05:09Z in UTC"
    )


async def test_a_zone_without_a_name_of_its_own_shows_its_offset_once() -> None:
    assert "America/Sao_Paulo (UTC-03:00)\n" in await _ask({"timezone": "America/Sao_Paulo"})


async def test_the_weekday_is_the_local_one() -> None:
    assert (await _ask({"timezone": "Pacific/Kiritimati"})).startswith("2026-03-30T02:05:09+14:00 Monday")


@pytest.mark.parametrize("arguments", [{}, {"timezone": ""}, {"timezone": None}])
async def test_without_a_zone_it_is_the_computers_own(arguments: Mapping[str, object]) -> None:
    text = await _ask(arguments)
    first = text.split()[0]
    assert datetime.fromisoformat(first) == _MOMENT
    assert "this computer's time zone (UTC" in text


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("Europe/Berln", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Tokio", "Asia/Tokyo"),
    ],
)
async def test_a_wrong_zone_names_the_near_ones(name: str, near: str) -> None:
    try:
        text = await _ask({"timezone": name})
    except ToolError as error:
        text = str(error)
        assert text.startswith(f'there is no time zone "{name}". Near: ')
    # A file system that ignores case finds "europe/berlin" by itself.
    assert near.casefold() in text.casefold()


@pytest.mark.parametrize("name", ["Europe", "../../etc/passwd", "/etc/passwd", "Nowhere/Atall", "Europe/Berlin\0"])
async def test_a_name_that_is_no_zone_is_refused(name: str) -> None:
    with pytest.raises(ToolError, match="there is no time zone"):
        await _ask({"timezone": name})


async def test_the_default_clock_tells_the_time_now() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    outcome = await CurrentTimeTool().call({"timezone": "UTC"}, _CONTEXT)
    assert before <= datetime.fromisoformat(outcome.text.split()[0]) <= datetime.now(UTC)
