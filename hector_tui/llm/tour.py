"""The offline model's tour: in one turn a newcomer sees an answer stream, a tool at work and a memory written."""

from __future__ import annotations

import re
from collections.abc import Collection

from hector_tui.llm.base import TextChunk, ToolCall
from hector_tui.llm.intents import CALCULATOR, REMEMBER
from hector_tui.llm.script import ScriptStep, call, words_of

_TOUR = re.compile(r"\bshow\s+me\s+(?:a?round|what\s+(?:you|this|it)\s+can\s+do)\b|\b(?:the|a)\s+tour\b", re.IGNORECASE)
_SUM = "17 * 23"
_NOTE = "Took the tour of hector-tui"

_OPENING = (
    "Welcome. I am the **offline guide**: no language model, a program that follows rules, so all of this works with no"
    " key and no network. Everything around me is real. Watch: I ask a tool to multiply, and I write a memory.\n\n"
)
_REST = """Above stand the tool call and the memory, a line each; **Alt+Up** chooses one, **Enter** opens it.

### What you are looking at
- **Tabs** on top: every tab is a session, and all of them stream at the same time. `Ctrl+N` opens another one.
- **This transcript**: scroll with the wheel or `PageUp`; `End` follows the answer again.
- **The inspector** on the right (`F3`): the exact context the agent is sent, the stored rows, its memories. `F7` shows
  the memory just written; there you can also make me forget it.

### Try next
| Type | and see |
|---|---|
| `What do you remember about me?` | a recall from long-term memory |
| `@math_bot 3/8 + 5/12` | another agent in this same session |
| `How do I connect a model?` | an answer from the handbook, with its source |
| `/theme` | twenty themes |

### When you want a real model
Type `/connect` and paste a key, or start Ollama, llama.cpp, LM Studio or vLLM: it is found by itself, also while I run.

`Esc` `Esc` stops an answer, `F1` lists every key, `Ctrl+Q` quits. Nothing is ever lost: what you see is on disk."""


def is_tour(text: str) -> bool:
    """Whether a message asks for the tour."""
    return _TOUR.search(text) is not None


def opening(tools: Collection[str]) -> ScriptStep:
    """The first step: a greeting, then a call of each tool of the tour that the agent has."""
    calls: list[ToolCall] = []
    if CALCULATOR in tools:
        calls.append(call(CALCULATOR, expression=_SUM))
    if REMEMBER in tools:
        calls.append(call(REMEMBER, text=_NOTE))
    words = [TextChunk(word) for word in words_of(_OPENING if calls else f"{_OPENING}{_REST}")]
    return (*words, *calls)


def ending(results: str) -> str:
    """The second step: what the tools gave, and the rest of the tour."""
    return f"{results}\n\n{_REST}"
