"""What the interface remembers between two starts, in `settings.yaml` of the profile."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

_MAX_BYTES = 64_000


@dataclass(frozen=True, slots=True)
class UiSettings:
    """The interface's own settings; an agent's are in its file.

    Attributes:
        theme: Name of the theme; empty for the default.
        inspector: Whether the inspector is shown where there is room.
    """

    theme: str = ""
    inspector: bool = True


def read_settings(path: Path) -> tuple[UiSettings, str]:
    """The settings of a file, and why it could not be used; a file that is not there is an empty one."""
    try:
        with path.open("rb") as file:
            content = YAML(typ="safe", pure=True).load(file.read(_MAX_BYTES))
    except FileNotFoundError:
        return UiSettings(), ""
    except (OSError, YAMLError, ValueError) as error:
        return UiSettings(), f"{path}: cannot be read ({str(error).splitlines()[0]})"
    if content is None:
        return UiSettings(), ""
    if not isinstance(content, dict):
        return UiSettings(), f"{path}: expected `key: value` lines"
    settings, wrong = UiSettings(), []
    for key, value in content.items():
        if key == "theme" and isinstance(value, str):
            settings = replace(settings, theme=value)
        elif key == "inspector" and isinstance(value, bool):
            settings = replace(settings, inspector=value)
        else:
            wrong.append(str(key))
    return settings, f"{path}: not understood: {', '.join(wrong)}" if wrong else ""


def write_settings(path: Path, settings: UiSettings) -> None:
    """Write a file's known keys and keep everything else in it, comments too.

    Raises:
        OSError: The file could not be written; what was there still is.
    """
    yaml = YAML()
    content: object = None
    if path.exists():
        try:
            content = yaml.load(path.read_text(encoding="utf-8"))
        except (YAMLError, ValueError):
            content = None
        if not isinstance(content, dict):
            # A slip of the pen in it must not cost the person the rest of the file.
            path.replace(path.with_name(f"{path.name}.unreadable"))
    if not isinstance(content, dict):
        content = {}
    content["theme"] = settings.theme
    content["inspector"] = settings.inspector
    draft = path.with_suffix(".yaml.new")
    with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        yaml.dump(content, file)
    draft.replace(path)
