"""`make bench`: every benchmark, one after another; each prints ratios measured within one run."""

from __future__ import annotations

import subprocess
import sys

MODULES = ("first_frame", "transcript", "stalls", "engine", "window")


def main() -> int:
    """Run them, each in a process of its own so that none warms up the next; returns the worst exit status."""
    worst = 0
    for name in MODULES:
        print(f"\n== {name}", flush=True)  # noqa: T201
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode)
    return worst


if __name__ == "__main__":
    raise SystemExit(main())
