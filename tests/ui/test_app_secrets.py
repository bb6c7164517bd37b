"""Eight planted keys and everything a person does with the app: no key is anywhere but in the key store."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from hector_tui.agents.agent import Agent
from hector_tui.cli.main import main
from hector_tui.engine.host import Engine, EngineOptions
from hector_tui.log import start_logging
from hector_tui.paths import Profile
from hector_tui.redaction import Redactor
from hector_tui.ui.app import HectorApp
from hector_tui.ui.guarded import run_guarded
from hector_tui.ui.screens.connect import ConnectForm, ProviderPicker
from hector_tui.ui.widgets.key_input import KeyInput
from tests.provider import Answer, LoopbackProvider, ReceivedRequest
from tests.ui.support import Person

CANARIES = {
    "openai": "sk-canary+openai/0001=aa",
    "anthropic": "sk-ant-canary-0002-bbbb",
    "gemini": "AIza-canary-0003-cccc",
    "groq": "gsk-canary-0004-dddd",
    "file": "canary-in-the-file-0005-eeee",
    "database": "canary-database-0006-ffff",
    "address": "canary-address-0007-gggg",
    "store": "canary-key-store-0008-hhhh",
}
CONFIG = """\
llms:
  good: {{type: openai, model: loop-1, host: "{url}", api_key: "{file}", max_retries: 0}}
  bad: {{type: openai, model: refused, host: "{url}", api_key: "{file}", max_retries: 0}}
  ant: {{type: anthropic, model: loop-2, host: "{url}", api_key: "${{ANTHROPIC_API_KEY}}", max_retries: 0}}
  gem: {{type: gemini, model: loop-3, host: "{url}", api_key: "${{GEMINI_API_KEY}}", max_retries: 0}}
  groq: {{type: groq, model: loop-4, host: "{url}", api_key: "${{GROQ_API_KEY}}", max_retries: 0}}
databases:
  vectors: {{type: qdrant, host: localhost, port: 9, api_key: "{database}"}}
agents:
  good: {{llm: good}}
  bad: {{llm: bad}}
  ant: {{llm: ant}}
  gem: {{llm: gem}}
  groq: {{llm: groq}}
  auto: {{llm: auto}}
