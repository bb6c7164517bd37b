from __future__ import annotations

import subprocess
import sys

HEAVY = ("qdrant_client", "qdrant_edge", "numpy", "httpx", "pydantic")


def test_nothing_heavy_is_imported_with_the_memory_service() -> None:
    code = f"import sys, hector_tui.memory.service; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_the_embedded_store_needs_neither_the_client_nor_numpy() -> None:
    code = (
        "import sys, tempfile, pathlib; from hector_tui.memory.edge import EdgeStore;"
        "EdgeStore(pathlib.Path(tempfile.mkdtemp()) / 'v', 4).close();"
        "print([name for name in ('qdrant_client', 'numpy') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
