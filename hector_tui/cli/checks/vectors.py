"""The vector store, by its marks and the outbox. It is not opened: opening changes files, and only one process may."""

from __future__ import annotations

from collections.abc import Iterator

from hector_tui.cli.checks.database import Outbox
from hector_tui.cli.checks.findings import Finding, Section, fact, good, remark
from hector_tui.cli.checks.locks import is_held
from hector_tui.cli.output import counted
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.vectors_state import VectorsState, read_state
from hector_tui.paths import Profile

_REBUILT = "the next start fills it from the database"


def vectors_section(profile: Profile, outbox: Outbox | None) -> Section:
    """The embedded store of a profile, its server if one was used, and what waits for either."""
    return Section("Vectors", (*_embedded(profile), *_server(profile), *_waiting(outbox)))


def _embedded(profile: Profile) -> Iterator[Finding]:
    folder = profile.vectors
    if not folder.is_dir():
        yield fact("store", f"no {folder.name} folder yet; {_REBUILT}")
        return
    state = read_state(folder / "state.json")
    if state is None:
        yield remark("store", f"{folder.name} has no readable state of ours; {_REBUILT}")
        return
    value = {"engine": state.engine, "embedder": state.embedder_id, "dimension": state.dimension}
    text = f"{state.engine}, made with {state.embedder_id}, {state.dimension} numbers per vector"
    if state != _wanted(state.engine):
        yield remark("store", f"{text}; this version makes them anew at the next start", value)
    else:
        yield good("store", text, value)
    if is_held(folder.with_name(f"{folder.name}.lock")):
        yield good("lock", "a running hector-tui has it; others search by words meanwhile", True)
    else:
        yield fact("lock", "free", False)


def _wanted(engine: str) -> VectorsState:
    embedder = HashingEmbedder()
    return VectorsState(engine=engine, embedder_id=embedder.embedder_id, dimension=embedder.dimension)


def _server(profile: Profile) -> Iterator[Finding]:
    state = read_state(profile.root / "vectors-server.json")
    if state is not None:
        yield fact("server", f"{state.engine}, made with {state.embedder_id}", state.engine)


def _waiting(outbox: Outbox | None) -> Iterator[Finding]:
    if outbox is None:
        return
    stored = outbox.memories - outbox.missing
    yield fact("points", f"{stored:,} of {counted(outbox.memories, 'memory', 'memories')}, by the database", stored)
    value = {"memories": outbox.missing, "deletions": outbox.deletions}
    text = f"{counted(outbox.missing, 'memory', 'memories')} and {counted(outbox.deletions, 'deletion')} wait"
    if outbox.error:
        yield remark("outbox", f"{text}; the last attempt failed: {outbox.error}", {**value, "error": outbox.error})
    elif outbox.missing or outbox.deletions:
        yield fact("outbox", f"{text} for a running hector-tui", value)
    else:
        yield good("outbox", "empty", value)
