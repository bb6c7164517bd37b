"""An agent whose answers have a form: from its file to the provider, and from the answer to the screen."""

from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.agents.form import FormedAnswer
from hector_tui.config.loader import load
from hector_tui.domain.events import Notice, RunFinished, TextDelta
from hector_tui.engine.run import Run
from hector_tui.llm.base import StructuredOutput
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.support.engine import (
    answer_of,
    ask,
    ending,
    new_session,
    open_engine,
    said,
    streamed,
    the_turn,
    wire_config,
    write_config,
)

SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def notices(run: Run) -> list[str]:
    return [event.text for event in said(run) if isinstance(event, Notice)]


async def test_a_schema_reaches_the_provider_and_a_wrong_answer_is_noted(tmp_path: Path) -> None:
    answers = [Answer(text='{"city": "Bern"}'), Answer(text='{"town": "Bern"}'), Answer(text="Bern, of course")]
    config = wire_config("", structured_output={"format": "json", "schema": SCHEMA})
    async with LoopbackProvider(answers) as provider:
        llm = {"type": "openai", "model": "loop-1", "host": provider.base_url}
        async with open_engine(tmp_path, {**config, "llms": {"wire": llm}}) as engine:
            key = await new_session(engine)
            right, wrong, words = [await ask(engine, key, "Where?") for _ in range(3)]
            asked = provider.posts[0].body["response_format"]["json_schema"]
            assert (asked["schema"], asked["strict"]) == (SCHEMA, False)
            (view,) = right.agent.sent(right.state)
            form = next(part for part in view.parts if part.kind == "form")
            assert '"city"' in form.text
    assert notices(right) == []
    assert notices(wrong) == ["The answer does not have the form its agent asks for: the answer lacks 'city'."]
    assert "it is not valid JSON" in notices(words)[0]
    assert [streamed(run) for run in (right, wrong)] == ['{"city": "Bern"}', '{"town": "Bern"}']
    assert isinstance(ending(words), RunFinished)


async def test_a_choice_is_shown_and_stored_without_its_wrapping(tmp_path: Path) -> None:
    form = {"format": "enum", "enum": ["good", "bad"]}
    async with (
        LoopbackProvider([Answer(text='{"answer": "good"}'), Answer(text="who knows")]) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, structured_output=form)) as engine,
    ):
        key = await new_session(engine)
        run = await ask(engine, key, "How is it?")
        assert [event.text for event in said(run) if isinstance(event, TextDelta)] == ["good"]
        assert (notices(run), answer_of(await the_turn(engine, run))) == ([], "good")
        neither = await ask(engine, key, "And now?")
        assert streamed(neither) == "who knows"
        assert notices(neither) == ["The answer does not have the form its agent asks for: it is none of good, bad."]


async def test_a_choice_that_was_cut_is_kept_as_far_as_it_came(tmp_path: Path) -> None:
    form = {"format": "enum", "enum": ["good", "bad"]}
    cut = Answer(text='{"answer": "goo', finish_reason="none", done=False)
    async with (
        LoopbackProvider(cut) as provider,
        open_engine(tmp_path, wire_config(provider.base_url, structured_output=form)) as engine,
    ):
        run = await ask(engine, await new_session(engine), "How is it?")
        assert not isinstance(ending(run), RunFinished)
        assert answer_of(await the_turn(engine, run)) == '{"answer": "goo'


async def test_the_form_of_an_llm_holds_where_an_agent_has_none_and_tools_come_first(tmp_path: Path) -> None:
    answers = [
        Answer(text="let me see", calls=(WireCall("c1", "calculator", '{"expression":"6*7"}'),)),
        Answer(text='{"is": 42}'),
    ]
    async with LoopbackProvider(answers) as provider:
        config = wire_config(provider.base_url, tools=["calculator"])
        llm = {"type": "openai", "model": "loop-1", "host": provider.base_url, "structured_output": {"format": "json"}}
        async with open_engine(tmp_path, {**config, "llms": {"wire": llm}}) as engine:
            run = await ask(engine, await new_session(engine), "6*7?")
            assert [post.body["response_format"] for post in provider.posts] == [{"type": "json_object"}] * 2
    assert notices(run) == []


@pytest.mark.parametrize("form", [{"format": "enum"}, {"format": "enum", "enum": []}])
def test_a_choice_of_nothing_is_an_error_of_the_file(tmp_path: Path, form: dict[str, object]) -> None:
    path = write_config(tmp_path, wire_config("http://localhost:1/v1", structured_output=form))
    (problem,) = load([path], env={}).errors
    assert "structured_output" in str(problem)
    assert "no choices" in str(problem)


def test_what_is_too_long_for_a_choice_is_not_held_where_no_limit_sees_it() -> None:
    passed: list[object] = []
    answer = FormedAnswer(StructuredOutput(format="enum", choices=("good", "bad")), passed.append)
    for _ in range(12):
        answer.say("x" * 1_000)
    assert "".join(event.text for event in passed if isinstance(event, TextDelta)) == "x" * 12_000
    answer.release()
    assert len(passed) == 2
