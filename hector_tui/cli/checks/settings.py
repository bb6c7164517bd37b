"""The person's own settings, keys and themes: what is wrong with them, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from hector_tui.cli.checks.findings import Finding, Section, fact, good, remark
from hector_tui.cli.output import counted
from hector_tui.paths import Profile
from hector_tui.paths_bundled import bundled


def settings_section(profile: Profile, env: Mapping[str, str]) -> Section:
    """The settings file with its keymap, the themes of the profile, and how the desktop can be told."""
    return Section("Settings", (*_settings(profile), *_themes(profile), notifications_finding(env)))


def _settings(profile: Profile) -> Iterator[Finding]:
    from hector_tui.ui.keymap_check import check_keymap
    from hector_tui.ui.settings import read_settings

    if not profile.settings.exists():
        yield fact("settings", f"none; they would stand in {profile.settings}")
        return
    file = read_settings(profile.settings)
    checked = check_keymap(file.keymap, file.leader)
    errors = (*file.errors, *checked.errors)
    for error in errors:
        yield remark("settings", str(error))
    for note in checked.remarks:
        yield fact("keymap", str(note))
    if not errors:
        changed = len(file.keymap) + len(file.leader)
        yield good("settings", f"{profile.settings}: {counted(len(file.chosen), 'setting')}, {counted(changed, 'key')}")
    if not any(error.where == str(profile.settings) for error in file.errors):
        yield from _theme(profile, file.settings.theme)


def _theme(profile: Profile, name: str) -> Iterator[Finding]:
    from hector_tui.errors import ThemeError
    from hector_tui.ui.themes import ThemeLibrary

    try:
        theme = ThemeLibrary((bundled("themes"), profile.themes)).load(name)
    except ThemeError as error:
        yield remark("theme", str(error), name)
    else:
        yield fact("theme", f"{theme.name}, {'dark' if theme.dark else 'light'}", theme.name)


def _themes(profile: Profile) -> Iterator[Finding]:
    from hector_tui.ui.themes import ThemeLibrary

    themes, errors = ThemeLibrary((profile.themes,)).load_all()
    for error in errors:
        yield remark("own theme", str(error))
    if themes:
        yield good("own themes", ", ".join(theme.name for theme in themes), [theme.name for theme in themes])


def notifications_finding(env: Mapping[str, str]) -> Finding:
    """How a person who looks elsewhere is told."""
    from hector_tui.ui.notifications import find_channel

    channel = find_channel(env)
    if not channel.form:
        return fact("notifications", "by the bell; the terminal is not known to show any on the desktop", "")
    sequence = "OSC 9" if channel.form == "osc9" else "OSC 777"
    if channel.through_tmux:
        text = f"on the desktop by {sequence} ({channel.terminal}) if tmux has allow-passthrough on, and by the bell"
        return fact("notifications", text, channel.form)
    return good("notifications", f"on the desktop by {sequence} ({channel.terminal})", channel.form)
