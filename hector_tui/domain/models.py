"""Which models there are to choose from, which one a session chose, and what can be connected: plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ChosenState = Literal["ready", "needs_key", "no_server", "gone"]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """A model of a source, as `/model` takes it and a session stores it: `openrouter/openai/gpt-4o`.

    Attributes:
        source_id: An llm of the configuration, a provider, or a server; it holds no slash.
        context_window: Tokens the source's list said it holds; 0 when unknown.
    """

    source_id: str
    model: str
    context_window: int = 0

    def __str__(self) -> str:
        return f"{self.source_id}/{self.model}"

    @classmethod
    def parse(cls, text: str, context_window: int = 0) -> ModelChoice | None:
        """The choice a text names; None when it names no source and model."""
        source_id, slash, model = text.strip().partition("/")
        return cls(source_id, model, context_window) if slash and source_id and model else None


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model in a source's list.

    Attributes:
        context_window: In tokens; 0 when unknown.
    """

    name: str
    context_window: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceView:
    """A place models can come from here.

    Attributes:
        label: For people.
        detail: Where it is or where its key comes from.
        problem: Why it cannot be used now; empty when it can.
    """

    source_id: str
    label: str
    detail: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What a source listed.

    Attributes:
        problem: Why it did not; empty when it did.
    """

    source: SourceView
    models: tuple[ListedModel, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenModel:
    """The model a session chose for itself, as the screen shows it.

    Attributes:
        state: `gone` when its source is no longer there.
        detail: The key it needs, or the server that was not found.
    """

    choice: ModelChoice
    label: str
    context_window: int
    state: ChosenState = "ready"
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectOption:
    """Something that can be connected.

    Attributes:
        option_id: What the command line calls it.
        asks_key: `needed`, `optional`, or `no`.
        address: Where it usually is; empty with `asks_address` means that the person must say.
        key_page: Where a key is made; empty for servers of one's own.
        state: What is there already, such as `connected, key in the system's keyring`; empty for nothing.
        is_stored: Whether the key store holds it, so that it can be disconnected.
    """

    option_id: str
    label: str
    asks_key: Literal["needed", "optional", "no"]
    asks_address: bool = False
    address: str = ""
    key_page: str = ""
    state: str = ""
    is_stored: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Connected:
    """How connecting went.

    Attributes:
        name: The connection.
        kept: Where its key is, in words; empty without a key.
        models: How many it listed; 0 when the check listed none.
        auto: What agents with `llm: auto` use now, in words.
        shadowed: Why the key is not the one that is used, such as a variable that goes before it; empty when it is.
    """

    name: str
    label: str
    kept: str
    models: int
    auto: str
    shadowed: str = ""
