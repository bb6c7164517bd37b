from __future__ import annotations

import multiprocessing
import os
from dataclasses import fields
from multiprocessing.synchronize import Barrier
from pathlib import Path

import pytest

from hector_tui.errors import SettingsError
from hector_tui.ui.settings import KeyEntry, SettingsFile, change_settings, read_settings
from hector_tui.ui.settings_schema import Choice, Flag, Name, Number, UiSettings, refusal, schema, value_of, words_for


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.yaml"


def wrong(path: Path, text: str) -> list[str]:
    """Every error of a file of that text, the folder cut off."""
    path.write_text(text, encoding="utf-8")
    return [str(error).removeprefix(f"{path.parent}/") for error in read_settings(path).errors]


# Reading


def test_a_file_that_is_not_there_is_an_empty_one(path: Path) -> None:
    assert read_settings(path) == SettingsFile()


@pytest.mark.parametrize("text", ["", "# only a comment\n", "keymap:\ntheme:\n"])
def test_nothing_said_means_the_defaults(path: Path, text: str) -> None:
    assert wrong(path, text) == []
    assert read_settings(path).settings == UiSettings()


def test_every_kind_of_value_is_read(path: Path) -> None:
    path.write_text("theme: nord\nmotion: false\nleader_wait: 9\nbell: off\ntext_width: 0\n", encoding="utf-8")
    file = read_settings(path)
    assert file.settings == UiSettings(theme="nord", motion=False, leader_wait=9, bell="off", text_width=0)
    assert file.chosen == {"theme", "motion", "leader_wait", "bell", "text_width"}
    assert file.errors == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("motin: true\n", "settings.yaml:1:1: unknown setting 'motin'. Did you mean 'motion'?"),
        ("theme: nord\nmotion: maybe\n", "settings.yaml:2:9: motion: expected true or false, found 'maybe'"),
        ("motion: 1\n", "settings.yaml:1:9: motion: expected true or false, found '1'"),
        (
            "leader_wait: 0\n",
            "settings.yaml:1:14: leader_wait: expected a whole number from 1 to 60, found '0'",
        ),
        ("leader_wait: true\n", "settings.yaml:1:14: leader_wait: expected a whole number from 1 to 60, found 'true'"),
        ("leader_wait: 1.5\n", "settings.yaml:1:14: leader_wait: expected a whole number from 1 to 60, found '1.5'"),
        (
            "text_width: 12\n",
            "settings.yaml:1:13: text_width: expected a whole number from 40 to 400, or 0 for the whole width, "
            "found '12'",
        ),
        (
            "bell: allways\n",
            "settings.yaml:1:7: bell: expected one of auto, always, off, found 'allways'. Did you mean 'always'?",
        ),
        ("theme: [nord]\n", "settings.yaml:1:8: theme: expected the name of a theme, found a list"),
        ("theme: ''\n", "settings.yaml:1:8: theme: expected the name of a theme, found ''"),
        ("theme: nord\ntheme: paper\n", "settings.yaml:2:1: 'theme' stands in settings twice. The first one counts."),
        ("- a\n", "settings.yaml:1:1: expected `key: value` lines in settings, found a list"),
        ("theme: [\n", "settings.yaml:2:1: is not YAML: expected the node content, but found '<stream end>'"),
        ("keymap: ctrl+n\n", "settings.yaml:1:9: expected `key: value` lines in keymap, found 'ctrl+n'"),
        (
            "keymap:\n  session.new: {a: b}\n",
            "settings.yaml:2:16: session.new: expected keys, found keys and values. "
            "Write a key, a list of keys, or none; signs such as '?' need quotes.",
        ),
        (
            "keymap:\n  session.new:\ntheme: nord\n",
            "settings.yaml:2:3: session.new: expected keys, found nothing. "
            "Write a key, a list of keys, or none; signs such as '?' need quotes.",
        ),
        ("[" * 60_000, "settings.yaml: is not YAML that can be read"),
        ("#" * 70_000, "settings.yaml: is larger than 64 KiB"),
    ],
)
def test_a_line_that_cannot_be_used_is_named_with_its_place(path: Path, text: str, message: str) -> None:
    assert wrong(path, text) == [message]


def test_the_other_lines_count(path: Path) -> None:
    assert len(wrong(path, "theme: nord\nbell: loud\nmotion: false\n")) == 1
    assert read_settings(path).settings == UiSettings(theme="nord", motion=False)


def test_keys_are_read_as_they_are_written(path: Path) -> None:
    path.write_text(
        "keymap:\n  session.new: [ctrl+n, 'f8']\n  tab.next: none\n  tab.1: 1\nleader:\n  session.new: t\n",
        encoding="utf-8",
    )
    file = read_settings(path)
    assert file.keymap == (
        KeyEntry("session.new", ("ctrl+n", "f8"), f"{path}:2:16"),
        KeyEntry("tab.next", (), f"{path}:3:13"),
        KeyEntry("tab.1", ("1",), f"{path}:4:10"),
    )
    assert file.leader == (KeyEntry("session.new", ("t",), f"{path}:6:16"),)


