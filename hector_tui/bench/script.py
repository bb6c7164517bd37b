"""What the offline model answers in a benchmark: an answer that testifies to what the model was shown.

It says each word of the prompt's nonce with its number, which turn of its conversation it was shown last, and every
nonce it was shown that belongs to another SessionKey. So a history that is stale or somebody else's, and a memory that
was recalled for the wrong session, end up in the stored answer and are found there.
"""

from __future__ import annotations

import re
from collections import Counter

from hector_tui.bench.plan import Plan, Prompt
from hector_tui.llm.base import ModelRequest, TextChunk
from hector_tui.llm.script import Pause, Script, ScriptStep, last_user_text, say

NOTHING = -1
"""What an answer calls the turn before the first of its conversation."""
_AFTER = re.compile(r":after:(-?\d+)\b")


def testimony(plan: Plan) -> Script:
    """A script that answers every prompt of a plan."""

    def choose(request: ModelRequest, _number: int) -> ScriptStep:
        asked = plan.prompts_in(last_user_text(request))
        if not asked:
            return say("This prompt is none of the benchmark's.")
        prompt = asked[-1]
        earlier = [found for message in request.messages[:-1] for found in plan.prompts_in(message.text)]
        shown = earlier + plan.prompts_in(request.system)
        strangers = dict.fromkeys(found.nonce for found in shown if found.key != prompt.key)
        own = [found.number for found in earlier if found.key == prompt.key]
        after = f"{prompt.nonce}:after:{own[-1] if own else NOTHING} "
        words = [after, *words_of(prompt), *(f"saw:{nonce} " for nonce in strangers)]
        # A provider's words arrive one at a time, with the event loop free in between.
        return tuple(part for word in words for part in (TextChunk(word), Pause(0)))

    return Script(choose)


def words_of(prompt: Prompt) -> list[str]:
    """The words that answer a prompt, in order."""
    return [f"{prompt.nonce}:{number} " for number in range(prompt.words)]


def numbers_said(text: str, nonce: str) -> Counter[int]:
    """How often each word of a nonce stands in a text, by its number."""
    return Counter(int(number) for number in re.findall(rf"{nonce}:(\d+)", text))


def said_after(text: str) -> int | None:
    """The turn an answer says it was shown last; None when it does not say."""
    found = _AFTER.search(text)
    return int(found[1]) if found else None
