"""`hector-tui doctor`: what works here, what does not, and what to do about it. It creates and changes nothing."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import shutil
import sys
import textwrap
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from hector_tui.cli.checks.configuration import configuration_sections
from hector_tui.cli.checks.database import DatabaseLook, look_at_database
from hector_tui.cli.checks.findings import Finding, Section, State, broken
from hector_tui.cli.checks.paths import paths_section
from hector_tui.cli.checks.settings import settings_section
from hector_tui.cli.checks.terminal import terminal_section
from hector_tui.cli.checks.vectors import vectors_section
from hector_tui.cli.checks.versions import versions_section
from hector_tui.cli.output import counted, prints_unicode, say, say_json
from hector_tui.cli.setup import config_paths, profile_of
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED
from hector_tui.ui.text import clean_line

_GLYPHS = {State.FACT: " ", State.GOOD: "✓", State.REMARK: "!", State.BROKEN: "✗"}
_ASCII_GLYPHS = {State.FACT: " ", State.GOOD: "+", State.REMARK: "!", State.BROKEN: "x"}
_NARROWEST = 40
"""Columns below which lines are not wrapped any more."""


def run_doctor(options: argparse.Namespace) -> int:
    """Look at everything and print it; 1 when something is broken.

    Raises:
        ProfileError: The profile's folder cannot even be named.
    """
    # Nothing may be written, so there is no log; and what Python would print instead is not for this screen.
    logging.getLogger("hector_tui").addHandler(logging.NullHandler())
    sections = examine(options)
    faults = sum(finding.state is State.BROKEN for section in sections for finding in section.findings)
    if options.json:
        say_json(_as_json(sections, usable=not faults))
    else:
        _print(sections)
    return EXIT_FAILED if faults else EXIT_DONE


def examine(options: argparse.Namespace) -> list[Section]:
    """Every section. A check that fails in a way nobody thought of is itself a finding, and the others go on.

    Raises:
        ProfileError: The profile's folder cannot even be named.
    """
    profile = profile_of(options)
    looks: list[DatabaseLook] = []

    def database() -> Sequence[Section]:
        looks.append(look_at_database(profile))
        return [looks[0].section]

    def configuration() -> Sequence[Section]:
        return asyncio.run(configuration_sections(config_paths(options), os.environ, profile))

    checks: tuple[tuple[str, Callable[[], Sequence[Section]]], ...] = (
        ("Versions", lambda: [versions_section()]),
        ("Profile", lambda: [paths_section(profile, options.profile, os.environ)]),
        ("Database", database),
        ("Vectors", lambda: [vectors_section(profile, looks[0].outbox if looks else None)]),
        ("Configuration", configuration),
        ("Settings", lambda: [settings_section(profile, os.environ)]),
        ("Terminal", lambda: [terminal_section(os.environ)]),
    )
    return list(chain.from_iterable(_guarded(title, check) for title, check in checks))


def _guarded(title: str, check: Callable[[], Sequence[Section]]) -> Sequence[Section]:
    try:
        return check()
    except Exception as error:
        return [Section(title, (broken("check", f"could not be made ({type(error).__name__}: {error})"),))]


def _as_json(sections: Sequence[Section], *, usable: bool) -> dict[str, object]:
    findings = {section.title.lower(): [one.as_json() for one in section.findings] for section in sections}
    return {"usable": usable, "sections": findings}


def _print(sections: Sequence[Section]) -> None:
    is_unicode = prints_unicode()
    glyphs = _GLYPHS if is_unicode else _ASCII_GLYPHS
    labels = max(len(clean_line(finding.name)) for section in sections for finding in section.findings)
    for section in sections:
        say(section.title)
        for finding in section.findings:
            for line in _lines(finding, glyphs[finding.state], labels):
                say(line if is_unicode else line.encode("ascii", "replace").decode("ascii"))
        say("")
    say(_summary(sections))


def _lines(finding: Finding, glyph: str, labels: int) -> Iterator[str]:
    """A finding beside its name; wrapped on a terminal, on one line in a pipe, where `grep` may wait."""
    lead = f"  {glyph} {clean_line(finding.name):<{labels}}  "
    text = clean_line(finding.text)
    width = shutil.get_terminal_size().columns - 1 if sys.stdout.isatty() else 0
    if width - len(lead) < _NARROWEST:
        yield f"{lead}{text}"
        return
    # A path or an address that is too long for a line stays whole, so that it can be copied.
    pieces = textwrap.wrap(text, width - len(lead), break_long_words=False, break_on_hyphens=False)
    for number, piece in enumerate(pieces or [""]):
        yield f"{' ' * len(lead) if number else lead}{piece}"


def _summary(sections: Sequence[Section]) -> str:
    states = [finding.state for section in sections for finding in section.findings]
    remarks = counted(states.count(State.REMARK), "remark")
    faults = states.count(State.BROKEN)
    if faults:
        return f"{counted(faults, 'thing')} broken, {remarks}."
    return f"Everything needed works, {remarks}."
