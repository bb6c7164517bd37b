from __future__ import annotations

from pathlib import Path

import pytest

from hector_tui.ui.settings import UiSettings, read_settings, write_settings


def test_what_is_written_is_read_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("# mine\ntheme: nord  # cold\nlater: 1\n", encoding="utf-8")
    write_settings(path, UiSettings(theme="paper", inspector=False))
    assert "# mine" in path.read_text(encoding="utf-8")
    assert "later: 1" in path.read_text(encoding="utf-8")
    settings, problem = read_settings(path)
    assert settings == UiSettings(theme="paper", inspector=False)
    assert "later" in problem


@pytest.mark.parametrize("text", ["theme: [\n", "- a list\n"])
def test_a_file_that_cannot_be_read_is_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(text, encoding="utf-8")
    write_settings(path, UiSettings(theme="nord"))
    assert (tmp_path / "settings.yaml.unreadable").read_text(encoding="utf-8") == text
    assert read_settings(path) == (UiSettings(theme="nord"), "")
