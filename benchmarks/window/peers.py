"""`python -m benchmarks.window.peers NAME URL`: what the program is compared with, fed by the same provider.

`markdown` is the smallest Textual app that shows an answer while it streams, with Textual's own Markdown widget and its
stream, and has a line to type into. `copy` is the floor: it writes each token as it comes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import httpx
from textual.app import App, ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Input, Markdown


def _request(question: str) -> Mapping[str, Any]:
    return {"model": "loop-1", "stream": True, "messages": [{"role": "user", "content": question}]}


def _token(line: str) -> str:
    """The text in a line of the stream; empty when there is none."""
    if not line.startswith("data: {"):
        return ""
    delta: Mapping[str, Any] = json.loads(line[6:])["choices"][0]["delta"]
    return str(delta.get("content") or "")


class MarkdownApp(App[None]):
    """One answer at a time.

    Args:
        url: Where to ask.
    """

    CSS = "Input { dock: bottom; }"

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def compose(self) -> ComposeResult:
        """An answer, and a line to type into."""
        with VerticalScroll():
            yield Markdown(open_links=False)
        line = Input(placeholder="Ask anything", compact=True)
        line.cursor_blink = False
        yield line

    def on_mount(self) -> None:
        """Stay at the end of the answer."""
        self.query_one(VerticalScroll).anchor()
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Ask."""
        message.input.clear()
        self.run_worker(self._answer(message.value))

    async def _answer(self, question: str) -> None:
        stream = Markdown.get_stream(self.query_one(Markdown))
        async for token in self._tokens(question):
            await stream.write(token)
        await stream.stop()

    async def _tokens(self, question: str) -> AsyncIterator[str]:
        async with (
            httpx.AsyncClient(timeout=None) as client,
            client.stream("POST", f"{self._url}/chat/completions", json=_request(question)) as response,
        ):
            async for line in response.aiter_lines():
                if token := _token(line):
                    yield token


def copy(url: str) -> None:
    """Answer one line after the other until there is none."""
    sys.stdout.write("Ask anything\n")
    sys.stdout.flush()
    for question in sys.stdin:
        for token in _copied(url, question.strip()):
            sys.stdout.write(token)
            sys.stdout.flush()


def _copied(url: str, question: str) -> Iterator[str]:
    with (
        httpx.Client(timeout=None) as client,
        client.stream("POST", f"{url}/chat/completions", json=_request(question)) as response,
    ):
        for line in response.iter_lines():
            if token := _token(line):
                yield token


if __name__ == "__main__":
    name, address = sys.argv[1:]
    if name == "copy":
        copy(address)
    else:
        MarkdownApp(address).run()
