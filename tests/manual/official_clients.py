"""The recordings of every format, read by the vendors' own clients and by us: both must say the same.

    python -m venv clients && clients/bin/pip install anthropic google-genai ollama openai
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
from tests.unit.llm.formats import anthropic, chat, gemini, ollama, responses
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
ANTHROPIC = """
import json, sys
from anthropic import Anthropic
question = [{"role": "user", "content": "hello"}]
client = Anthropic(api_key="none", base_url=sys.argv[1])
with client.messages.stream(model="claude-sonnet-4-5", max_tokens=64, messages=question) as stream:
    message = stream.get_final_message()
text = "".join(block.text for block in message.content if block.type == "text")
thinking = "".join(block.thinking for block in message.content if block.type == "thinking")
calls = [[block.id, block.name, block.input] for block in message.content if block.type == "tool_use"]
usage = message.usage
cached = usage.cache_read_input_tokens or 0
asked = usage.input_tokens + (usage.cache_creation_input_tokens or 0) + cached
print(json.dumps([text, thinking, calls, [asked, usage.output_tokens, cached, 0]]))
"""
CHAT = """
import json, sys
from openai import OpenAI
client = OpenAI(api_key="none", base_url=sys.argv[1] + "/v1")
text = thinking = ""
calls, usage = {}, None
question = [{"role": "user", "content": "hello"}]
for chunk in client.chat.completions.create(model="loop-1", messages=question, stream=True):
    usage = chunk.usage or usage
    for choice in chunk.choices:
        text += (choice.delta.content or "") + (choice.delta.refusal or "")
        thinking += (choice.delta.model_extra or {}).get("reasoning_content") or ""
        for part in choice.delta.tool_calls or ():
            call = calls.setdefault(part.index, ["", "", ""])
            call[0] += part.id or ""
            call[1] += part.function.name or ""
            call[2] += part.function.arguments or ""
def detail(details, name):
    return getattr(details, name, 0) or 0 if details else 0
counts = [0, 0, 0, 0] if usage is None else [
    usage.prompt_tokens, usage.completion_tokens, detail(usage.prompt_tokens_details, "cached_tokens"),
    detail(usage.completion_tokens_details, "reasoning_tokens"),
]
made = [[call_id, name, json.loads(arguments)] for call_id, name, arguments in calls.values()]
print(json.dumps([text, thinking, made, counts]))
"""
RESPONSES = """
import json, sys
from openai import OpenAI
client = OpenAI(api_key="none", base_url=sys.argv[1] + "/v1")
text, thoughts, calls, usage = "", {}, [], None
for event in client.responses.create(model="loop-1", input="hello", stream=True, store=False):
    match event.type:
        case "response.output_text.delta" | "response.refusal.delta":
            text += event.delta
        case "response.reasoning_summary_text.delta":
            key = (event.output_index, event.summary_index)
            thoughts[key] = thoughts.get(key, "") + event.delta
        case "response.output_item.done" if event.item.type == "function_call":
            calls.append([event.item.call_id, event.item.name, json.loads(event.item.arguments)])
        case "response.completed" | "response.incomplete":
            usage = event.response.usage
counts = [usage.input_tokens, usage.output_tokens]
counts += [usage.input_tokens_details.cached_tokens, usage.output_tokens_details.reasoning_tokens]
print(json.dumps([text, "\\n\\n".join(thoughts.values()), calls, counts]))
"""


@dataclass(frozen=True, slots=True)
class Client:
    """A vendor's client: what it is made to run, and whether it tells the ids of calls."""

    subject: Subject
    code: str
    tells_ids: bool


CLIENTS = (
    Client(anthropic.SUBJECT, ANTHROPIC, tells_ids=True),
    Client(chat.SUBJECT, CHAT, tells_ids=True),
    Client(responses.SUBJECT, RESPONSES, tells_ids=True),
    Client(gemini.SUBJECT, GOOGLE, tells_ids=True),
    Client(ollama.SUBJECT, OLLAMA, tells_ids=False),
)


async def main() -> int:
    """Compare every recording; the exit status is the number of differences."""
    parser = argparse.ArgumentParser(prog="python -m tests.manual.official_clients", description=__doc__)
    parser.add_argument("python", help="the interpreter that has the vendors' clients")
    python = parser.parse_args().python
    differences = 0
    for client in CLIENTS:
        for kind, ours, theirs in [await _compared(client, kind, python) for kind in _kinds(client.subject)]:
            differences += ours != theirs
            sys.stdout.write(f"{'same' if ours == theirs else 'DIFFERENT':10}{client.subject.name:10}{kind}\n")
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
    arguments = [json.loads(call.arguments or "{}") for call in heard.calls]
    calls = [
        [call.call_id if tells_ids else None, call.name, given]
        for call, given in zip(heard.calls, arguments, strict=True)
    ]
    usage = heard.usage.usage
    counts = [usage.input_tokens, usage.output_tokens, usage.cached_tokens, usage.reasoning_tokens]
    if usage.estimated:  # nobody counted: the clients say nothing, and our guess is marked as one
        counts = [0, 0, 0, 0]
    return [heard.text, heard.thinking, calls, counts]


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
