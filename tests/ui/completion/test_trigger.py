"""What is being written at the cursor."""

from __future__ import annotations

import pytest

from hector_tui.ui.completion.mentions import mention_of, mentioned
from hector_tui.ui.completion.trigger import Trigger, TriggerKind, find_trigger


def at_mark(text: str) -> Trigger | None:
    """The trigger of a text whose cursor is at the `|`."""
    before, _, after = text.partition("|")
    lines = (before + after).split("\n")
    row = before.count("\n")
    return find_trigger(lines, row, len(before.rpartition("\n")[2]))


@pytest.mark.parametrize(
    ("text", "kind", "query", "replaced"),
    [
        ("/|", TriggerKind.COMMAND, "", "/"),
        ("/th|", TriggerKind.COMMAND, "th", "/th"),
        ("/t|heme", TriggerKind.COMMAND, "t", "/theme"),
        (" /th|", TriggerKind.COMMAND, "th", "/th"),
        ("/theme |", TriggerKind.ARGUMENT, "", ""),
        ("/theme no|rd", TriggerKind.ARGUMENT, "no", "nord"),
        ("/rename my plans|", TriggerKind.ARGUMENT, "my plans", "my plans"),
        ("@|", TriggerKind.MENTION, "", "@"),
        ("@math|_bot and", TriggerKind.MENTION, "math", "@math_bot"),
        ("see @src/a|pp.py now", TriggerKind.MENTION, "src/a", "@src/app.py"),
        ("(@no|tes.md)", TriggerKind.MENTION, "no", "@notes.md)"),
        ('see @"my do|cs/x.txt" now', TriggerKind.MENTION, "my do", '@"my docs/x.txt"'),
        ('see @"my |', TriggerKind.MENTION, "my ", '@"my '),
        ("@my\\ do|cs", TriggerKind.MENTION, "my do", "@my\\ docs"),
        ("first\nthen @no|", TriggerKind.MENTION, "no", "@no"),
    ],
)
def test_what_is_completed(text: str, kind: TriggerKind, query: str, replaced: str) -> None:
    trigger = at_mark(text)
    assert trigger is not None
    line = text.replace("|", "").split("\n")[trigger.row]
    assert (trigger.kind, trigger.query, line[trigger.start : trigger.end]) == (kind, query, replaced)


@pytest.mark.parametrize(
    "text",
    ["|", "words|", "|/theme", "/etc/ho|sts", "/theme\nx|", "me@example.o|rg", "@notes.md |", "a / b|", "x/th|"],
)
def test_what_is_not(text: str) -> None:
    assert at_mark(text) is None


@pytest.mark.parametrize(("text", "leads"), [("@ma|", True), (" @ma|", False), ("a\n@ma|", False), ('@"ma|', False)])
def test_an_agent_is_addressed_at_the_very_beginning_alone(text: str, leads: bool) -> None:
    trigger = at_mark(text)
    assert trigger is not None
    assert trigger.leads is leads


def test_a_line_of_marks_is_no_puzzle() -> None:
    line = "(@" * 50_000
    assert find_trigger([line], 0, len(line)) is not None


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("see @a.md and @b.md, then @a.md", ["a.md", "b.md,"]),
        ('@"my file.txt" @my\\ file.txt', ["my file.txt"]),
        ("me@example.org, @ alone, a@b", []),
        ("(@x.md) [@y.md]\n@z.md", ["x.md)", "y.md]", "z.md"]),
        ("@~/notes.md @../up.md @/abs.md", ["~/notes.md", "../up.md", "/abs.md"]),
        ("@" + "x" * 5_000, []),
    ],
)
def test_what_a_message_mentions(text: str, names: list[str]) -> None:
    assert mentioned(text) == names


@pytest.mark.parametrize("path", ["notes.md", "my file.txt", "it's.md", 'say "hi".md', "back\\slash", "tab\there"])
def test_a_path_is_written_so_that_it_is_read_again(path: str) -> None:
    assert mentioned(f"see {mention_of(path)} now") == [path]
