"""Two dialogs: which provider or server to connect, and the key or the address that it needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from hector_tui.domain.models import Connected, ConnectOption
from hector_tui.errors import HectorError
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.screens.dialog import Dialog
from hector_tui.ui.text import clean, clean_line
from hector_tui.ui.widgets.key_input import KeyInput
from hector_tui.ui.widgets.line_input import LineInput

_LABEL_CELLS = 26
_NARROW_LABEL_CELLS = 12
"""The same on a narrow terminal; a longer label pushes what stands behind it."""
_NARROW = 60
_UNTRIED = "One cheap request tries it. The key is kept in the system's keyring, or in a file only you can read."

Connect = Callable[[str, str], Awaitable[Connected]]
"""Tries and keeps a connection, given the key and the address."""


class ProviderPicker(Dialog[ConnectOption | None]):
    """Asks what to connect; the answer is the option, or None when the person left.

    Args:
        options: What can be connected, with what is there.
        title: What the choice is for.
    """

    AUTO_FOCUS = "OptionList"

    def __init__(self, options: Sequence[ConnectOption], *, title: str = "Connect a provider or a server") -> None:
        super().__init__()
        self._options = options
        self._title = title

    def compose(self) -> ComposeResult:
        """The title, the providers and the keys."""
        with Vertical(classes="dialog -choice"):
            yield Static(clean_line(self._title), classes="dialog-title", markup=False)
            yield OptionList(*self._rows(), id="provider-list", classes="list-rows", compact=True, markup=False)
            keys = self.key_line(("↑ ↓", "choose"), ("enter", "take"), ("dialog.leave", "leave"))
            yield Static(keys, classes="dialog-keys", markup=False)

    def _rows(self) -> list[Option]:
        label_cells = _LABEL_CELLS if self.app.size.width >= _NARROW else _NARROW_LABEL_CELLS
        return [Option(_row(option, label_cells), id=str(place)) for place, option in enumerate(self._options)]

    def on_resize(self) -> None:
        """The columns have another room."""
        providers = self.query_one(OptionList)
        chosen = providers.highlighted
        providers.set_options(self._rows())
        providers.highlighted = chosen

    @on(OptionList.OptionSelected)
    def _selected(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.answer(self._options[int(message.option_id or 0)])


class ConnectForm(Dialog[Connected | None]):
    """Asks for a key or an address, tries it, and stays open with what was said when it is refused.

    Args:
        option: What is connected.
        connect: Tries and keeps it.
    """

    AUTO_FOCUS = "Input"

    def __init__(self, option: ConnectOption, connect: Connect) -> None:
        super().__init__()
        self._option = option
        self._connect = connect
        self._is_trying = False

    def compose(self) -> ComposeResult:
        """The fields, what became of the last try, and the keys."""
        option = self._option
        with Vertical(classes="dialog"):
            yield Static(clean_line(f"Connect {option.label}"), classes="dialog-title", markup=False)
            if option.key_page:
                yield Static(clean_line(f"Keys are made at {option.key_page}"), classes="dialog-note", markup=False)
            if option.asks_address:
                yield LineInput(option.address, placeholder="http://localhost:8080/v1", id="connect-address")
            if option.asks_key != "no":
                hint = "paste the key" if option.asks_key == "needed" else "a key, if the server wants one"
                yield KeyInput(placeholder=hint, id="connect-key")
            yield Static(_UNTRIED, id="connect-state", classes="dialog-note", markup=False)
            other = "tab" if option.asks_address and option.asks_key != "no" else ""
            keys = self.key_line(("enter", "try and keep"), (other, "other field"), ("dialog.leave", "leave"))
            yield Static(keys, classes="dialog-keys", markup=False)

    @on(Input.Submitted)
    def _entered(self, message: Input.Submitted) -> None:
        message.stop()
        keys = self.query(KeyInput)
        if self._option.asks_key == "needed" and not keys.first().value.strip():
            self._say("Paste the key first.", "$text-warning")
            return
        if self._is_trying:
            return
        self._is_trying = True
        self._say("trying …", "$text-muted")
        run_guarded(self, self._try, group="connect")

    async def _try(self) -> None:
        keys, addresses = self.query(KeyInput), self.query("#connect-address")
        key = keys.first().value if keys else ""
        address = addresses.first(LineInput).value if addresses else ""
        try:
            connected = await self._connect(key, address)
        except HectorError as error:
            self._say(clean(str(error)), "$text-error")
        else:
            if keys:
                keys.first().take()
            self.answer(connected)
        finally:
            self._is_trying = False

    def _say(self, text: str, style: str) -> None:
        self.query_one("#connect-state", Static).update(Content.styled(text, style))


def _row(option: ConnectOption, label_cells: int) -> Content:
    label = clean_line(option.label, _LABEL_CELLS).ljust(label_cells)
    if option.state:
        style = "$text-success" if option.is_stored else "$text-muted"
        return Content.assemble(label, " ", (clean_line(option.state, 60), style))
    asked = option.address or ("any address" if option.asks_address else "")
    needs = asked or (f"a key from {option.key_page}" if option.key_page else "a key")
    return Content.assemble(label, " ", (clean_line(needs, 60), "$text-muted"))
