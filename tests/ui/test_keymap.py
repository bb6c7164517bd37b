from __future__ import annotations

import pytest
from textual.binding import BindingsMap

from hector_tui.ui.commands import COMMANDS, bindings
from hector_tui.ui.keymap import Keys, hint
from hector_tui.ui.keymap_check import CheckedKeymap, bindings_without_id, catalogue, check_keymap
from hector_tui.ui.settings import KeyEntry
from hector_tui.ui.widgets.prompt import Prompt


def checked(keymap: dict[str, str], leader: dict[str, str] | None = None) -> CheckedKeymap:
    """A keymap of lines such as `{"session.new": "f11 ctrl+t"}`, each at its own line of the file."""
    return check_keymap(_entries(keymap), _entries(leader or {}))


def _entries(lines: dict[str, str]) -> list[KeyEntry]:
    return [
        KeyEntry(name, () if keys == "none" else tuple(keys.split()), f"s.yaml:{line}:3")
        for line, (name, keys) in enumerate(lines.items(), start=2)
    ]


def problems(result: CheckedKeymap) -> list[str]:
    return [str(error) for error in result.errors]


# What can be bound


def test_every_binding_of_ours_has_an_id() -> None:
    assert bindings_without_id() == []


def test_every_command_can_be_bound_and_every_default_is_a_key_terminals_send() -> None:
    known = catalogue()
    assert {command.command_id for command in COMMANDS} <= known.keys()
    assert {
        "prompt.send",
        "transcript.toggle",
        "inspector.forget",
        "queue.drop",
        "tab.9",
        "dialog.leave",
    } <= known.keys()
    result = check_keymap([KeyEntry(name, action.keys, "here") for name, action in known.items()])
    assert problems(result) == []


def test_the_defaults_are_in_force_without_a_keymap() -> None:
    assert check_keymap([]).keys == Keys()
    assert Keys().textual == {}
    assert Keys().of("session.new") == ("ctrl+n",)
    assert Keys().of("run.stop") == ()


# Changing


def test_keys_are_changed_added_and_taken_away() -> None:
    result = checked(
        {"session.new": "f11 Alt+T", "tab.next": "none", "run.stop": "ctrl+backslash", "app.leader": "alt+x"}
    )
    keys = result.keys
    assert [error for error in problems(result) if "alt+t" not in error] == problems(result)
    assert keys.of("session.new") == ("f11", "alt+t")
    assert keys.of("tab.next") == ()
    assert keys.way_to("run.stop") == "ctrl+\\"
    assert keys.ways_around(next(c for c in COMMANDS if c.command_id == "help")) == "alt+x ?"


def test_two_actions_can_change_places() -> None:
    result = checked({"tab.next": "ctrl+pageup", "tab.previous": "ctrl+pagedown"})
    assert problems(result) == []
    applied = BindingsMap(bindings())
    assert applied.apply_keymap(result.keys.textual).clashed_bindings == set()
    actions = {key: [binding.id for binding in found] for key, found in applied.key_to_bindings.items()}
    assert set(actions["ctrl+pageup"]) == {"tab.next"}
    assert set(actions["ctrl+pagedown"]) == {"tab.previous"}


@pytest.mark.parametrize("owner", ["screen", "prompt"])
def test_textual_binds_what_a_keymap_says_and_leaves_the_rest(owner: str) -> None:
    declared = bindings() if owner == "screen" else Prompt.BINDINGS
    before = BindingsMap(declared)
    ids = {binding.id for _, binding in before if binding.id is not None}
    for changed in sorted(ids):
        applied = before.copy()
        applied.apply_keymap(Keys({changed: ("shift+f12", "ctrl+shift+f12")}).textual)
        held = {(key, binding.id) for key, binding in applied}
        expected = {(key, binding.id) for key, binding in before if binding.id != changed and key != "no-key"}
        assert {("shift+f12", changed), ("ctrl+shift+f12", changed)} | expected == {
            pair for pair in held if pair[0] != "no-key"
        }
        gone = before.copy()
        gone.apply_keymap(Keys({changed: ()}).textual)
        assert [key for key, binding in gone if binding.id == changed and key != "no-key"] == []


# Conflicts and other mistakes


