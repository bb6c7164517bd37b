"""`hector-tui memory list|search|forget|rebuild`: what is remembered, and the index that finds it."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from hector_tui.cli.output import counted, say, say_json, warn
from hector_tui.cli.setup import open_engine, open_store
from hector_tui.cli.statuses import EXIT_DONE, EXIT_FAILED
from hector_tui.domain.memories import Memory, MemoryFilter
from hector_tui.errors import MemoryNotFound
from hector_tui.ui.text import clean_line

if TYPE_CHECKING:
    from hector_tui.engine.host import Engine

SHORT_ID = 8
"""Characters of an id that a list shows: two of 10,000 memories share them once in a hundred profiles."""
_INDEX_WAIT_S = 10.0
"""Seconds a search waits for the vector store to open and to take in what is new; then it goes by words alone."""
_PROGRESS_S = 0.2


def run_memory(options: argparse.Namespace) -> int:
    """List, search or forget memories, or rebuild their index.

    Raises:
        MemoryNotFound: No memory, or more than one, has such an id.
        HectorError: The profile, the configuration, the database or the vector store cannot be used.
    """
    actions: dict[str, Callable[[argparse.Namespace], Coroutine[None, None, int]]] = {
        "list": _list,
        "search": _search,
        "forget": _forget,
        "rebuild": _rebuild,
    }
    return asyncio.run(actions[options.action](options))


async def _list(options: argparse.Namespace) -> int:
    where = _filter(options)
    async with open_store(options) as store:
        if where.session_id:
            await store.sessions.get(where.session_id)
        memories = await store.memories.latest(where, options.limit)
        total = (await store.memories.counts(where)).total
        titles = await store.memories.session_titles(list({memory.key.session_id for memory in memories}))
    for memory in memories:
        title = titles.get(memory.key.session_id, "")
        if options.json:
            say_json(_object(memory, title))
        else:
            say(_entry(memory, title))
    if total > len(memories):
        warn(f"{len(memories):,} of {counted(total, 'memory', 'memories')}; `--limit {total}` shows all.")
    elif not memories:
        warn("Nothing is remembered.")
    return EXIT_DONE


async def _search(options: argparse.Namespace) -> int:
    """What answers a question; 1 when nothing does."""
    where = _filter(options)
    async with open_engine(options) as engine:
        if where.session_id:
            await engine.chat.session(where.session_id)
        await engine.memory.flush(timeout_s=_INDEX_WAIT_S)
        found = await engine.chat.insight.search_memory(" ".join(options.words), where, limit=options.limit)
    for hit in found.hits:
        if options.json:
            say_json({**_object(hit.memory, hit.session_title), "score": hit.score, "found_by": hit.found_by})
        else:
            say(_entry(hit.memory, hit.session_title, f"  {hit.score:.2f} {hit.found_by:<6}"))
    if found.words_only:
        warn(f"The vector store was not searched: {found.words_only}.")
    if not found.hits:
        warn("No memory answers that.")
    return EXIT_DONE if found.hits else EXIT_FAILED


async def _forget(options: argparse.Namespace) -> int:
    """Delete memories; nothing is deleted unless every id names exactly one."""
    async with open_engine(options) as engine:
        memories = [await _named(engine, wanted) for wanted in options.memory_ids]
        gone = await engine.chat.insight.forget(list(dict.fromkeys(memory.memory_id for memory in memories)))
    for memory in dict.fromkeys(memories):
        say(f"{memory.memory_id[:SHORT_ID]}  {clean_line(memory.text)}")
    say(f"Forgotten: {counted(gone, 'memory', 'memories')}.")
    return EXIT_DONE


async def _named(engine: Engine, wanted: str) -> Memory:
    """The memory a person means.

    Raises:
        MemoryNotFound: There is none, or more than one.
    """
    prefix = wanted.strip().lower()
    found = await engine.chat.insight.memories_beginning_with(prefix, 3) if prefix else []
    if len(found) == 1:
        return found[0]
    if not found:
        raise MemoryNotFound(
            f"nothing was forgotten: there is no memory {wanted!r}", hint="`hector-tui memory list` shows their ids."
        )
    raise MemoryNotFound(
        f"nothing was forgotten: {wanted!r} is the beginning of several ids ({_some(found)})",
        hint="Write more of it; `hector-tui memory list --json` shows whole ids.",
    )


def _some(found: Sequence[Memory]) -> str:
    ids = [memory.memory_id for memory in found[:2]]
    return ", ".join([*ids, "..."] if len(found) > len(ids) else ids)


async def _rebuild(options: argparse.Namespace) -> int:
    """Make the vector store anew; 1 when not every memory is in it."""
    async with open_engine(options) as engine:
        try:
            async with _progress_shown(engine):
                rebuilt = await engine.chat.insight.rebuild_memory()
        except asyncio.CancelledError:
            warn("Not finished; the next start goes on with it.")
            raise
    say(f"Rebuilt the vector store: {counted(rebuilt.indexed, 'memory', 'memories')} indexed.")
    if left := rebuilt.total - rebuilt.indexed:
        warn(f"{counted(left, 'memory', 'memories')} could not be embedded; the log says why. Words still find them.")
    return EXIT_FAILED if left else EXIT_DONE


@asynccontextmanager
async def _progress_shown(engine: Engine) -> AsyncIterator[None]:
    shown = asyncio.create_task(_show_progress(engine), name="rebuild-progress")
    try:
        yield
    finally:
        shown.cancel()
        await asyncio.wait({shown})


async def _show_progress(engine: Engine) -> None:
    """Say on a terminal how far it is; runs until it is cancelled."""
    if not sys.stderr.isatty():
        return
    try:
        while True:
            await asyncio.sleep(_PROGRESS_S)
            status = engine.memory.status
            if status.state == "rebuilding":
                print(f"\rindexing memories: {status.progress:4.0%} ", end="", file=sys.stderr, flush=True)
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _filter(options: argparse.Namespace) -> MemoryFilter:
    return MemoryFilter(session_id=options.session or "", agent_id=options.agent or "")


def _entry(memory: Memory, title: str, score: str = "") -> str:
    """Two lines: what there is to know about a memory, and its words."""
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(memory.created_at))
    marks = "pinned " if memory.pinned else ""
    origin = f"{clean_line(memory.key.agent_id):<14} {clean_line(title) or '(no title)'}"
    head = f"{memory.memory_id[:SHORT_ID]}{score}  {when}  {marks}{memory.kind.value:<7}  {origin}"
    return f"{head}\n    {clean_line(memory.text)}"


def _object(memory: Memory, title: str) -> dict[str, object]:
    return {
        "memory_id": memory.memory_id,
        "kind": memory.kind.value,
        "role": memory.role,
        "text": memory.text,
        "agent_id": memory.key.agent_id,
        "session_id": memory.key.session_id,
        "session_title": title,
        "created_at": memory.created_at,
        "turn_id": memory.turn_id,
        "pinned": memory.pinned,
        "indexed": memory.indexed,
    }
