"""The agents that come with the program."""

from __future__ import annotations

from pathlib import Path

from hector_tui.paths_bundled import bundled


def bundled_agents_dir() -> Path:
    """The folder with one file for each sample agent; it is loaded when no configuration is named.

    Raises:
        FileNotFoundError: The installation is incomplete.
    """
    return bundled("sample_agents")