# Writing


def test_what_is_written_is_read_and_everything_else_stays(path: Path) -> None:
    path.write_text('# mine\ntheme: nord  # cold\nlater: 1\n\nkeymap:\n  help: "f1"  # as ever\n', encoding="utf-8")
    assert change_settings(path, {("theme",): "paper", ("inspector",): False}) is None
    text = path.read_text(encoding="utf-8")
    assert [line for line in ("# mine", "# cold", "later: 1", 'help: "f1"', "# as ever") if line not in text] == []
    assert read_settings(path).settings == UiSettings(theme="paper", inspector=False)


def test_a_setting_taken_out_leaves_the_default(path: Path) -> None:
    change_settings(path, {("theme",): "paper", ("bell",): "off", ("keymap", "help"): ["f1", "f10"]})
    assert read_settings(path).keymap[0].keys == ("f1", "f10")
    change_settings(path, {("theme",): None, ("keymap", "help"): None})
    assert path.read_text(encoding="utf-8") == "bell: off\n"


def test_a_file_of_comments_keeps_them(path: Path) -> None:
    path.write_text("# first\n#second\n", encoding="utf-8")
    change_settings(path, {("theme",): "paper"})
    change_settings(path, {("theme",): None})
    assert path.read_text(encoding="utf-8") == "# first\n# second\n"


def test_an_empty_file_is_written_to(path: Path) -> None:
    path.touch()
    change_settings(path, {("theme",): "paper"})
    assert path.read_text(encoding="utf-8") == "theme: paper\n"


@pytest.mark.parametrize("text", ["theme: [\n", "- a list\n"])
def test_a_file_that_cannot_be_read_is_kept(path: Path, text: str) -> None:
    for name in ("settings.yaml.unreadable", "settings.yaml.unreadable-2"):
        path.write_text(text, encoding="utf-8")
        moved = change_settings(path, {("theme",): "nord"})
        assert moved is not None and moved.name == name
        assert moved.read_text(encoding="utf-8") == text
    assert read_settings(path).settings == UiSettings(theme="nord")


def test_a_link_stays_a_link(tmp_path: Path, path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    kept = tmp_path / "dotfiles" / "hector.yaml"
    kept.write_text("theme: nord\n", encoding="utf-8")
    path.symlink_to(kept)
    change_settings(path, {("motion",): False})
    assert path.is_symlink()
    assert kept.read_text(encoding="utf-8") == "theme: nord\nmotion: false\n"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="could not be written"):
        change_settings(tmp_path / "gone" / "settings.yaml", {("theme",): "nord"})


def _write_many(path: Path, name: str, both: Barrier) -> None:
    both.wait(30)
    for number in range(15):
        change_settings(path, {("keymap", f"{name}.{number}"): "f1"})


def test_two_processes_do_not_undo_each_other(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = context.Barrier(2)
    writers = [context.Process(target=_write_many, args=(path, name, both)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(40)
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert len(read_settings(path).keymap) == 30


def test_the_file_is_for_its_owner_alone(path: Path) -> None:
    change_settings(path, {("theme",): "nord"})
    assert os.stat(path).st_mode & 0o077 == 0


# The schema


def test_every_field_is_a_setting_with_a_default_of_its_kind() -> None:
    assert [setting.key for setting in schema()] == [field.name for field in fields(UiSettings)]
    for setting in schema():
        assert refusal(setting, setting.default) == "", setting.key
        assert value_of(UiSettings(), setting.key) == setting.default
        assert setting.description.endswith(".") and setting.title and words_for(setting, setting.default)


def test_each_kind_refuses_what_is_none_of_its_values() -> None:
    refused: dict[type, tuple[object, ...]] = {
        Flag: ("true", 1, None),
        Choice: ("", "x", None, True),
        Number: (True, "4", -1, 10_000, None, 1.5),
        Name: (3, None, True),
    }
    for setting in schema():
        for value in refused[type(setting.kind)]:
            assert refusal(setting, value).startswith("expected"), (setting.key, value)


def test_the_handbook_has_every_setting_with_its_values_and_its_default() -> None:
    handbook = (Path(__file__).parents[2] / "docs" / "handbook.md").read_text(encoding="utf-8")
    for setting in schema():
        (row,) = [line for line in handbook.splitlines() if line.startswith(f"| `{setting.key}` |")]
        assert setting.description in row
        default = (
            str(setting.default).lower() if isinstance(setting.kind, Flag) else words_for(setting, setting.default)
        )
        assert f"Default: {default}." in row
        if isinstance(setting.kind, Choice):
            assert all(f"`{name}`" in row for name in setting.kind.names), setting.key
