from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.ui.screens.help import HelpScreen
from hector_tui.ui.widgets.approval_bar import ApprovalBar
from hector_tui.ui.widgets.status_line import StatusLine
from hector_tui.ui.widgets.tab_strip import TabStrip
from tests.provider import Answer, LoopbackProvider
from tests.ui.support import Person, echo_config, running
from tests.ui.test_app_approvals import CAREFUL, FERRY

SIZES = [(40, 12), (80, 24), (120, 40), (200, 60)]
MARKDOWN = (
    "# Head\n\nA paragraph with `code` and **more**.\n\n```python\nprint('x' * 200)\n```\n\n|a|b|\n|-|-|\n|1|2|\n"
)


def _is_inside(person: Person) -> bool:
    """Whether tabs, prompt and status line stand on the screen, each with all of its rows."""
    whole = person.chat.region
    widgets = (person.chat.query_one(TabStrip), person.chat.prompt, person.chat.query_one(StatusLine))
    return all(widget.region.area > 0 and whole.contains_region(widget.region) for widget in widgets)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
async def test_every_size_shows_the_agents_the_prompt_and_the_answer(tmp_path: Path, columns: int, rows: int) -> None:
    async with (
        LoopbackProvider(Answer(text=MARKDOWN)) as provider,
        running(
            tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)], size=(columns, rows)
        ) as person,
    ):
        await person.sees("Echo", "● ready")
        await person.begin("echo")
        await person.until(lambda: _is_inside(person), "everything in sight")
        assert person.chat.inspector.display is (columns >= 120)
        await person.ask("hello")
        await person.sees("code", ">")
        await person.until(lambda: _is_inside(person), "everything in sight")
        await person.write("\n".join(f"line {number}" for number in range(40)))
        await person.until(lambda: _is_inside(person), "everything in sight with a long draft")
        assert person.chat.prompt.region.height <= rows // 2
        await person.press("f3")
        await person.until(lambda: person.chat.inspector.display is (columns < 120), "the inspector the other way")
        await person.press("f3", "f1")
        await person.until(lambda: isinstance(person.app.screen, HelpScreen), "help")
        await person.press("escape", "ctrl+x", "escape", "ctrl+n", "escape", "f2", "escape", "f4", "escape")
        await person.until(lambda: person.app.screen is person.chat, "the conversation")


async def test_the_inspector_comes_and_goes_with_the_width(tmp_path: Path) -> None:
    async with running(tmp_path / "profile", config=[echo_config(tmp_path, "http://127.0.0.1:1/v1")]) as person:
        await person.begin("echo")
        assert person.chat.inspector.display
        for columns, rows in [(40, 12), (119, 30), (20, 6), (200, 60), (1, 1), (120, 40)]:
            await person.pilot.resize_terminal(columns, rows)
            await person.pilot.pause()
            if columns >= 20:
                await person.until(lambda: _is_inside(person), f"everything in sight at {columns}x{rows}")
        assert person.chat.prompt.display


async def test_on_a_short_terminal_nothing_pushes_the_prompt_or_the_keys_of_a_decision_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    config = tmp_path / "careful.yaml"
    config.write_text(CAREFUL, encoding="utf-8")
    (tmp_path / "plan.txt").write_text("words", encoding="utf-8")
    async with running(tmp_path / "profile", config=[config], size=(40, 12)) as person:
        await person.begin("careful")
        await person.send(FERRY)
        await person.sees("f8 decides")
        for text in ("second", "third"):
            await person.send(text)
        await person.sees("2 wait · ↑ takes back · f4 edits")
        await person.write("see @plan.txt ")
        await person.sees("⊕ plan.txt")
        await person.press("ctrl+f")
        await person.until(lambda: person.chat.search_bar.is_open, "the search")
        await person.press("f8")
        await person.until(lambda: person.chat.query_one(ApprovalBar).is_armed, "the bar to listen")
        await person.sees("esc later", "see @")
        assert _is_inside(person)


async def test_nobody_types_into_a_prompt_that_the_inspector_covers(tmp_path: Path) -> None:
    async with running(
        tmp_path / "profile", config=[echo_config(tmp_path, "http://127.0.0.1:1/v1")], size=(40, 12)
    ) as person:
        await person.begin("echo")
        for way_in in ("f5", "f3"):
            await person.press(way_in)
            await person.until(lambda: person.chat.inspector.display and not person.chat.prompt.has_focus, way_in)
            await person.press("escape")
            await person.until(lambda: person.prompt_is_ready, "the prompt")
            assert not person.chat.inspector.display
