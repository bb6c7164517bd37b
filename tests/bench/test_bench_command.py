"""`hector-tui bench` as a person starts it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def bench(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "HECTOR_TUI_HOME": str(home), "TMPDIR": str(home.parent)}
    return subprocess.run(
        [sys.executable, "-m", "hector_tui", "bench", *arguments], env=env, capture_output=True, text=True, check=False
    )


def test_one_json_object_with_every_count_and_the_profile_untouched(tmp_path: Path) -> None:
    home = tmp_path / "home"

    done = bench(home, "--turns", "20", "--sessions", "4", "--agents", "2", "--json")

    assert done.returncode == 0, done.stderr
    (line,) = done.stdout.splitlines()
    report = json.loads(line)
    assert report["turns"] == 20
    assert [report[name] for name in ("lost", "duplicated", "misordered", "leaked", "faults")] == [0] * 5
    assert (report["memories"], report["points"]) == (40, 40)
    assert report["overhead"]["word_us"] > 0
    assert report["lifecycles"]["is_one_object"] is True
    assert [step["sessions"] for step in report["scale"]["steps"]] == [1, 1_000, 100_000]
    assert "20 of 20 turns" in done.stderr
    assert not home.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_in_use_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")

    done = bench(tmp_path / "home", "--turns", "1", "--keep", str(tmp_path))

    assert done.returncode == 1
    assert "the folder is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
