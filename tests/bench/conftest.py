"""A small benchmark that was run once, and its database to tamper with."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from hector_tui.bench.audit import Counts, audit
from hector_tui.bench.counting import Counted, count
from hector_tui.bench.heard import Heard
from hector_tui.bench.plan import Load, Plan
from hector_tui.bench.points import PointCounts, count_points
from hector_tui.paths import Profile


@dataclass(kw_only=True)
class Evidence:
    """A benchmark's profile and what was heard; `counts` reads the profile as it is now."""

    profile: Profile
    plan: Plan
    heard: dict[str, Heard] = field(default_factory=dict)

    def counts(self) -> Counts:
        return audit(self.profile.database, self.plan, self.heard)

    def points(self) -> PointCounts:
        return count_points(self.profile)

    def change(self, sql: str, *values: object) -> None:
        """Change the database past the program; exactly one row."""
        with closing(sqlite3.connect(self.profile.database)) as connection:
            assert connection.execute(sql, values).rowcount == 1
            connection.commit()

    def value(self, sql: str, *values: object) -> object:
        with closing(sqlite3.connect(self.profile.database)) as connection:
            (found,) = connection.execute(sql, values).fetchone()
        return found


def run_load(profile: Profile, load: Load) -> Counted:
    """The counted part of a benchmark, without its progress."""
    return asyncio.run(count(profile, Plan(load), (), lambda _text: None))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    load = Load(turns=24, sessions=4, agents=3, words=6, seed="5eed")
    profile = Profile(tmp_path_factory.mktemp("bench") / "profile")
    return Evidence(profile=profile, plan=Plan(load), heard=run_load(profile, load).heard)


@pytest.fixture
def evidence(finished: Evidence, tmp_path: Path) -> Evidence:
    """A copy of the finished benchmark, without its vectors, whose files are large."""
    profile = Profile(tmp_path)
    shutil.copy(finished.profile.database, profile.database)
    return Evidence(profile=profile, plan=finished.plan, heard=dict(finished.heard))


@pytest.fixture
def vectors(finished: Evidence, evidence: Evidence) -> Evidence:
    """The copy with its vectors."""
    shutil.copytree(finished.profile.vectors, evidence.profile.vectors)
    return evidence


@pytest.fixture
def count_load(tmp_path: Path) -> Iterator[Callable[..., Counted]]:
    """Runs the counted part with a load of its keywords."""

    def counted(**load: object) -> Counted:
        return run_load(Profile(tmp_path / "profile"), Load(seed="5eed", **load))  # type: ignore[arg-type]

    yield counted
