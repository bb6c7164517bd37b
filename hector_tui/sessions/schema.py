"""The tables. Every one that holds conversation data carries `session_id` and `agent_id`.

`memories.owner` is the SessionKey as two words of the full-text index, so that a search within one session looks only
at its memories: filtering afterwards ranked every memory that shares a common word, 23 ms at 20,000 memories.

`turns.text` holds what the person sent from the moment it is accepted; its message row gets its `seq` when the turn
starts. So messages of one SessionKey are always in the order they were answered, also after queued turns were moved.

`messages_fts` indexes what was said and what tools answered, newest message first by its rowid. Its content is a view:
the words are read out of the JSON where they stand, so that no text is stored twice. Thoughts are left out; a search
for what was said would find mostly them.

A session with `deleted_at` is in the trash: every query but the trash's own leaves it out, and `sessions/trash.py`
deletes it for good later. `named` says that a person chose the title, which nothing may overwrite.
"""

from __future__ import annotations

APPLICATION_ID = 0x48435455
"""`HCTU`: SQLite's application_id, which tells our file from another program's."""

FULL_TEXT_INDEXES = ("memories_fts", "messages_fts")
MEND_INDEXES = (
    "REINDEX",
    "INSERT INTO memories_fts(memories_fts) VALUES ('rebuild')",
    # Not 'rebuild': FTS5 lets that read from no table-valued function, and the view is made with `json_each`.
    "INSERT INTO messages_fts(messages_fts) VALUES ('delete-all')",
    "INSERT INTO messages_fts(rowid, words) SELECT message_id, words FROM message_words",
)
"""Makes every index anew from the rows."""


def _words(row: str) -> str:
    """An SQL expression for the words of a message; damaged JSON has none, and can be deleted all the same."""
    return (
        "coalesce((SELECT group_concat(CASE value ->> 'kind'"
        " WHEN 'text' THEN value ->> 'text' WHEN 'tool_result' THEN value ->> 'text'"
        " WHEN 'tool_call' THEN value ->> 'arguments' WHEN 'file' THEN value ->> 'name' END, char(10))"
        f" FROM json_each(iif(json_valid({row}parts), {row}parts, '[]')) WHERE type = 'object'), '')"
    )


