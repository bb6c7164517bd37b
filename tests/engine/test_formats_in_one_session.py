"""One session that goes from format to format: each takes the history of the others, with calls, proofs and files."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from hector_tui.domain.files import AttachedFile
from hector_tui.domain.turns import TurnStatus
from tests.provider import Answer, LoopbackProvider, WireCall
from tests.support.engine import Config, ending, new_session, open_engine, wire_config
from tests.unit.llm.formats import anthropic, chat, gemini, ollama, responses

Complaints = Callable[[Mapping[str, Any]], list[str]]
KINDS: Mapping[str, Complaints] = {
    "openai": chat.complaints,
    "openai-responses": responses.complaints,
    "anthropic": anthropic.complaints,
    "gemini": gemini.complaints,
    "ollama": ollama.complaints,
}
DRAWING = AttachedFile("plan.svg", "image/svg+xml", b"<svg/>")
BITMAP = AttachedFile("old.bmp", "image/bmp", b"BM" + bytes(64))
PICTURE = AttachedFile("cat.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(64))
NOTES = AttachedFile("notes.txt", "text/plain", "Käse".encode())


def spoken_as(kind: str, provider: LoopbackProvider, model: str = "loop-1") -> Config:
    config = wire_config(provider.origin, tools=["calculator"])
    settings: Any = config["llms"]
    return {**config, "llms": {"wire": {**settings["wire"], "type": kind, "model": model, "thinking": 2_000}}}


def turn_of(kind: str) -> tuple[Answer, Answer]:
    """A thought with a proof, a call that works and one nobody has; some formats number the calls of an answer anew."""
    calls = (WireCall("0", "calculator", '{"expression": "6*7"}'), WireCall("x" * 70, "web.search for", "{}"))
    thought = Answer(thinking="Hm.", signature=proof_of(kind), text="One moment.", calls=calls)
    return thought, Answer(text="Done.")


def proof_of(kind: str) -> str:
    return base64.b64encode(f"{kind} proved it".encode()).decode()


@pytest.mark.parametrize("first", KINDS)
async def test_a_session_goes_on_in_every_other_format(tmp_path: Path, first: str) -> None:
    order = [first, *(kind for kind in KINDS if kind != first), first]
    async with LoopbackProvider([answer for kind in order for answer in turn_of(kind)]) as provider:
        async with open_engine(tmp_path, spoken_as(first, provider)) as engine:
            key = await new_session(engine)
        for kind in order:
            async with open_engine(tmp_path, spoken_as(kind, provider)) as engine:
                run = await engine.chat.send(key, f"in {kind}", (PICTURE, NOTES, DRAWING))
                await run.wait()
                assert run.status is TurnStatus.DONE, ending(run)
            for post in provider.posts[-2:]:
                assert KINDS[kind](post.body) == []
                others = [proof_of(other) for other in KINDS if other != kind]
                assert not any(proof in str(post.body) for proof in others)
                assert "Käse" in str(post.body)
    assert len(provider.posts) == 2 * len(order)


@pytest.mark.parametrize(
    ("kind", "model", "old"),
    [
        ("openai", "gpt-oss-120b", PICTURE),
        ("openai-responses", "o3-mini", PICTURE),
        ("anthropic", "claude-sonnet-5-5", BITMAP),
        ("gemini", "gemini-flash-latest", BITMAP),
    ],
)
async def test_a_picture_another_model_saw_does_not_end_a_session(
    tmp_path: Path, kind: str, model: str, old: AttachedFile
) -> None:
    async with LoopbackProvider(Answer(text="ok")) as provider:
        async with open_engine(tmp_path, spoken_as("openai", provider)) as engine:
            key = await new_session(engine)
            await (await engine.chat.send(key, "what is this?", (old,))).wait()
        async with open_engine(tmp_path, spoken_as(kind, provider, model)) as engine:
            later = await engine.chat.send(key, "and now?")
            await later.wait()
            now = await engine.chat.send(key, "and this?", (old,))
            await now.wait()
        assert later.status is TurnStatus.DONE
        assert f"[{old.name}: a picture, which this model cannot see]" in str(provider.posts[1].body)
        assert now.status is TurnStatus.FAILED
        assert old.name in str(ending(now))
        assert len(provider.posts) == 2
