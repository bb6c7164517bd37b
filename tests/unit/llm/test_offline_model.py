"""The offline model: tools in two steps, memories and the handbook with their sources, honesty, and scripts."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing
from pathlib import Path

import pytest

from hector_tui.domain.keys import SessionKey
from hector_tui.domain.memories import Memory, MemoryHit, MemoryKind
from hector_tui.domain.messages import Message, Role, TextPart, ToolCallPart, ToolResultPart, user_message
from hector_tui.domain.usage import Usage
from hector_tui.errors import ProviderUnavailable
from hector_tui.llm.base import ModelRequest, Stop, StopReason, TextChunk, ThinkingChunk, ToolCall, UsageReport
from hector_tui.llm.offline import OfflineModel
from hector_tui.llm.script import Gate, Pause, Script, call, nonce_of, say, words_of
from hector_tui.tools.calculation.parser import calculate
from tests.provider.talk import Heard, ask, hear

DOCS = Path(__file__).parents[3] / "docs"
TOOLS = ("calculator", "current_time", "remember", "recall")


@pytest.fixture
def model() -> OfflineModel:
    return OfflineModel(handbook=DOCS, delay_s=0)


def arguments(tool_call: ToolCall) -> dict[str, object]:
    values = json.loads(tool_call.arguments)
    assert isinstance(values, dict)
    return values


def follow_up(question: str, heard: Heard, *results: str, is_error: bool = False) -> ModelRequest:
    """The request after the tools have run, as the agent builds it."""
    calls = heard.calls
    said = Message(Role.ASSISTANT, tuple(ToolCallPart(made.call_id, made.name, made.arguments) for made in calls))
    parts = tuple(
        ToolResultPart(made.call_id, made.name, text, is_error) for made, text in zip(calls, results, strict=True)
    )
    return ask(question, said, Message(Role.TOOL, parts), tools=TOOLS)


def memory(text: str, *, role: str = "user") -> MemoryHit:
    key = SessionKey("s1", "a1")
    stored = Memory(memory_id="m", key=key, kind=MemoryKind.NOTE, role=role, text=text, created_at=1_760_000_000.0)
    return MemoryHit(memory=stored, score=0.8, found_by="both", session_title="Trip")


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("What is 12*(3+4)?", "`12*(3+4)` = **84**"),
        ("3/8 + 5/12 as a fraction", "`3/8 + 5/12` = **19/24** (≈ 0.79"),
        ("17 times 23", "`17 * 23` = **391**"),
        ("square root of 2", "`sqrt(2)` ≈ **1.41421"),
        ("15% of 80", "`15 / 100 * 80` = **12**"),
    ],
)
async def test_arithmetic_goes_through_the_calculator_and_its_result_into_the_answer(
    model: OfflineModel, question: str, said: str
) -> None:
    first = await hear(model, ask(question, tools=TOOLS))
    assert (first.stop, first.text) == (StopReason.TOOL_CALLS, "")
    (made,) = first.calls
    assert made.name == "calculator"
    result = calculate(str(arguments(made)["expression"]))
    second = await hear(model, follow_up(question, first, result))
    assert second.stop is StopReason.END
    assert second.calls == []
    assert said in second.text


async def test_a_refused_tool_is_told_with_its_reason(model: OfflineModel) -> None:
    first = await hear(model, ask("What is 1/0?", tools=TOOLS))
    second = await hear(model, follow_up("What is 1/0?", first, "division by zero", is_error=True))
    assert "could not" in second.text
    assert "> division by zero" in second.text


async def test_several_tools_are_called_at_once(model: OfflineModel) -> None:
    question = "What time is it, and what is 6 * 7?"
    first = await hear(model, ask(question, tools=TOOLS))
    assert [made.name for made in first.calls] == ["calculator", "current_time"]
    second = await hear(model, follow_up(question, first, "42", "2026-10-19T14:00:00+02:00 Monday\nEurope/Berlin"))
    assert "**42**" in second.text
    assert "**2026-10-19T14:00:00+02:00 Monday**" in second.text


@pytest.mark.parametrize(
    "question",
    ["What time is it?", "what's the date today?", "What day is it today?", "current time", "wie spät ist es?"],
)
async def test_the_clock_is_asked(model: OfflineModel, question: str) -> None:
    (made,) = (await hear(model, ask(question, tools=TOOLS))).calls
    assert (made.name, arguments(made)) == ("current_time", {})


@pytest.mark.parametrize("question", ["What is the time complexity of quicksort?", "What is a date palm tree in C?"])
async def test_other_times_are_not(model: OfflineModel, question: str) -> None:
    heard = await hear(model, ask(question, tools=("current_time",)))
    assert heard.calls == []


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("Remember that I prefer short answers", "I prefer short answers"),
        ("please remember: my cat is called Tom", "my cat is called Tom"),
        ("Note that the deadline is Friday.", "the deadline is Friday."),
        ("Hello. Remember that I live in Bern.\nIn Länggasse.", "I live in Bern.\nIn Länggasse."),
        ("Remember to buy milk", "to buy milk"),
        ("Merke dir, dass ich Tee mag", "ich Tee mag"),
        ("Merk dir: ich mag Tee", "ich mag Tee"),
        ("remember that I owe Bob 3 * 7 euros", "I owe Bob 3 * 7 euros"),
        ("Remember that I like tea. What is tea?", "I like tea."),
    ],
)
async def test_what_shall_be_remembered_is_remembered(model: OfflineModel, message: str, kept: str) -> None:
    first = await hear(model, ask(message, tools=TOOLS))
    (made,) = first.calls
    assert (made.name, arguments(made)) == ("remember", {"text": kept})
    second = await hear(model, follow_up(message, first, f"Remembered: {kept}"))
    assert "I will remember it" in second.text
    assert kept.splitlines()[0] in second.text


@pytest.mark.parametrize(
    "question",
    [
        "What do you remember about me?",
        "what did I tell you about the trip",
        "Do you remember my cat?",
        "What is my favourite colour?",
        "Remember when we talked about Bern?",
        "remind me what we decided: did we say Friday?",
        "Was weißt du noch über mich?",
    ],
)
async def test_what_was_told_is_recalled(model: OfflineModel, question: str) -> None:
    first = await hear(model, ask(question, tools=TOOLS))
    (made,) = first.calls
    assert (made.name, arguments(made)) == ("recall", {"question": question})
    second = await hear(model, follow_up(question, first, '1 memory:\n1. "green"'))
    assert '> 1. "green"' in second.text


async def test_a_named_tool_is_called_with_the_arguments_given(model: OfflineModel) -> None:
    heard = await hear(model, ask('use write_file {"path": "a.txt"}', tools=("write_file",)))
    assert [(made.name, arguments(made)) for made in heard.calls] == [("write_file", {"path": "a.txt"})]
    first = heard
    second = await hear(model, follow_up("use write_file", first, "wrote ```a``` \nline"))
    assert "````text\nwrote ```a``` \nline\n````" in second.text


async def test_without_the_tool_nothing_is_called(model: OfflineModel) -> None:
    for message in ("What is 6*7?", "What time is it?", "Remember that I like tea", "What do you remember about me?"):
        heard = await hear(model, ask(message))
        assert (heard.calls, heard.stop) == ([], StopReason.END)


async def test_questions_are_answered_from_the_handbook_with_the_source(model: OfflineModel) -> None:
    heard = await hear(model, ask("How do I open a new tab?", tools=TOOLS))
    assert "### Sessions and tabs" in heard.text
    assert "Ctrl+N" in heard.text
    assert "`docs/handbook.md § Sessions and tabs`" in heard.text


async def test_recalled_memories_are_quoted_with_their_source(model: OfflineModel) -> None:
    request = ModelRequest(
        system="",
        messages=(user_message("Which database does the planner prefer?"),),
        recalled=(memory("The planner prefers SQLite as database."), memory("Cats are nice.")),
    )
    heard = await hear(model, request)
    assert "> The planner prefers SQLite as database." in heard.text
    assert "long-term memory, 2025-10-09, session “Trip”" in heard.text
    assert "Cats" not in heard.text


async def test_the_past_is_answered_from_memories_even_without_the_tool(model: OfflineModel) -> None:
    request = ModelRequest(
        system="", messages=(user_message("What do you remember about me?"),), recalled=(memory("I live in Bern."),)
    )
    heard = await hear(model, request)
    assert "> I live in Bern." in heard.text
    assert "handbook" not in heard.text


async def test_what_was_said_in_this_conversation_is_found(model: OfflineModel) -> None:
    said = Message(Role.ASSISTANT, (TextPart("Noted."),))
    request = ask("My sister Anna plays the cello.", said, "Green is nice.", said, "Who plays the cello?")
    heard = await hear(model, request)
    assert "> My sister Anna plays the cello." in heard.text
    assert "*Source: this conversation*" in heard.text


@pytest.mark.parametrize("message", ["hi", "Hello!", "hello there, Hector", "Guten Tag", "help", "who are you?", "?"])
async def test_greetings_and_questions_about_it_say_that_it_is_no_language_model(
    model: OfflineModel, message: str
) -> None:
    heard = await hear(model, ask(message, tools=("calculator",)))
    assert "no language model" in heard.text
    assert "`calculator`" in heard.text
    assert "`remember`" not in heard.text
    assert "/connect" in heard.text


async def test_when_nothing_is_found_it_says_so_and_how_to_connect_a_model(model: OfflineModel) -> None:
    heard = await hear(model, ask("Write me a poem about autumn.", tools=TOOLS))
    assert "found nothing" in heard.text
    assert "language model" in heard.text
    assert "/connect" in heard.text
    assert "Ollama" in heard.text


async def test_the_same_request_gives_the_same_answer(model: OfflineModel) -> None:
    request = ask("How does memory work?", tools=TOOLS)
    assert (await hear(model, request)).events == (await hear(model, request)).events


async def test_a_missing_handbook_costs_only_the_quotations(tmp_path: Path) -> None:
    model = OfflineModel(handbook=tmp_path / "nowhere", delay_s=0)
    assert "found nothing" in (await hear(model, "How do I open a new tab?")).text


async def test_usage_is_an_estimate_and_comes_before_the_stop(model: OfflineModel) -> None:
    heard = await hear(model, ask("hello there", system="Be kind."))
    *_, report, stop = heard.events
    assert isinstance(report, UsageReport)
    assert isinstance(stop, Stop)
    assert report.usage.estimated
    assert report.usage.input_tokens > 3
    assert report.usage.output_tokens > 20


async def test_the_bound_of_a_request_is_kept(model: OfflineModel) -> None:
    request = ModelRequest(system="", messages=(user_message("hello"),), max_tokens=10)
    heard = await hear(model, request)
    assert len(heard.text) == 38
    assert heard.stop is StopReason.LENGTH


async def test_streaming_without_delay_still_gives_way_to_the_loop(model: OfflineModel) -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(others())
    heard = await hear(model, ask("How do I open a new tab?"))
    task.cancel()
    assert turns > len(heard.events) / 20


async def test_a_delay_is_kept_between_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await real(0)

    monkeypatch.setattr("hector_tui.llm.offline.asyncio.sleep", sleep)
    heard = await hear(OfflineModel(delay_s=0.5, script=Script.of(say("one two three"))), "a")
    assert (heard.text, slept) == ("one two three", [0.5, 0.5, 0.5])


async def test_a_script_answers_the_nth_request_with_the_nth_step() -> None:
    steps = (
        (ThinkingChunk("hm"), *say("first, "), call("calculator", expression="1+1")),
        (*say("half"), ProviderUnavailable("it broke", retryable=True)),
        (TextChunk("third"), UsageReport(Usage(input_tokens=7)), Stop(StopReason.REFUSAL)),
    )
    model = OfflineModel(script=Script.of(*steps), delay_s=0, label="scripted")
    first, second, third, fourth = [await hear(model, "a") for _ in range(4)]
    assert (first.thinking, first.text, first.stop) == ("hm", "first, ", StopReason.TOOL_CALLS)
    assert arguments(first.calls[0]) == {"expression": "1+1"}
    assert (second.text, second.stop) == ("half", None)
    assert isinstance(second.error, ProviderUnavailable)
    assert (third.text, third.stop, third.usage.usage.input_tokens) == ("third", StopReason.REFUSAL, 7)
    assert fourth.events == third.events
    assert model.label == "scripted"
    with pytest.raises(ValueError, match="at least one step"):
        Script.of()


async def test_a_script_can_choose_by_the_request_and_stop_at_a_gate() -> None:
    gate = asyncio.Event()

    def choose(request: ModelRequest, number: int) -> tuple[TextChunk | Gate | Pause, ...]:
        return (TextChunk(request.messages[-1].text), Gate(gate.wait), Pause(0), TextChunk(str(number)))

    model = OfflineModel(script=Script(choose), delay_s=0)
    async with aclosing(model.stream(ask("hello"))) as events:
        assert await anext(events) == TextChunk("hello")
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        assert not waiting.done()
        gate.set()
        assert await waiting == TextChunk("0")


async def test_echo_answers_carry_the_nonce_of_their_own_request() -> None:
    model = OfflineModel(script=Script.echo(words=5), delay_s=0)
    nonces = [f"{number:016x}" for number in range(50)]
    heard = await asyncio.gather(*(hear(model, f"please answer {nonce}") for nonce in nonces))
    for nonce, answer in zip(nonces, heard, strict=True):
        assert answer.text.split() == [f"{nonce}:{number}" for number in range(5)]


@pytest.mark.parametrize("text", ["", " ", "one", " one  two\n\nthree ", "a\tb\n", "😀 ä"])
def test_words_join_to_the_same_text(text: str) -> None:
    assert "".join(words_of(text)) == text


def test_a_nonce_is_the_last_run_of_hexadecimal_digits() -> None:
    assert [nonce_of(text) for text in ("a deadbeef 12345678", "hello you", "")] == ["12345678", "hello", "none"]


SURPRISING = {
    "empty": "",
    "blank": " \n ",
    "control": "\x00\x1b[31m",
    "half a character": "\ud83d",
    "one long word": "a" * 300_000,
    "one long number": "9" * 50_000,
    "dashes": "- " * 50_000,
    "parentheses": "( " * 50_000,
    "backticks": "`" * 5_000,
    "asking": "what is " * 5_000,
    "remembering": "remember " * 5_000,
    "using": "use x {" * 1_000,
    "telling": "did i " * 5_000,
    "quoting": "> " * 10_000,
}


@pytest.mark.parametrize("message", list(SURPRISING.values()), ids=list(SURPRISING))
async def test_any_message_gets_an_answer(model: OfflineModel, message: str) -> None:
    heard = await hear(model, ask(message, tools=TOOLS))
    assert heard.error is None
    assert heard.stop is not None
    assert heard.text or heard.calls
