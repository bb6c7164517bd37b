"""The error tree: every failure a person may read says what, where, and what to do.

HectorError
├── ConfigError          a configuration that cannot be used (carries every problem found)
├── ThemeError           a theme file that cannot be used
├── SettingsError        a line of the settings file that cannot be used, or a file that cannot be written
├── ProfileError         the profile folder cannot be used
├── LinkError            a link that is not opened
├── StoreError           SQLite refused a read or a write
│   ├── StoreCorrupt     the file is not a database of ours, or is damaged
│   ├── StoreTooNew      written by a newer hector-tui
│   └── StoreConflict    the row is no longer in the state the change needs; trying again is of no use
├── MemoryIndexError     the vector store refused; SQLite still has everything
│   └── MemoryIndexLocked  another process holds the vector folder
├── MemoryNotFound       no memory, or more than one, has such an id
├── DocumentError        a file is no exported session that can be read
├── AgentError           an agent cannot be used
│   ├── UnknownAgent     no agent with that id
│   └── AgentDisabled    its file is broken; carries the reason
├── SessionError         a session cannot be used
│   ├── UnknownSession   no session with that id
│   └── SessionBusy      its policy rejects a message while a turn runs
├── FileRefused          a file cannot go with a message
├── EditorError          the person's own editor did not give the draft back
├── ProviderError        a model provider failed (retryable, retry_after_s)
│   ├── AuthFailed, ModelNotFound, RateLimited, ProviderUnavailable,
│   └── BadResponse, StreamCut, ProviderTimeout, RequestRejected
├── ToolError            told to the model, never raised to the screen
└── LimitReached         a configured bound of a run was hit
"""

from __future__ import annotations


class HectorError(Exception):
    """Base of every error this program raises on purpose.

    Args:
        message: What happened, in one line, without a trailing full stop.
        where: The file, URL, agent or session it happened in; empty when the message says it.
        hint: What the person can do about it; empty when there is nothing to do.
    """

    def __init__(self, message: str, *, where: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(HectorError):
    """A configuration cannot be used."""


class ThemeError(HectorError):
    """A theme file cannot be used."""


class SettingsError(HectorError):
    """A line of the settings file cannot be used, or the file cannot be written."""


class ProfileError(HectorError):
    """The profile folder cannot be made, read or written."""


class LinkError(HectorError):
    """A link is not opened: it deceives, or nothing here can open it."""


class StoreError(HectorError):
    """SQLite refused a read or a write; nothing was stored by the call that raised it."""


class StoreCorrupt(StoreError):
    """The database file is damaged, or is not a database of this program."""


class StoreGone(StoreError):
    """The database file was removed or replaced while it was open."""


class StoreTooNew(StoreError):
    """The database was written by a newer version of this program."""


class StoreConflict(StoreError):
    """The row is gone, or no longer in the state the change needs: trying again is of no use."""


class MemoryIndexError(HectorError):
    """The vector store refused; SQLite still holds every memory."""


class MemoryIndexLocked(MemoryIndexError):
    """Another process holds the vector folder."""


class MemoryNotFound(HectorError):
    """No memory has an id that begins so, or more than one has."""


class DocumentError(HectorError):
    """A file is not an exported session that this program reads; nothing of it was stored."""


class AgentError(HectorError):
    """An agent cannot be used."""


class UnknownAgent(AgentError):
    """No agent has that id."""


class AgentDisabled(AgentError):
    """The agent's file is broken; the message is the reason."""


class SessionError(HectorError):
    """A session cannot be used."""


class UnknownSession(SessionError):
    """No session has that id."""


class SessionBusy(SessionError):
    """The session's policy is `reject` and a turn is running."""


class EngineClosed(HectorError):
    """The program is ending and takes no more commands."""


class FileRefused(HectorError):
    """A file cannot go with a message."""


class EditorError(HectorError):
    """The person's own editor could not be started, or did not give the draft back."""


class ProviderError(HectorError):
    """A model provider failed.

    Args:
        message: What happened, in one line.
        where: The provider's address, without credentials or query.
        hint: What the person can do.
        retryable: Whether the same request may succeed later.
        retry_after_s: Seconds the provider asked to wait; None when it did not say.
        refused: The part of the request the provider does not take, such as `temperature`; empty when it is another
            failure.
    """

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        retryable: bool = False,
        retry_after_s: float | None = None,
        refused: str = "",
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.refused = refused


class AuthFailed(ProviderError):
    """The provider refused the key (401, 403)."""


class ModelNotFound(ProviderError):
    """The provider does not know the model (404)."""


class RateLimited(ProviderError):
    """The provider asked to slow down, or a quota is used up (429)."""


class ProviderUnavailable(ProviderError):
    """The provider could not be reached, or answered 5xx."""


class ProviderTimeout(ProviderError):
    """The provider stayed silent for longer than allowed."""


class RequestRejected(ProviderError):
    """The provider refused the request itself (400, 413, 422)."""


class BadResponse(ProviderError):
    """The provider sent something that is not its own protocol."""


class StreamCut(ProviderError):
    """The stream ended before the protocol's own end marker."""


class ToolError(HectorError):
    """A tool could not do what the model asked; the text goes back to the model."""


class LimitReached(HectorError):
    """A configured bound of a run was hit; the run ends with what it has said.

    Args:
        message: Which bound it was, as a sentence for the person.
        name: The key that sets it, such as `max_events`.
    """

    def __init__(self, message: str, *, name: str) -> None:
        super().__init__(message)
        self.name = name
