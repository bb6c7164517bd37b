"""The settings screen, made from the schema: every setting with its value, changed in place and at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from hector_tui.ui.preferences import Preferences
from hector_tui.ui.screens.dialogs import AskText
from hector_tui.ui.screens.filtered_list import FilteredList, Row, two_columns
from hector_tui.ui.settings import Change
from hector_tui.ui.settings_schema import (
    Choice,
    Flag,
    Name,
    Number,
    Setting,
    Value,
    meaning_of,
    refusal,
    schema,
    value_of,
    words_for,
)
from hector_tui.ui.text import clean_line

KEYS_ROW, FILE_ROW = "keymap", "file"
_TITLE_CELLS = 34


class SettingsScreen(FilteredList[str | None]):
    """Lists and changes settings; the answer is `theme` or `keymap` when the person goes on to choose those.

    Args:
        preferences: What is chosen.
        change: Sets keys of the file.
        agents: Ids of the agents there are, for the settings that name one.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # Before the field's own: there is nothing to move over in a filter of a few letters.
        Binding("left", "turn(-1)", "Value before", show=False, id="settings.previous", priority=True),
        Binding("right", "turn(1)", "Next value", show=False, id="settings.next", priority=True),
        Binding("ctrl+r", "reset", "Default", show=False, id="settings.reset", priority=True),
    ]

    def __init__(
        self,
        preferences: Preferences,
        *,
        change: Callable[[Mapping[tuple[str, ...], Change]], None],
        agents: Sequence[str] = (),
    ) -> None:
        super().__init__("Settings", placeholder="type to search")
        self._preferences = preferences
        self._change = change
        self._agents = tuple(agents)
        self._by_key = {setting.key: setting for setting in schema()}

    def rows(self) -> Iterable[Row]:
        """The settings under their headings, then the keys and the file."""
        group = ""
        for setting in schema():
            if setting.group != group:
                group = setting.group
                yield Row("", Content.styled(group, "bold $text-muted"))
            yield Row(setting.key, self._line(setting), f"{setting.key} {setting.group} {setting.description}")
        yield Row("", Content.styled("Files", "bold $text-muted"))
        changed = len(self._preferences.file.keymap) + len(self._preferences.file.leader)
        yield Row(
            KEYS_ROW, self._two("Keymap", f"{changed} changed" if changed else "as it came", chosen=bool(changed))
        )
        wrong = len(self._preferences.errors)
        shown = f"{wrong} not understood" if wrong else "in order"
        yield Row(
            FILE_ROW,
            self._two("Settings file", shown, chosen=bool(wrong)),
            " ".join(map(str, self._preferences.errors)),
        )

    def _line(self, setting: Setting) -> Content:
        value = value_of(self._preferences.settings, setting.key)
        return self._two(setting.title, words_for(setting, value), chosen=setting.key in self._preferences.file.chosen)

    def settings_changed(self) -> None:
        """Show the values as they are now."""
        self.show_rows()

    def _two(self, title: str, value: str, *, chosen: bool) -> Content:
        """A title, and its value in a column; a value that is not the default stands out, not by colour alone."""
        return two_columns(title, value, marked=chosen, title_cells=min(_TITLE_CELLS, self.app.size.width // 2 - 3))

    def keys_text(self) -> str:
        """What changes a value."""
        return self.key_line(
            ("settings.previous settings.next", "change"),
            ("enter", "change, or type it"),
            ("settings.reset", "default"),
            ("dialog.leave", "leave"),
        )

    def describe(self, row_id: str) -> Content:
        """What the setting does, what its value means, its default and its name in the file."""
        if row_id == KEYS_ROW:
            return Content("Which key does what. Enter opens the list of all actions, where each key can be changed.")
        if row_id == FILE_ROW:
            lines = [clean_line(str(error)) for error in self._preferences.errors]
            return Content("\n".join([clean_line(str(self._preferences.path)), *lines]))
        setting = self._by_key[row_id]
        value = value_of(self._preferences.settings, row_id)
        meaning = meaning_of(setting, value)
        return Content.assemble(
            setting.description,
            f" {words_for(setting, value)}: {meaning}." if meaning else "",
            "\n",
            (f"{setting.key} · default: {words_for(setting, setting.default)}", "$text-muted"),
        )

    def chosen(self, row_id: str) -> None:
        """Change it: flags and choices go on to the next value, the others ask."""
        if row_id in ("theme", KEYS_ROW):
            self.answer(row_id)
        elif (setting := self._by_key.get(row_id)) is not None:
            if isinstance(setting.kind, Number):
                self._ask(setting)
            else:
                self._turn(setting, 1)

    def action_turn(self, by: int) -> None:
        """Go to another value."""
        if (setting := self._by_key.get(self.current)) is not None and setting.key != "theme":
            self._turn(setting, by)

    def action_reset(self) -> None:
        """Take the setting out of the file, so that the default counts."""
        if self.current in self._by_key:
            self._set(self.current, None)

    def _turn(self, setting: Setting, by: int) -> None:
        value = value_of(self._preferences.settings, setting.key)
        match setting.kind:
            case Flag():
                self._set(setting.key, not value)
            case Choice() as choice:
                self._set(setting.key, _next(choice.names, str(value), by))
            case Name() as name:
                names = (*(("",) if name.empty else ()), *self._agents)
                self._set(setting.key, _next(names, str(value), by))
            case Number() as number:
                self._set(setting.key, _stepped(number, int(value), by))

    def _ask(self, setting: Setting) -> None:
        value = value_of(self._preferences.settings, setting.key)
        dialog = AskText(setting.title, value=str(value), hint=refusal(setting, None), max_chars=12)

        def answered(text: str | None) -> None:
            if text is None:
                return
            number: Value = int(text) if text.lstrip("-").isdecimal() else text
            if reason := refusal(setting, number):
                self.app.notify(f"{setting.title}: {reason}.", severity="warning", markup=False, timeout=6)
            else:
                self._set(setting.key, number)

        self.app.push_screen(dialog, answered)

    def _set(self, key: str, value: Value | None) -> None:
        default = self._by_key[key].default
        self._change({(key,): None if value == default else value})


def _next(names: Sequence[str], value: str, by: int) -> str:
    """The name so many places on, around the end; the first when the present one is none of them."""
    return names[(names.index(value) + by) % len(names)] if value in names else names[0]


def _stepped(number: Number, value: int, by: int) -> int:
    """The number a step away, within its bounds; below the least is 0 where that means something."""
    stepped = value + by * number.step
    if value == 0 and number.zero:
        return number.least if by > 0 else 0
    if stepped < number.least:
        return 0 if number.zero else number.least
    return min(stepped, number.most)
