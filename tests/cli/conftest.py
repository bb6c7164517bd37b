"""A profile of its own for every test, and an environment without keys."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from hector_tui.llm.providers import PROVIDERS
from hector_tui.paths import Profile


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No key, no probing, no variable that changes how a terminal is seen; log files are closed at the end."""
    for provider in PROVIDERS.values():
        for name in provider.key_names:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(provider.model_name, raising=False)
    for name in ("OPENAI_BASE_URL", "OLLAMA_HOST", "OLLAMA_MODEL", "NO_COLOR", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HECTOR_TUI_NO_PROBE", "1")
    monkeypatch.setenv("HECTOR_TUI_HOME", str(tmp_path / "profile"))
    monkeypatch.setenv("TERM", "xterm-256color")
    assert os.environ["HECTOR_TUI_HOME"]
    # A command run in this process narrows the umask of the whole process, for good.
    umask = os.umask(0o022)
    yield
    os.umask(umask)
    logger = logging.getLogger("hector_tui")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()


@pytest.fixture
def profile(tmp_path: Path) -> Profile:
    """The profile every command of the test uses."""
    return Profile(tmp_path / "profile")
