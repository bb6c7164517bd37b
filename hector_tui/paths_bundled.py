"""Where the files are that travel with the program: themes, sample agents and the handbook."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

BundledName = Literal["themes", "sample_agents", "docs"]


def bundled(name: BundledName) -> Path:
    """The folder of that name: inside the package in an installation, at the top level in a source checkout.

    Raises:
        FileNotFoundError: Neither is there, so the installation is incomplete.
    """
    package = Path(__file__).resolve().parent
    # pyproject.toml copies the folders into the package when a wheel is built ([tool.hatch.build.targets.wheel]).
    for folder in (package / "_bundled" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the folder {name!r} that belongs to hector-tui is missing; install it again")
