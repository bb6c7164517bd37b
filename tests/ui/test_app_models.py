"""Choosing and connecting models with the keys of a keyboard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from textual.events import Paste
from textual.widgets import OptionList, Static

from hector_tui.ui.screens.connect import ConnectForm, ProviderPicker
from hector_tui.ui.screens.model_picker import ModelPicker
from hector_tui.ui.widgets.key_input import KeyInput
from tests.provider import Answer, LoopbackProvider
from tests.ui.support import QUIET_ENV, Person, echo_config, running, stored

KEY = "sk-canary-screen-1122334455"
ENV: Mapping[str, str] = {**QUIET_ENV, "HECTOR_TUI_NO_KEYRING": "1"}
KEYED = """\
llms:
  vendor: {type: groq, model: big-model}
agents:
  needy: {name: Needy, llm: vendor}
"""


async def open_picker(person: Person) -> ModelPicker:
    await person.press("ctrl+x", "M")
    await person.until(lambda: isinstance(person.app.screen, ModelPicker), "the picker")
    screen = person.app.screen
    assert isinstance(screen, ModelPicker)
    return screen


async def test_a_model_is_searched_chosen_for_one_tab_and_given_back(tmp_path: Path) -> None:
    async with LoopbackProvider(models=("loop-1", "small-2", "large-3")) as provider:
        config = echo_config(tmp_path, provider.base_url)
        async with running(tmp_path / "profile", config=[config], env=ENV) as person:
            first = await person.begin("echo")
            await open_picker(person)
            await person.sees("The agent's own", "loop-1", "large-3", "Offline")
            await person.press(*"large")
            await person.until(lambda: "small-2" not in person.screen_text, "only what was searched")
            await person.press("enter")
            await person.hears("large-3 answers in this session")
            await person.sees("Echo · large-3")
            await person.ask("hello")
            assert provider.posts[-1].body["model"] == "large-3"
            await person.sees("Echo · large-3")
            second = await person.begin("echo")
            assert second is not first
            await person.ask("hello")
            assert provider.posts[-1].body["model"] == "loop-1"
            await person.begin("echo")
            person.chat.switch_to(first)
            await person.until(lambda: person.active is first and person.is_shown, "the first tab")
            await person.send("/model default")
            await person.hears("its agent's own model again: loop-1")
            # What was said keeps the name of who said it.
            await person.sees("Echo · large-3")
            await person.ask("hello again")
            assert provider.posts[-1].body["model"] == "loop-1"
        async with running(tmp_path / "profile", config=[config], env=ENV) as person:
            await person.begin("echo")


async def test_the_picker_shows_each_providers_error_beside_the_others_models(tmp_path: Path) -> None:
    refused = Answer(raw=b'{"error": "the meter ran out"}', status=500, framing="length")
    async with (
        LoopbackProvider(listing=refused) as provider,
        running(tmp_path / "profile", config=[echo_config(tmp_path, provider.base_url)], env=ENV) as person,
    ):
        await person.begin("echo")
        picker = await open_picker(person)
        await person.sees("the meter ran out", "offline")
        await person.press(*"loop/written-9")
        await person.sees("Take loop/written-9 as written")
        await person.press("enter")
        await person.hears("written-9 answers in this session")
        assert not picker.is_current


async def test_a_pasted_key_is_dots_is_tried_kept_and_used_at_once(tmp_path: Path) -> None:
    said = json.dumps({"error": {"message": f"no such key: {KEY}"}}).encode()
    refused = Answer(raw=said, status=401, framing="length")
    async with (
        LoopbackProvider(listing=refused) as strict,
        LoopbackProvider() as provider,
        running(tmp_path / "profile", env=ENV) as person,
    ):
        await person.press("ctrl+x", "C")
        await person.until(lambda: isinstance(person.app.screen, ProviderPicker), "the providers")
        await person.sees("OpenAI", "Anthropic", "Ollama", "OpenAI-compatible address")
        person.app.screen.query_one(OptionList).highlighted = 11
        await person.press("enter")
        await person.until(lambda: isinstance(person.app.screen, ConnectForm), "the form")
        await person.press(*strict.base_url, "tab")
        field = person.app.screen.query_one(KeyInput)
        field.post_message(Paste(f' "{KEY[:9]}\n{KEY[9:]}"\n'))
        await person.until(lambda: len(field.value) == len(KEY), "the cleaned key")
        assert KEY[:9] not in person.screen_text
        assert KEY not in person.app.export_screenshot()
        assert KEY not in repr(field)
        field.action_select_all()
        field.action_copy()
        field.action_cut()
        assert person.app.clipboard == ""
        await field.action_submit()
        await person.sees("no such key: ********")
        assert not (tmp_path / "profile" / "keys.json").exists()
        address = person.app.screen.query_one("#connect-address")
        address.value = provider.base_url  # type: ignore[attr-defined]
        await field.action_submit()
        await person.hears("works. Its key is in the profile's key file")
        await person.until(lambda: person.chat.desk.agents["assistant"].model == "loop-1", "agents with the new model")
        assert "answer offline" not in str(person.chat.query_one("#home-hint", Static).render())
        await person.begin("assistant")
        await person.ask("hello")
        assert provider.posts[-1].headers["authorization"] == f"Bearer {KEY}"
        await person.send("/disconnect " + f"127.0.0.1-{provider.port}")
        await person.hears("is forgotten, with its key")
        await person.until(lambda: person.chat.desk.agents["assistant"].model == "offline", "offline again")


async def test_a_session_whose_agent_needs_a_key_says_what_to_do(tmp_path: Path) -> None:
    config = tmp_path / "needy.yaml"
    config.write_text(KEYED)
    async with running(tmp_path / "profile", config=[config], env=ENV) as person:
        await person.begin("needy")
        await person.sees("Needy needs GROQ_API_KEY", "/connect")
        await person.ask("hello")
        await person.sees("big-model needs a key", "/connect")
        await person.send("/model offline/offline")
        await person.hears("offline answers in this session")
        await person.until(lambda: "needs GROQ_API_KEY:" not in person.screen_text, "no banner")


async def test_a_key_that_was_typed_after_the_command_is_remembered_nowhere(tmp_path: Path) -> None:
    async with running(tmp_path / "profile", env=ENV) as person:
        await person.begin("guide")
        await person.write(f"/connect {KEY}")
        await person.press("enter")
        await person.hears("it was not kept")
        assert person.chat.prompt.value == ""
        await person.press("up")
        assert KEY not in person.chat.prompt.value
    assert not [row for row in stored(tmp_path / "profile", "SELECT draft FROM tabs") if KEY in str(row)]
    for path in (tmp_path / "profile").rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
