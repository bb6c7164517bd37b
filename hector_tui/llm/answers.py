"""The offline model's words: Markdown made from tool results, quotations and a few fixed sentences."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from hector_tui.domain.memories import MemoryHit
from hector_tui.domain.messages import Message, Role, ToolCallPart, ToolResultPart
from hector_tui.llm.base import ModelRequest, StructuredOutput
from hector_tui.llm.handbook import Passage, PassageHit, PassageIndex, terms
from hector_tui.llm.intents import CALCULATOR, CLOCK, RECALL, REMEMBER, SmallTalk, is_about_the_past

_INTRODUCTION = (
    "I am the **offline responder**: no language model, a program that follows rules. "
    "Everything around me is real: streaming, tools, memory, sessions."
)
_CONNECT = """To talk to a real model, type `/connect` and paste a key: it works at once.

Or start a local server such as Ollama; it is found by itself."""
_QUOTED_CHARACTERS = 1_600
_RELATED_SCORE = 0.75
"""A second passage is quoted too when it scores at least this share of the first."""
_LONGEST_HISTORY = 200


def small_talk(kind: SmallTalk, tools: Collection[str]) -> str:
    """A short answer to a greeting, to thanks, or to a question about the responder itself."""
    if kind == "thanks":
        return "You are welcome."
    opening = "Hello! " if kind == "greeting" else ""
    return f"{opening}{_INTRODUCTION}\n\n{_try(tools)}\n\n{_CONNECT}"


def nothing_found(tools: Collection[str]) -> str:
    """Says plainly that there is no answer, and what would give one."""
    return (
        "I found nothing on that, and working it out needs a language model. I am the **offline responder**: I call "
        f"tools, quote the handbook and what you told me, and make nothing up.\n\n{_try(tools)}\n\n{_CONNECT}"
    )


def formed(output: StructuredOutput, words: str) -> str:
    """An answer in the form an agent asks for, as far as that needs no understanding.

    A program that follows rules can put its words into JSON or XML. It can neither fill in a schema nor choose, and
    says so instead of making something up.
    """
    if output.format == "enum" or output.schema:
        what = "choose one of the answers" if output.format == "enum" else "fill in the schema"
        return (
            f"This agent's answers have a form ({output.format}), and to {what} needs a language model. I am the "
            f"**offline responder**, which is none.\n\n{_CONNECT}"
        )
    if output.format == "xml":
        return f"<answer>{escape(words)}</answer>"
    return json.dumps({"answer": words, "by": "the offline responder, no language model"}, ensure_ascii=False, indent=2)


def _try(tools: Collection[str]) -> str:
    lines = ["Try:", "", "- *How do I open a new tab?* - I look it up in the handbook"]
    if CALCULATOR in tools:
        lines.append(f"- *What is 12 \\* (3 + 4)?* - the `{CALCULATOR}` tool works it out")
    if CLOCK in tools:
        lines.append(f"- *What time is it?* - the `{CLOCK}` tool knows")
    if REMEMBER in tools:
        lines.append("- *Remember that I like short answers* - goes to long-term memory")
    if RECALL in tools:
        lines.append("- *What do you remember about me?* - comes back from there")
    if others := sorted(set(tools) - {CALCULATOR, CLOCK, REMEMBER, RECALL}):
        named = ", ".join(f"`{name}`" for name in others)
        lines.append(f"- any tool by its name and arguments, as in `use {others[0]} {{...}}`; there are {named}")
    return "\n".join(lines)


def tool_results(messages: Sequence[Message], index: PassageIndex) -> str:
    """What the tools of the step just made have answered, in sentences that hold their results."""
    results: list[ToolResultPart] = []
    calls: dict[str, ToolCallPart] = {}
    question = ""
    for message in reversed(messages):
        if message.role is Role.TOOL and not calls:
            results[:0] = [part for part in message.parts if isinstance(part, ToolResultPart)]
        elif message.role is Role.ASSISTANT and not calls:
            calls = {part.call_id: part for part in message.tool_calls}
        elif message.role is Role.USER:
            question = message.text
            break
    return "\n\n".join(_result(result, calls.get(result.call_id), question, index) for result in results)


def _result(result: ToolResultPart, call: ToolCallPart | None, question: str, index: PassageIndex) -> str:
    text = result.text.strip()
    arguments = _arguments(call)
    if result.is_error:
        return f"The `{result.name}` tool could not do it:\n\n{_quote(text)}"
    match result.name:
        case "calculator":
            return _computed(str(arguments.get("expression", "")), text)
        case "current_time":
            return _told_time(text)
        case "remember":
            kept = str(arguments.get("text", "")) or text
            return f"I will remember it:\n\n{_quote(kept)}\n\nIt stands in long-term memory; ask me about it later."
        case "recall":
            return f"This is what long-term memory gives:\n\n{_quote(text)}{_see_also(index.search(question, 1))}"
        case name:
            return f"The `{name}` tool answered:\n\n{_fenced(text)}"


def _computed(expression: str, text: str) -> str:
    if "\n" in text or not expression:
        return f"The `{CALCULATOR}` tool says:\n\n{_fenced(text)}"
    value, _, rounded = text.partition(" (")
    sign = "≈" if value.startswith("≈") else "="
    exact = f"`{expression}` {sign} **{value.removeprefix('≈').strip()}**" + (f" ({rounded}" if rounded else "")
    return f"{exact}\n\nThe `{CALCULATOR}` tool worked that out; I only passed it on."


def _told_time(text: str) -> str:
    first, *rest = text.splitlines() or [""]
    return "\n".join([f"The clock says **{first}**", "", *(f"- {line}" for line in rest)]).strip()


def _arguments(call: ToolCallPart | None) -> dict[str, object]:
    try:
        values = json.loads(call.arguments) if call else {}
    except ValueError:
        return {}
    return values if isinstance(values, dict) else {}


def looked_up(question: str, request: ModelRequest, index: PassageIndex) -> str:
    """Quotes what is known about a question with its sources; empty when nothing is."""
    past = is_about_the_past(question)
    memories = _memories(question, request.recalled, everything=past)
    said = _earlier(question, request.messages, known={hit.memory.text for hit in memories})
    personal = [*(_memory(hit) for hit in memories), *(_said(passage) for passage in said)]
    blocks = []
    if personal:
        blocks.append("You told me:\n\n" + "\n\n".join(personal))
    if not (past and personal) and (hits := index.search(question)):
        blocks.append(_handbook(hits))
    return "\n\n".join(blocks)


def _memories(question: str, recalled: Iterable[MemoryHit], *, everything: bool) -> list[MemoryHit]:
    """The recalled memories worth quoting: those that share a word, or the best three when the past is the subject."""
    asked = set(terms(question))
    hits = [hit for hit in recalled if hit.memory.role != "assistant" and hit.memory.text.strip() != question.strip()]
    sharing = [hit for hit in hits if asked & set(terms(hit.memory.text))]
    return (sharing or (hits if everything else []))[:3]


def _earlier(question: str, messages: Sequence[Message], known: set[str]) -> list[Passage]:
    """What the person said before in this conversation that answers the question."""
    texts = [message.text for message in messages if message.role is Role.USER][-_LONGEST_HISTORY:-1]
    fresh = [text for text in dict.fromkeys(texts) if text not in known and text.strip() != question.strip()]
    statements = [text for text in fresh if not text.rstrip().endswith("?")]
    index = PassageIndex(Passage("", "", text[:_QUOTED_CHARACTERS]) for text in statements)
    return [hit.passage for hit in index.search(question, 2)]


def _memory(hit: MemoryHit) -> str:
    day = datetime.fromtimestamp(hit.memory.created_at, UTC).strftime("%Y-%m-%d")
    where = f", session “{hit.session_title}”" if hit.session_title else ""
    return f"{_quote(_clipped(hit.memory.text))}\n\n*Source: long-term memory, {day}{where}*"


def _said(passage: Passage) -> str:
    return f"{_quote(_clipped(passage.text))}\n\n*Source: this conversation*"


def _handbook(hits: Sequence[PassageHit]) -> str:
    close = [hit for hit in hits[:2] if hit.score >= hits[0].score * _RELATED_SCORE]
    parts = [
        f"### {hit.passage.heading}\n\n{_clipped(hit.passage.text)}\n\n*Source: `{hit.passage.label}`*" for hit in close
    ]
    return "I looked it up:\n\n" + "\n\n".join(parts) + _see_also(hits[len(close) :])


def _see_also(hits: Sequence[PassageHit]) -> str:
    if not hits:
        return ""
    return "\n\nSee also " + ", ".join(f"`{hit.passage.label}`" for hit in hits) + "."


def _quote(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.splitlines())


def _fenced(text: str) -> str:
    """A code block whose fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _clipped(text: str) -> str:
    """At most 1,600 characters, cut between paragraphs when there is a place for it."""
    if len(text) <= _QUOTED_CHARACTERS:
        return text
    head = text[:_QUOTED_CHARACTERS]
    cut = head.rfind("\n\n")
    return (head[:cut] if cut > 200 else head.rstrip()) + "\n\n[...]"
