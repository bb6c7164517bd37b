"""Reading a document: everything in it is checked before anything is stored, because anyone may have written it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

from hector_tui.domain.files import content_problem
from hector_tui.domain.keys import SessionKey, new_id, point_id
from hector_tui.domain.memories import Memory, MemoryKind
from hector_tui.domain.messages import FilePart, StoredMessage
from hector_tui.domain.turns import SessionInfo, Turn, TurnRecord, TurnStatus
from hector_tui.domain.usage import Usage
from hector_tui.errors import DocumentError
from hector_tui.sessions.documents.document import (
    FORMAT,
    MAX_BYTES,
    MAX_MEMORIES,
    MAX_MESSAGES,
    MAX_NAME,
    MAX_TIME,
    MAX_TURNS,
    SETTLED,
    VERSION,
    SessionDocument,
)
from hector_tui.sessions.documents.parts import file_of, message_of
from hector_tui.sessions.documents.places import NOT_ONE, Place, numbered, parse

_MAX_COST = 1e9
_POLICIES = ("", "enqueue", "interrupt", "reject")
_MEMORY_ROLES = ("user", "assistant", "note")


def read_document(content: bytes, where: str) -> SessionDocument:
    """The session that a document holds, under new ids.

    Args:
        content: The document, UTF-8.
        where: Its file, for messages.

    Raises:
        DocumentError: It is no such document, one of a newer version, or a field is not as it must be.
    """
    if len(content) > MAX_BYTES:
        raise DocumentError(f"it is larger than {MAX_BYTES // 2**20} MiB", where=where, hint="Nothing was imported.")
    document = parse(content, where)
    _check_format(document)
    fields = document.fields("format", "version", "exported_at", "session", "turns", "memories", "files")
    fields["exported_at"].number(MAX_TIME)
    turn_places = fields["turns"].items(MAX_TURNS)
    info = _session(fields["session"], len(turn_places))
    records = tuple(_record(place, info.session_id, number) for number, place in enumerate(turn_places, start=1))
    _check_numbers(turn_places, records)
    return SessionDocument(
        info=info,
        records=records,
        memories=tuple(
            _memory(place, info.session_id, records, number)
            for number, place in enumerate(fields["memories"].items(MAX_MEMORIES))
        ),
        files=_files(fields["files"], turn_places, records),
    )


def _check_format(document: Place) -> None:
    """Say first what a file is not: a list of its missing fields tells nobody that it is another program's."""
    format_ = document.member("format")
    version = document.member("version")
    if format_ is None or format_.value != FORMAT or version is None:
        raise DocumentError(
            f'it is no session that hector-tui exported ("format" must be "{FORMAT}")',
            where=document.where,
            hint=NOT_ONE,
        )
    if version.whole(1) > VERSION:
        raise DocumentError(
            f"it has version {version.value}, and this hector-tui reads up to {VERSION}",
            where=document.where,
            hint="Nothing was imported; update hector-tui.",
        )


def _session(place: Place, turns: int) -> SessionInfo:
    fields = place.fields(
        "session_id",
        "agent_id",
        "title",
        "named",
        "created_at",
        "updated_at",
        "archived",
        "pinned",
        "queue_policy",
        "model",
        "model_window",
    )
    fields["session_id"].name(MAX_NAME)
    return SessionInfo(
        session_id=new_id(),
        agent_id=fields["agent_id"].name(MAX_NAME, may_be_empty=False),
        title=fields["title"].name(MAX_NAME),
        created_at=fields["created_at"].number(MAX_TIME),
        updated_at=fields["updated_at"].number(MAX_TIME),
        turns=turns,
        archived=fields["archived"].flag(),
        queue_policy=fields["queue_policy"].one_of(_POLICIES),
        named=fields["named"].flag(),
        pinned=fields["pinned"].flag(),
        model=fields["model"].name(MAX_NAME),
        model_window=fields["model_window"].whole(),
    )


def _record(place: Place, session_id: str, number: int) -> TurnRecord:
    fields = place.fields(
        "agent_id",
        "status",
        "text",
        "files",
        "created_at",
        "started_at",
        "finished_at",
        "error",
        "stop_reason",
        "model",
        "agent_version",
        "usage",
        "messages",
    )
    turn = Turn(
        turn_id=f"{session_id}-{number}",
        key=SessionKey(session_id, fields["agent_id"].name(MAX_NAME, may_be_empty=False)),
        ordinal=number,
        status=TurnStatus(fields["status"].one_of([status.value for status in SETTLED])),
        text=fields["text"].text(),
        created_at=fields["created_at"].number(MAX_TIME),
        started_at=_time_or_none(fields["started_at"]),
        finished_at=_time_or_none(fields["finished_at"]),
        error=fields["error"].text(),
        stop_reason=fields["stop_reason"].name(MAX_NAME),
        model=fields["model"].name(MAX_NAME),
        agent_version=fields["agent_version"].name(MAX_NAME),
        usage=_usage(fields["usage"]),
        files=tuple(file_of(file) for file in fields["files"].items(MAX_MESSAGES)),
    )
    messages = [_message(message, turn) for message in fields["messages"].items(MAX_MESSAGES)]
    return TurnRecord(turn=turn, messages=tuple(messages))