_TABLES = """
CREATE TABLE sessions(
    session_id TEXT PRIMARY KEY CHECK (session_id <> ''),
    agent_id   TEXT NOT NULL CHECK (agent_id <> ''),
    title      TEXT NOT NULL DEFAULT '',
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    turns      INTEGER NOT NULL DEFAULT 0,
    archived   INTEGER NOT NULL DEFAULT 0,
    queue_policy TEXT NOT NULL DEFAULT '' CHECK (queue_policy IN ('', 'enqueue', 'interrupt', 'reject')),
    named      INTEGER NOT NULL DEFAULT 0,
    pinned     INTEGER NOT NULL DEFAULT 0,
    deleted_at REAL,
    model      TEXT NOT NULL DEFAULT '',
    model_window INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX sessions_by_update ON sessions(updated_at DESC);
CREATE INDEX sessions_in_trash ON sessions(deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE owners(
    owner_id TEXT PRIMARY KEY,
    seen_at  REAL NOT NULL
) STRICT;

CREATE TABLE turns(
    turn_id       TEXT PRIMARY KEY CHECK (turn_id <> ''),
    session_id    TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id      TEXT NOT NULL CHECK (agent_id <> ''),
    ordinal       INTEGER NOT NULL,
    status        TEXT NOT NULL
                  CHECK (status IN ('queued','running','waiting','done','failed','cancelled','interrupted')),
    text          TEXT NOT NULL,
    created_at    REAL NOT NULL,
    started_at    REAL,
    finished_at   REAL,
    error         TEXT NOT NULL DEFAULT '',
    stop_reason   TEXT NOT NULL DEFAULT '',
    model         TEXT NOT NULL DEFAULT '',
    agent_version TEXT NOT NULL DEFAULT '',
    usage         TEXT NOT NULL DEFAULT '{}',
    owner         TEXT NOT NULL,
    files         TEXT NOT NULL DEFAULT '[]',
    UNIQUE (session_id, ordinal)
) STRICT;
CREATE INDEX turns_by_key ON turns(session_id, agent_id, ordinal);
CREATE INDEX turns_by_time ON turns(created_at);
CREATE INDEX turns_live ON turns(owner) WHERE status IN ('queued','running','waiting');

CREATE TABLE messages(
    message_id INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id   TEXT NOT NULL CHECK (agent_id <> ''),
    seq        INTEGER NOT NULL,
    turn_id    TEXT NOT NULL REFERENCES turns ON DELETE CASCADE,
    role       TEXT NOT NULL CHECK (role IN ('user','assistant','tool')),
    parts      TEXT NOT NULL,
    created_at REAL NOT NULL,
    UNIQUE (session_id, agent_id, seq)
) STRICT;
CREATE INDEX messages_by_turn ON messages(turn_id, seq);

CREATE TABLE files(
    row        INTEGER PRIMARY KEY,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id   TEXT NOT NULL CHECK (agent_id <> ''),
    turn_id    TEXT NOT NULL REFERENCES turns ON DELETE CASCADE,
    file_id    TEXT NOT NULL,
    content    BLOB NOT NULL,
    UNIQUE (turn_id, file_id)
) STRICT;
CREATE INDEX files_by_key ON files(session_id, agent_id, file_id);

CREATE VIEW message_words(message_id, words) AS SELECT message_id, {words} FROM messages;
CREATE VIRTUAL TABLE messages_fts USING fts5(
    words, content='message_words', content_rowid='message_id', prefix='2', tokenize="unicode61 remove_diacritics 2"
);
CREATE TRIGGER messages_inserted AFTER INSERT ON messages BEGIN
    INSERT INTO messages_fts(rowid, words) VALUES (new.message_id, {new_words});
END;
CREATE TRIGGER messages_deleted AFTER DELETE ON messages BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, words) VALUES ('delete', old.message_id, {old_words});
END;
CREATE TRIGGER messages_changed AFTER UPDATE OF parts ON messages BEGIN
    INSERT INTO messages_fts(messages_fts, rowid, words) VALUES ('delete', old.message_id, {old_words});
    INSERT INTO messages_fts(rowid, words) VALUES (new.message_id, {new_words});
END;

CREATE TABLE journal(
    turn_id    TEXT NOT NULL REFERENCES turns ON DELETE CASCADE,
    part       INTEGER NOT NULL,
    session_id TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    events     TEXT NOT NULL,
    PRIMARY KEY (turn_id, part)
) STRICT, WITHOUT ROWID;

CREATE TABLE approvals(
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id   TEXT NOT NULL CHECK (agent_id <> ''),
    tool       TEXT NOT NULL,
    created_at REAL NOT NULL,
    PRIMARY KEY (session_id, agent_id, tool)
) STRICT, WITHOUT ROWID;

CREATE TABLE tabs(
    session_id   TEXT PRIMARY KEY REFERENCES sessions ON DELETE CASCADE,
    position     INTEGER,
    active       INTEGER NOT NULL DEFAULT 0,
    beside       INTEGER NOT NULL DEFAULT 0,
    draft        TEXT NOT NULL DEFAULT '',
    seen_ordinal INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE memories(
    row        INTEGER PRIMARY KEY,
    memory_id  TEXT NOT NULL UNIQUE,
    session_id TEXT NOT NULL REFERENCES sessions ON DELETE CASCADE,
    agent_id   TEXT NOT NULL CHECK (agent_id <> ''),
    kind       TEXT NOT NULL CHECK (kind IN ('message','note')),
    role       TEXT NOT NULL,
    text       TEXT NOT NULL,
    created_at REAL NOT NULL,
    turn_id    TEXT NOT NULL DEFAULT '',
    pinned     INTEGER NOT NULL DEFAULT 0,
    owner      TEXT GENERATED ALWAYS AS ('s' || hex(session_id) || ' a' || hex(agent_id)) VIRTUAL
) STRICT;
CREATE INDEX memories_by_key ON memories(agent_id, session_id, created_at);

CREATE VIRTUAL TABLE memories_fts USING fts5(
    text, owner, content='memories', content_rowid='row', tokenize="unicode61 remove_diacritics 2"
);
CREATE TRIGGER memories_inserted AFTER INSERT ON memories BEGIN
    INSERT INTO memories_fts(rowid, text, owner) VALUES (new.row, new.text, new.owner);
END;
CREATE TRIGGER memories_deleted AFTER DELETE ON memories BEGIN
    INSERT INTO memories_fts(memories_fts, rowid, text, owner) VALUES ('delete', old.row, old.text, old.owner);
    DELETE FROM outbox WHERE memory_id = old.memory_id;
    INSERT INTO outbox(op, memory_id, session_id, agent_id, created_at)
        VALUES ('delete', old.memory_id, old.session_id, old.agent_id, (julianday('now') - 2440587.5) * 86400.0);
END;
CREATE TRIGGER memories_changed AFTER UPDATE OF text ON memories BEGIN
    INSERT INTO memories_fts(memories_fts, rowid, text, owner) VALUES ('delete', old.row, old.text, old.owner);
    INSERT INTO memories_fts(rowid, text, owner) VALUES (new.row, new.text, new.owner);
END;

CREATE TABLE outbox(
    entry      INTEGER PRIMARY KEY AUTOINCREMENT,
    op         TEXT NOT NULL CHECK (op IN ('upsert','delete')),
    memory_id  TEXT NOT NULL,
    session_id TEXT NOT NULL,
    agent_id   TEXT NOT NULL,
    created_at REAL NOT NULL,
    attempts   INTEGER NOT NULL DEFAULT 0,
    error      TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX outbox_by_key ON outbox(session_id, agent_id);
CREATE INDEX outbox_by_memory ON outbox(memory_id);
"""

VERSION_1 = (
    _TABLES.replace("{words}", _words("")).replace("{new_words}", _words("new.")).replace("{old_words}", _words("old."))
)
