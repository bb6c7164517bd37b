"""Short titles of commands, for the list after the leader key, where a column has no room for a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

MOST_CELLS: Final = 20
"""The longest title that list shows whole on 80 columns."""

SHORT_TITLES: Final[Mapping[str, str]] = {
    "session.open": "Sessions",
    "session.delete": "Delete session",
    "session.archive": "Archive session",
    "session.fork": "Fork session",
    "session.reopen": "Reopen closed tab",
    "tab.attention": "Who needs you",
    "tab.recent": "Tab shown before",
    "tab.split": "Split, or no more",
    "tab.swap": "Swap the two",
    "tab.beside": "Read the one beside",
    "queue.edit": "Waiting messages",
    "model.choose": "Choose a model",
    "model.connect": "Connect a provider",
    "approval.decide": "Decide a tool call",
    "prompt.editor": "Your own editor",
    "run.retry": "Ask again",
    "run.continue": "Go on with answer",
    "answer.copy": "Copy answer or block",
    "transcript.search": "Find in conversation",
    "transcript.pager": "Read on whole screen",
    "transcript.folds": "Open or close tools",
    "question.edit": "Edit a question",
    "block.quote": "Quote into prompt",
    "block.raw": "View as written",
    "session.export": "Export as Markdown",
    "inspector.toggle": "Inspector",
    "app.palette": "Palette",
}
"""By command id; a command that is not here has a title that is short enough."""
