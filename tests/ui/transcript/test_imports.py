"""What showing an empty transcript must not import: the way to the first frame is short."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys
import textual.app, textual.scroll_view
before = set(sys.modules)
import hector_tui.ui.transcript
first = sorted(set(sys.modules) - before)
from hector_tui.ui.transcript.preload import preload
preload()
print(json.dumps([first, sorted(set(sys.modules) - before)]))
"""


def test_parsers_and_lexers_are_imported_when_they_are_needed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    first, later = json.loads(done.stdout)
    assert not [name for name in first if name.split(".")[0] in ("markdown_it", "pygments", "linkify_it")]
    assert "markdown_it" in later and "pygments.lexers.python" in later
