"""Records three first runs in a real terminal (tmux), as text: `python docs/make_first_runs.py`.

Somebody who has only an API key in the environment, only a local server, or nothing at all starts hector-tui for the
first time and types until the first answer stands there. The program is the real one; in the place of the internet
stands the loopback provider of the tests. Each record says how many keys were pressed and how long it took.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
OUT = ROOT / "docs" / "first-runs"
COLUMNS, ROWS = 100, 30
PATIENCE_S = 60.0
LLAMA_CPP_PORT = 8080
ANSWER = (
    "A write-ahead log keeps every change in a second file first, and copies it into the database later. "
    "Readers see the state from before while a writer appends, so neither waits for the other."
)
QUESTION = "What is a write-ahead log?"
_HAND_S = 0.5
SOCKET = "hector-first-runs"


@dataclass
class Recording:
    """What was seen and typed in one run.

    Attributes:
        keys: How many keys were pressed.
        typed_at: When the first was pressed, in seconds of a monotonic clock.
    """

    title: str
    about: str
    frames: list[str] = field(default_factory=list)
    keys: int = 0
    typed_at: float = 0.0

    def press(self, *keys: str) -> None:
        """Press named keys, one after another."""
        self._typed(len(keys))
        tmux("send-keys", "-t", "run", *keys)
        time.sleep(_HAND_S)

    def write(self, text: str) -> None:
        """Type a text."""
        self._typed(len(text))
        tmux("send-keys", "-t", "run", "-l", text)
        # A hand needs a moment too; what comes in one burst counts as a paste.
        time.sleep(_HAND_S)

    def see(self, *words: str, about: str) -> None:
        """Wait until words stand on the screen, and keep what it shows."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            screen = tmux("capture-pane", "-t", "run", "-p")
            if all(word in " ".join(screen.split()) for word in words):
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"never seen: {words}\n{screen}")
            time.sleep(0.05)
        time.sleep(0.4)
        screen = "\n".join(line.rstrip() for line in tmux("capture-pane", "-t", "run", "-p").splitlines())
        self.frames.append(f"--- {about}\n\n{screen}")

    def save(self, name: str) -> None:
        """Write the record."""
        seconds = time.monotonic() - self.typed_at
        summary = f"{self.keys} keys, {seconds:.0f} s from the first key to the answer (typed by a script)."
        OUT.mkdir(exist_ok=True)
        text = "\n\n".join([f"# {self.title}\n\n{self.about}\n{summary}", *self.frames])
        (OUT / f"{name}.txt").write_text(text.rstrip() + "\n", encoding="utf-8")

    def _typed(self, keys: int) -> None:
        self.keys += keys
        self.typed_at = self.typed_at or time.monotonic()


def tmux(*arguments: str) -> str:
    """Run a tmux command on a server of our own."""
    done = subprocess.run(["tmux", "-L", SOCKET, "-f", "/dev/null", *arguments], capture_output=True, text=True)
    return done.stdout


@contextmanager
def terminal(env: Mapping[str, str]) -> Iterator[None]:
    """The app in a terminal, in a home folder nobody has used."""
    with tempfile.TemporaryDirectory() as home:
        whole = {
            "HOME": home,
            "HECTOR_TUI_HOME": f"{home}/profile",
            "HECTOR_TUI_NO_KEYRING": "1",
            "LANG": "C.UTF-8",
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "COLORTERM": "truecolor",
            **env,
        }
        words = ["env", "-i", *(f"{name}={value}" for name, value in whole.items()), "TERM=tmux-256color"]
        tmux(
            "new-session",
            "-d",
            "-s",
            "run",
            "-x",
            str(COLUMNS),
            "-y",
            str(ROWS),
            *words,
            sys.executable,
            "-m",
            "hector_tui",
        )
        try:
            yield
        finally:
            tmux("kill-server")


@contextmanager
def provider(port: int, models: Sequence[str]) -> Iterator[str]:
    """The loopback provider as a process; gives its address."""
    words = [sys.executable, "-m", "tests.provider", "--port", str(port), "--rate", "40", "--text", ANSWER]
    for model in models:
        words += ["--model", model]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.terminate()
        process.wait()


def ask_assistant(run: Recording, label: str) -> None:
    """Choose the assistant among the cards, ask, and see the answer."""
    run.write("assist")
    run.press("Enter")
    run.see(f"Assistant · {label}", about="its name and Enter: the conversation begins")
    run.write(QUESTION)
    run.press("Enter")
    run.see("neither waits for the other.", about="the first answer")


def with_a_key() -> None:
    """Only an API key in the environment."""
    run = Recording(
        "Only an API key in the environment",
        "OPENAI_API_KEY is set, nothing else is there: no configuration, no server.\n"
        "(OPENAI_BASE_URL leads to a loopback provider that stands in for api.openai.com.)",
    )
    with provider(0, ["gpt-4o"]) as address:
        key = {"OPENAI_API_KEY": "sk-first-run-not-a-real-key", "OPENAI_BASE_URL": address, "HECTOR_TUI_NO_PROBE": "1"}
        with terminal(key):
            run.see("Enter begins", "gpt-4o", about="the first screen: the agents have found the key")
            ask_assistant(run, "gpt-4o")
            run.save("with-a-key")


def with_a_server() -> None:
    """Only a local server."""
    run = Recording(
        "Only a local server",
        "A llama.cpp server runs at its usual place, localhost:8080; no key, no configuration.",
    )
    with provider(LLAMA_CPP_PORT, ["qwen3-8b"]), terminal({}):
        run.see("Enter begins", "qwen3-8b", about="the first screen: the server was found")
        ask_assistant(run, "qwen3-8b")
        run.save("with-a-local-server")


def with_nothing() -> None:
    """Neither key nor server, and how a provider is connected from there."""
    run = Recording(
        "Nothing at all, then a key",
        "No key, no server, no network. The guide answers after one key, Enter;\n"
        "then a provider is connected in the app.\n"
        "(An OpenAI-compatible address on loopback stands in for it.)",
    )
    with provider(0, ["big-model", "small-model"]) as address, terminal({"HECTOR_TUI_NO_PROBE": "1"}):
        run.see("answer offline", "connects one", about="the first screen")
        run.press("Enter")
        run.see("What you are looking at", about="Enter: the first answer, with no model at all")
        run.save("with-nothing")
        run.press("C-x", "C")
        run.see("Connect a provider", about="ctrl+x C: what can be connected")
        run.press("Up", "Enter")
        run.see("Connect OpenAI-compatible address", about="the last of the list: an address of one's own")
        run.write(address)
        run.press("Tab")
        run.write("sk-first-run-not-a-real-key")
        run.see("••••••", about="the address, Tab, and the key, which shows as dots")
        run.press("Enter")
        run.see("works.", about="Enter: one cheap request has tried it; agents use it at once")
        run.press("C-n")
        run.see("New session with", about="ctrl+n: a new session")
        ask_assistant(run, "big-model")
        run.save("with-nothing")


def main() -> None:
    """Record all three."""
    with_a_key()
    with_a_server()
    with_nothing()


if __name__ == "__main__":
    main()
