"""What is loaded when: nothing heavy before the first frame, and no terminal library below the interface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pty.terminal import Terminal, environment

AFTER_THE_FIRST_FRAME = (
    "aiosqlite",
    "anthropic",
    "grpc",
    "httpx",
    "markdown_it",
    "mcp",
    "numpy",
    "openai",
    "portalocker",
    "pydantic",
    "pygments",
    "qdrant_client",
    "qdrant_edge",
    "sqlite3",
    "hector_tui.agents",
    "hector_tui.config",
    "hector_tui.engine.host",
    "hector_tui.ui.screens",
    "hector_tui.ui.transcript",
)
HEADLESS = ("errors", "log", "paths", "domain", "config", "sessions", "llm", "memory", "tools", "agents", "engine")

_FIRST_FRAME = """
import sys
from pathlib import Path
from hector_tui.cli import main
from hector_tui.ui.app import HectorApp

def first_frame(app):
    Path(sys.argv[1]).write_text("\\n".join(sys.modules))
    app.exit()

HectorApp._show_chat = first_frame
raise SystemExit(main([]))
"""

_WITHOUT_A_TERMINAL = """
import importlib, pkgutil, sys
sys.modules["textual"] = sys.modules["rich"] = None
module = importlib.import_module(sys.argv[1])
for found in pkgutil.walk_packages(getattr(module, "__path__", []), module.__name__ + "."):
    importlib.import_module(found.name)
"""


@pytest.mark.pty
def test_nothing_heavy_is_loaded_when_the_first_frame_is_drawn(tmp_path: Path) -> None:
    told = tmp_path / "modules"
    with Terminal(["-c", _FIRST_FRAME, str(told)], env=environment(tmp_path / "profile")) as terminal:
        assert terminal.ends() == 0, terminal.text
    loaded = set(told.read_text().splitlines())
    assert "hector_tui.ui.app" in loaded
    assert [name for name in AFTER_THE_FIRST_FRAME if name in loaded] == []


@pytest.mark.parametrize("layer", HEADLESS)
def test_layers_below_the_interface_need_no_terminal_library(layer: str) -> None:
    command = [sys.executable, "-W", "error", "-c", _WITHOUT_A_TERMINAL, f"hector_tui.{layer}"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0, done.stderr