"""


def forms(key: str) -> set[bytes]:
    """How a key could be found in a file: as it is, JSON- and URL-coded, and in base64 at each offset."""
    found = {key, json.dumps(key)[1:-1], quote(key, safe="")}
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + key.encode()).decode().rstrip("=")
        found.add(coded[4:-2])
    return {form.encode() for form in found}


def hits(blob: bytes) -> list[str]:
    return [name for name, key in CANARIES.items() if any(form in blob for form in forms(key))]


def echoing(request: ReceivedRequest) -> Answer:
    """A provider that repeats the key it refuses, in every way it could."""
    if request.body.get("model") != "refused":
        return Answer(text="fine")
    key = CANARIES["file"]
    said = (
        f"bad key {key}, header {base64.b64encode(key.encode()).decode()}, url {quote(key, safe='')} {'x' * 230}{key}"
    )
    return Answer(status=401, raw=json.dumps({"error": {"message": said}}).encode(), framing="length")


@pytest.fixture
def closed_log() -> Iterator[None]:
    yield
    for name in ("hector_tui", "py.warnings"):
        for handler in list(logging.getLogger(name).handlers):
            logging.getLogger(name).removeHandler(handler)
            handler.close()
    logging.captureWarnings(False)


async def test_no_planted_key_is_found_outside_the_key_store(
    tmp_path: Path, closed_log: None, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    profile, redactor = Profile(tmp_path / "profile"), Redactor()
    profile.prepare()
    start_logging(profile.log, debug=True, redactor=redactor)
    seen: list[bytes] = []
    async with LoopbackProvider(echoing) as provider:
        (tmp_path / "config").mkdir()
        config = tmp_path / "config" / "agents.yaml"
        config.write_text(CONFIG.format(url=provider.origin, **{k: CANARIES[k] for k in ("file", "database")}))
        (tmp_path / "config" / ".env").write_text(f"GROQ_API_KEY={CANARIES['groq']}\n")
        env = {
            "HECTOR_TUI_NO_PROBE": "1",
            "HECTOR_TUI_NO_KEYRING": "1",
            "OPENAI_API_KEY": CANARIES["openai"],
            "OPENAI_BASE_URL": provider.base_url,
            "ANTHROPIC_API_KEY": CANARIES["anthropic"],
            "GEMINI_API_KEY": CANARIES["gemini"],
            "DATABASE_URL": f"postgres://me:{CANARIES['address']}@localhost/x",
        }

        async def opener() -> Engine:
            options = EngineOptions(profile=profile, config_paths=(config,), env=env, redactor=redactor)
            return await Engine.open(options)

        app = HectorApp(profile, opener, None)
        try:
            async with app.run_test(size=(160, 50), notifications=True) as pilot:
                person = Person(app, pilot)
                await person.until(lambda: bool(app._chat and app._chat.desk.agents), "the agents")
                await person.until(lambda: person.is_at_home, "home")
                await _chat_with_all(person, seen)
                await _connect(person, provider.base_url, seen)
                await _crash_everywhere(person, monkeypatch)
                person.chat.export(str(tmp_path / "export.md"))
                await person.hears("Exported to")
                seen.append(app.export_screenshot().encode())
                # Every key arrived where it belongs, so they were all in this process.
                heads = b"".join(repr(sorted(request.headers.items())).encode() for request in provider.requests)
                assert set(hits(heads)) == {"openai", "anthropic", "gemini", "groq", "file", "store"}
                assert not hits("".join(request.path for request in provider.requests).encode())
        finally:
            assert await asyncio.to_thread(app.close_engine)
    monkeypatch.setenv("HECTOR_TUI_HOME", str(profile.root))
    assert await asyncio.to_thread(main, ["backup", str(tmp_path / "backup.db")]) == 0
    seen += [text.encode() for text in capfd.readouterr()]
    _search(profile, tmp_path, seen)


def _search(profile: Profile, tmp_path: Path, seen: list[bytes]) -> None:
    files = [path for path in tmp_path.rglob("*") if path.is_file() and path.parent.name != "config"]
    assert {"sessions.db", "export.md", "backup.db", "hector-tui.log", "keys.json"} <= {path.name for path in files}
    assert hits(profile.keys.read_bytes()) == ["store"]
    found = {path.name: hits(path.read_bytes()) for path in files if path != profile.keys}
    assert not {name: keys for name, keys in found.items() if keys}
    assert [hits(blob) for blob in seen] == [[] for _ in seen]
    log = profile.log.read_text()
    assert log.count("Traceback") >= 3, "the crashes are in the log, or nothing was proved"


async def _chat_with_all(person: Person, seen: list[bytes]) -> None:
    for agent in ("good", "bad", "ant", "gem", "groq", "auto"):
        await person.begin(agent)
        await person.ask(f"hello {agent}")
        if agent == "bad":
            await person.sees("refused the key", "********")
        seen.append(person.app.export_screenshot().encode())


async def _connect(person: Person, base_url: str, seen: list[bytes]) -> None:
    person.chat.action_connect()
    await person.until(lambda: isinstance(person.app.screen, ProviderPicker), "the providers")
    await person.press("up", "enter")
    await person.until(lambda: isinstance(person.app.screen, ConnectForm), "the form")
    await person.press(*base_url, "tab", *CANARIES["store"])
    assert person.app.screen.query_one(KeyInput).value == CANARIES["store"]
    seen.append(person.app.export_screenshot().encode())
    await person.press("enter")
    await person.hears("works. Its key is in the profile's key file")
    seen.append(person.app.export_screenshot().encode())
    name = base_url.split("://")[1].split("/")[0].replace(":", "-")
    await person.send(f"/model {name}/loop-1")
    await person.hears("answers in this session")
    await person.ask("hello store")


async def _crash_everywhere(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """Errors whose words hold every key, wherever the program catches what nobody expected."""
    words = " ".join(CANARIES.values())

    def explode(*_: object, **__: object) -> None:
        raise ValueError(f"boom {words}")

    with monkeypatch.context() as patched:
        patched.setattr(Agent, "parts", explode)
        await person.ask("crash in the agent")
        await person.sees("an internal error (ValueError)")

    async def explode_later() -> None:
        explode()

    run_guarded(person.chat, explode_later, group="test")
    await person.hears("An internal error (ValueError)")

    async def in_the_engine(engine: Engine) -> None:
        error = ValueError(f"loop {words}")
        asyncio.get_running_loop().call_exception_handler({"message": f"lost {words}", "exception": error})
        with monkeypatch.context() as patched:
            patched.setattr("hector_tui.engine.model_desk.discover", explode)
            with pytest.raises(ValueError, match="boom"):
                await engine.models.reload()
        logging.getLogger("hector_tui.test").debug("arguments %s", words)
        try:
            explode()
        except ValueError:
            logging.getLogger("hector_tui.test").critical("fatal", exc_info=True)

    await person.chat.engine.call(in_the_engine)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # Off first: where an earlier test left it on, turning it on does nothing, and the warning goes past the log.
        logging.captureWarnings(False)
        logging.captureWarnings(True)
        warnings.warn(f"careful with {words}", stacklevel=1)
