"""Where an Ollama server is: what people write, what `OLLAMA_HOST` holds, and what becomes of it."""

from __future__ import annotations

import pytest

from hector_tui.errors import ConfigError
from hector_tui.llm.ollama_address import api_url, environment_address, server_address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("localhost", "http://localhost:11434"),
        ("localhost:11434", "http://localhost:11434"),
        ("box", "http://box:11434"),
        ("box:1234", "http://box:1234"),
        (":1234", "http://localhost:1234"),
        ("127.0.0.1", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("::", "http://[::1]:11434"),
        ("::1", "http://[::1]:11434"),
        ("[::1]", "http://[::1]:11434"),
        ("[::1]:1234", "http://[::1]:1234"),
        ("[::]:1234", "http://[::1]:1234"),
        ("http://box", "http://box"),
        ("https://box", "https://box"),
        ("HTTP://box:1234", "http://box:1234"),
        ("https://ollama.com", "https://ollama.com"),
        ("http://box:1234/", "http://box:1234"),
        ("box:1234/", "http://box:1234"),
        ("https://box/ollama", "https://box/ollama"),
        ('"box:1234"', "http://box:1234"),
        (" 'box' ", "http://box:11434"),
        ("http://localhost:11434/v1", "http://localhost:11434"),
        ("http://localhost:11434/v1/", "http://localhost:11434"),
        ("http://localhost:11434/v1/chat/completions", "http://localhost:11434"),
        ("http://localhost:11434/api", "http://localhost:11434"),
        ("http://localhost:11434/api/chat", "http://localhost:11434"),
        ("https://box/ollama/v1", "https://box/ollama"),
        ("http://me:secret@box:1234", "http://me:secret@box:1234"),
    ],
)
def test_every_spelling_of_an_address_is_understood(written: str, address: str) -> None:
    assert server_address(written) == address
    assert server_address(address) == address
    assert environment_address({"OLLAMA_HOST": written}) == address
    assert api_url(written, "chat") == f"{address}/api/chat"


@pytest.mark.parametrize("written", ["ftp://box", "http://", "box:x", "box:99999", "ho st:1"])
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(ConfigError):
        server_address(written)
    with pytest.raises(ConfigError, match="OLLAMA_HOST is not an address"):
        environment_address({"OLLAMA_HOST": written})


@pytest.mark.parametrize("env", [{}, {"OLLAMA_HOST": ""}, {"OLLAMA_HOST": "  "}])
def test_without_a_word_it_is_the_usual_place(env: dict[str, str]) -> None:
    assert environment_address(env) == "http://localhost:11434"