def _message(place: Place, turn: Turn) -> StoredMessage:
    fields = place.fields("seq", "role", "parts", "created_at")
    message = message_of(fields)
    for part in message.parts:
        if isinstance(part, FilePart) and part not in turn.files:
            place.refuse(f"has a file that its turn does not have ({part.file_id})")
    return StoredMessage(
        seq=fields["seq"].whole(1),
        turn_id=turn.turn_id,
        message=message,
        created_at=fields["created_at"].number(MAX_TIME),
    )


def _usage(place: Place) -> Usage:
    counts = ("input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens")
    fields = place.fields(*counts, "estimated", "cost")
    return Usage(
        **{name: fields[name].whole() for name in counts},
        estimated=fields["estimated"].flag(),
        cost=None if fields["cost"].is_null() else fields["cost"].number(_MAX_COST),
    )


def _time_or_none(place: Place) -> float | None:
    return None if place.is_null() else place.number(MAX_TIME)


def _check_numbers(places: Sequence[Place], records: Sequence[TurnRecord]) -> None:
    """Every agent's messages are numbered 1, 2, 3 ..., and rise within a turn."""
    by_agent: defaultdict[str, list[tuple[Place, int]]] = defaultdict(list)
    for place, record in zip(places, records, strict=True):
        before = 0
        for number, stored in enumerate(record.messages):
            here = Place(stored.seq, f"{place.path}.messages[{number}].seq", place.where)
            by_agent[record.turn.key.agent_id].append((here, stored.seq))
            if stored.seq <= before:
                here.refuse(f"is {stored.seq} after {before}, and must rise within a turn")
            before = stored.seq
    for agent_id, messages in by_agent.items():
        for wrong in numbered(messages):
            wrong.refuse(
                f"is {wrong.value}, and the messages of {agent_id!r} must be numbered from 1 to {len(messages):,}"
            )


def _memory(place: Place, session_id: str, records: Sequence[TurnRecord], number: int) -> Memory:
    fields = place.fields("agent_id", "kind", "role", "text", "created_at", "pinned", "turn")
    key = SessionKey(session_id, fields["agent_id"].name(MAX_NAME, may_be_empty=False))
    turn = fields["turn"]
    text = fields["text"].text()
    if not text.strip():
        fields["text"].refuse("is blank")
    return Memory(
        memory_id=point_id(key, f"import:{number}"),
        key=key,
        kind=MemoryKind(fields["kind"].one_of([kind.value for kind in MemoryKind])),
        role=fields["role"].one_of(_MEMORY_ROLES),
        text=text,
        created_at=fields["created_at"].number(MAX_TIME),
        turn_id="" if turn.is_null() else records[turn.whole(1, len(records)) - 1].turn.turn_id,
        pinned=fields["pinned"].flag(),
    )


def _files(place: Place, turn_places: Sequence[Place], records: Sequence[TurnRecord]) -> Mapping[str, bytes]:
    """The content of every attached file, which must be what its name promises; null for one that was lost."""
    contents: dict[str, bytes | None] = {}
    for item in place.items(MAX_MESSAGES):
        fields = item.fields("file_id", "content")
        file_id = fields["file_id"].words()
        if file_id in contents:
            item.refuse("is there twice")
        contents[file_id] = None if fields["content"].is_null() else _content(fields["content"], file_id)
    named: set[str] = set()
    seen: set[tuple[str, str, int]] = set()
    for turn_place, record in zip(turn_places, records, strict=True):
        for number, part in enumerate(record.turn.files):
            here = Place(None, f"{turn_place.path}.files[{number}]", place.where)
            if part.file_id not in contents:
                here.refuse('has no content in "files"')
            content = contents[part.file_id]
            named.add(part.file_id)
            promise = (part.file_id, part.media_type, part.size)
            if content is None or promise in seen:  # a picture that every turn repeats is looked at once
                continue
            seen.add(promise)
            if problem := content_problem(part, content):
                here.refuse(f"cannot be: {problem}")
    for file_id in contents:
        if file_id not in named:
            place.refuse(f"has a file that no turn has ({file_id[:MAX_NAME]})")
    return {file_id: content for file_id, content in contents.items() if content is not None}


def _content(place: Place, file_id: str) -> bytes:
    try:
        content = base64.b64decode(place.words().encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        place.refuse("is no base64")
    if hashlib.sha256(content).hexdigest() != file_id:
        place.refuse("is another file than its id says: it was changed, or cut off")
    return content
