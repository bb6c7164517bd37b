"""The loopback provider as a process of its own, for programs that run in a pseudo-terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.pty.terminal import ROOT

_CONFIG = """\
llms:
  loop: {{type: openai, model: loop-1, host: {base_url}, max_retries: 0}}
agents:
  echo: {{name: Echo, description: Says what it is told, llm: loop}}
"""


@contextmanager
def provider(*options: str, module: str = "tests.provider") -> Iterator[str]:
    """Run `python -m tests.provider`, or another module, with options; yields its address."""
    process = subprocess.Popen([sys.executable, "-m", module, *options], stdout=subprocess.PIPE, cwd=ROOT, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.communicate()


def config(folder: Path, base_url: str) -> Path:
    """A configuration whose only agent, `echo`, is answered by that provider."""
    path = folder / "echo.yaml"
    path.write_text(_CONFIG.format(base_url=base_url), encoding="utf-8")
    return path