@pytest.mark.parametrize(
    ("keymap", "message"),
    [
        (
            {"session.nwe": "f11"},
            "s.yaml:2:3: unknown action 'session.nwe'. Did you mean 'session.new'?",
        ),
        ({"session.new": "ctrl+pagedwn"}, "s.yaml:2:3: session.new: 'ctrl+pagedwn' is no key: did you mean pagedown?"),
        ({"session.new": "ctrl+m"}, "s.yaml:2:3: session.new: ctrl+m cannot be bound: terminals send enter for it"),
        (
            {"session.new": "n"},
            "s.yaml:2:3: session.new: n is text while somebody types. Use a key with ctrl or alt, or a function key.",
        ),
        (
            {"prompt.send": "x"},
            "s.yaml:2:3: prompt.send: x is text while somebody types. Use a key with ctrl or alt, or a function key.",
        ),
        (
            {"session.new": "f1"},
            "s.yaml:2:3: session.new: f1 is already help (Help). "
            "Choose another key, or give help another one or `none`.",
        ),
        (
            {"session.new": "f11", "session.open": "f11"},
            "s.yaml:3:3: session.open: f11 is already session.new (New session). "
            "Choose another key, or give session.new another one or `none`.",
        ),
        (
            {"session.new": "ctrl+a"},
            "s.yaml:2:3: session.new: ctrl+a is already prompt.cursor_line_start (Cursor line start). "
            "Choose another key, or give prompt.cursor_line_start another one or `none`.",
        ),
        (
            {"transcript.up": "f1"},
            "s.yaml:2:3: transcript.up: f1 is already help (Help). "
            "Choose another key, or give help another one or `none`.",
        ),
    ],
)
def test_a_line_that_cannot_work_is_named_and_left_out(keymap: dict[str, str], message: str) -> None:
    result = checked({**keymap, "run.retry": "shift+f12"})
    assert problems(result) == [message]
    assert result.keys.of("run.retry") == ("shift+f12",)
    last = list(keymap)[-1]
    assert last not in result.keys.changed


def test_what_is_left_out_gives_its_default_back_and_that_is_looked_at_too() -> None:
    # `help` cannot be a letter, so it keeps F1, which `session.new` wanted.
    result = checked({"help": "h", "session.new": "f1", "session.open": "ctrl+n"})
    assert [problem.partition(".yaml")[2][:3] for problem in problems(result)] == [":2:", ":3:", ":4:"]
    assert result.keys == Keys()


def test_keys_that_are_free_once_their_owner_has_another_are_no_conflict() -> None:
    assert problems(checked({"help": "shift+f12", "session.new": "f1"})) == []
    assert problems(checked({"help": "none", "session.new": "f1"})) == []


def test_a_dialog_may_use_what_the_conversation_uses() -> None:
    assert problems(checked({"queue.drop": "f1", "confirm.no": "f1"})) == []


def test_what_shares_a_key_by_default_may_share_another() -> None:
    assert problems(checked({"app.page_up": "ctrl+up", "transcript.page_up": "ctrl+up"})) == []


def test_a_key_some_terminals_do_not_send_counts_with_a_remark() -> None:
    result = checked({"session.new": "ctrl+shift+n"})
    assert result.errors == ()
    assert [str(remark) for remark in result.remarks] == [
        "s.yaml:2:3: session.new: ctrl+shift+n: only terminals with the Kitty keyboard protocol send it"
    ]
    assert result.keys.of("session.new") == ("ctrl+shift+n",)


# The leader key


def test_letters_after_the_leader_key_are_changed_swapped_and_taken_away() -> None:
    result = checked({}, {"session.new": "s", "session.open": "n", "help": "none", "answer.copy": "?"})
    assert problems(result) == []
    found = [result.keys.by_leader(letter) for letter in "sn?"]
    assert [command.command_id for command in found if command] == ["session.new", "session.open", "answer.copy"]
    assert ("?", next(c.title for c in COMMANDS if c.command_id == "answer.copy")) in result.keys.leader_rows()
    assert "Help" not in [title for _, title in result.keys.leader_rows()]


@pytest.mark.parametrize(
    ("leader", "message"),
    [
        ({"session.nwe": "n"}, "unknown action 'session.nwe' after the leader key. Did you mean 'session.new'?"),
        ({"session.new": "ab"}, "session.new: expected one letter or sign, found 'ab'. Digits go to tabs."),
        ({"session.new": "1"}, "session.new: expected one letter or sign, found '1'. Digits go to tabs."),
        ({"session.new": "?"}, "session.new: ? after the leader key is already help"),
    ],
)
def test_a_letter_that_cannot_work_is_named_and_left_out(leader: dict[str, str], message: str) -> None:
    result = checked({}, leader)
    assert problems(result) == [f"s.yaml:2:3: {message}"]
    assert result.keys == Keys()


# What people read


def test_hints_name_the_shortest_way() -> None:
    keys = checked({"help": "none", "app.leader": "none", "queue.edit": "pageup shift+f4"}).keys
    assert keys.way_to("help") == "/help"
    assert Keys().way_to("run.stop") == "ctrl+x c"
    assert Keys().way_to("queue.policy") == "/policy"
    assert Keys({"app.interrupt": ()}).way_to("app.interrupt") == ""
    assert hint((Keys().way_to("help"), "help"), ("", "nothing"), ("↑", "up")) == "f1 help · ↑ up"
