"""The recordings of Gemini and Ollama, read by the vendors' own clients and by us: both must say the same.

    python -m venv clients && clients/bin/pip install google-genai ollama
    python -m tests.manual.official_clients clients/bin/python

The clients talk to the loopback provider, each in a process of its own, and print what they understood. The recording
of an error is left out: a client raises it, and every suite of ours has it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hector_tui.llm.connections import Connections
from tests.provider import Answer, LoopbackProvider
from tests.provider.talk import Heard, hear
from tests.unit.llm.formats import gemini, ollama
from tests.unit.llm.formats.subject import Subject

GOOGLE = """
import json, sys, warnings
warnings.simplefilter("ignore")
from google import genai
client = genai.Client(api_key="none", http_options={"base_url": sys.argv[1]})
text = thinking = ""
calls, usage = [], None
for chunk in client.models.generate_content_stream(model="loop-1", contents="hello"):
    for candidate in chunk.candidates or []:
        for part in (candidate.content and candidate.content.parts) or []:
            if part.function_call:
                calls.append([part.function_call.id, part.function_call.name, part.function_call.args])
            elif part.thought:
                thinking += part.text or ""
            else:
                text += part.text or ""
    usage = chunk.usage_metadata or usage
said = (usage.candidates_token_count or 0) + (usage.thoughts_token_count or 0)
counts = [usage.prompt_token_count or 0, said, usage.cached_content_token_count or 0, usage.thoughts_token_count or 0]
print(json.dumps([text, thinking, calls, counts]))
"""
OLLAMA = """
import json, sys
from ollama import Client
text = thinking = ""
calls, counts = [], []
question = [{"role": "user", "content": "hello"}]
for chunk in Client(host=sys.argv[1]).chat(model="loop-1", messages=question, stream=True):
    text += chunk.message.content or ""
    thinking += chunk.message.thinking or ""
    calls += [[None, call.function.name, dict(call.function.arguments)] for call in chunk.message.tool_calls or ()]
    counts = [chunk.prompt_eval_count or 0, chunk.eval_count or 0, 0, 0]
print(json.dumps([text, thinking, calls, counts]))
"""


@dataclass(frozen=True, slots=True)
class Client:
    """A vendor's client: what it is made to run, and whether it tells the ids of calls."""

    subject: Subject
    code: str
    tells_ids: bool


CLIENTS = (Client(gemini.SUBJECT, GOOGLE, tells_ids=True), Client(ollama.SUBJECT, OLLAMA, tells_ids=False))


async def main() -> int:
    """Compare every recording; the exit status is the number of differences."""
    parser = argparse.ArgumentParser(prog="python -m tests.manual.official_clients", description=__doc__)
    parser.add_argument("python", help="the interpreter that has google-genai and ollama")
    python = parser.parse_args().python
    differences = 0
    for client in CLIENTS:
        for kind, ours, theirs in [await _compared(client, kind, python) for kind in _kinds(client.subject)]:
            differences += ours != theirs
            sys.stdout.write(f"{'same' if ours == theirs else 'DIFFERENT':10}{client.subject.name:8}{kind}\n")
            if ours != theirs:
                sys.stdout.write(f"  ours:   {ours}\n  theirs: {theirs}\n")
    return differences


def _kinds(subject: Subject) -> Iterator[str]:
    return (kind for kind, recording in subject.recordings.items() if recording.stop is not None)


async def _compared(client: Client, kind: str, python: str) -> tuple[str, list[Any], list[Any]]:
    async with LoopbackProvider(Answer(raw=client.subject.recorded(kind))) as provider:
        model = client.subject.model(provider.origin, connections=Connections())
        heard = await hear(model, "hello")
        await model.aclose()
        process = await asyncio.create_subprocess_exec(
            python, "-c", client.code, provider.origin, stdout=asyncio.subprocess.PIPE
        )
        output, _ = await process.communicate()
    return kind, _plain(heard, tells_ids=client.tells_ids), json.loads(output or "[]")


def _plain(heard: Heard, *, tells_ids: bool) -> list[Any]:
    calls = [[call.call_id if tells_ids else None, call.name, json.loads(call.arguments)] for call in heard.calls]
    usage = heard.usage.usage
    counts = [usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens]
    return [heard.text, heard.thinking, calls, counts]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
