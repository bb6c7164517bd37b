"""`KeyStore`: the providers a person connected by hand, with their keys, apart from every configuration file.

What is connected stands in `connections.json` of the profile, without keys. A key goes to the operating system's
keyring; where there is none, or it does not answer, to `keys.json` beside it, which only its owner can read.

A keyring may ask its owner for a password on another screen, or wait for a service that never starts. So every call to
it has a thread of its own and a deadline, and a silent keyring is no keyring.
"""

from __future__ import annotations

import json
import logging
import os
import re
import tempfile
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from hector_tui.errors import ConfigError
from hector_tui.llm.addresses import usable_key
from hector_tui.llm.providers import PROVIDERS
from hector_tui.llm.secrets import Secret
from hector_tui.paths import Profile

ENV_NO_KEYRING = "HECTOR_TUI_NO_KEYRING"
"""Set to 1, keys go to the file and no keyring is asked."""
SERVICE = "hector-tui"
"""What the keyring shows as the owner of a key."""
Kept = Literal["", "keyring", "file"]
"""Where a key is; empty when there is none."""

_KEYRING_S = 5.0
"""Seconds a keyring gets for one call: long enough for a slow bus, short enough for a start."""
_TRUSTED_PRIORITY = 1.0
"""What keyring's own rules give a backend that keeps secrets; its plain files and its failing stand-ins have less."""
_QUOTES = "\"'`\u2018\u2019\u201c\u201d"
T = TypeVar("T")

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A provider or server a person connected.

    Attributes:
        name: Its id: a provider's type, or one made from the address of a server.
        type: Which of `PROVIDERS` it is spoken to as.
        base_url: Empty for the provider's own.
        model: Taken when nobody chooses another; empty for the provider's own default.
        kept: Where the key is.
    """

    name: str
    type: str
    base_url: str = ""
    model: str = ""
    kept: Kept = ""
    key: Secret = field(default=Secret(""), compare=False)


class Keyring(Protocol):
    """What we need of the library `keyring`."""

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None."""
        ...

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keep a secret."""
        ...

    def delete_password(self, service: str, username: str) -> None:
        """Forget a secret."""
        ...


def system_keyring() -> Keyring | None:
    """The operating system's keyring; None when there is none that keeps secrets."""
    try:
        import keyring

        backend = keyring.get_keyring()
        return backend if backend.priority >= _TRUSTED_PRIORITY else None
    except Exception as error:  # backends fail in as many ways as there are desktops
        logger.info("no keyring: %s", type(error).__name__)
        return None


def cleaned_key(text: str) -> Secret:
    """A key out of what was pasted: without white space, line breaks, quotes, `export NAME=` and `Bearer `.

    Raises:
        ConfigError: What remains has characters that no key has.
    """
    key = "".join(text.split()) if "\n" in text or "\r" in text else text.strip()
    key = re.sub(r"^(?:export\s*)?[A-Z][A-Z0-9_]*=(?=.)", "", key)
    key = key.strip(_QUOTES + " ;,")
    key = re.sub(r"^Bearer\s+", "", key, flags=re.IGNORECASE)
    if any(character.isspace() for character in key):
        raise ConfigError("the key has white space in it", hint="Copy it again, the key alone.")
    return usable_key(Secret(key))


class KeyStore:
    """The connections of one profile. Its methods block: call them in a thread.

    Args:
        profile: Where the two files are.
        find_keyring: Finds the keyring, at the first need.
        timeout_s: Seconds a call to the keyring may take.
    """

    def __init__(
        self,
        profile: Profile,
        *,
        find_keyring: Callable[[], Keyring | None] = system_keyring,
        timeout_s: float = _KEYRING_S,
    ) -> None:
        self._profile = profile
        self._find_keyring = find_keyring
        self._timeout_s = timeout_s
        self._service = f"{SERVICE} ({profile.root})"
        self._lock = threading.RLock()
        self._keyring_fails = False

    @classmethod
    def of(cls, profile: Profile, env: Mapping[str, str]) -> KeyStore:
        """The store of a profile; the environment may forbid the keyring."""
        if env.get(ENV_NO_KEYRING, "") not in ("", "0"):
            return cls(profile, find_keyring=lambda: None)
        return cls(profile)

    def load(self) -> tuple[Connection, ...]:
        """Every connection with its key, in the order they were made.

        A key that cannot be read is missing and says so in the log; a damaged file is an empty one.
        """
        with self._lock:
            connections = self._listed()
            kept = self._file_keys() if any(one.kept == "file" for one in connections) else {}
            return tuple(replace(one, key=self._key_of(one, kept)) for one in connections)

    def listed(self) -> tuple[Connection, ...]:
        """Every connection without its key: nothing is asked of the keyring."""
        with self._lock:
            return self._listed()

    def save(self, connection: Connection) -> Connection:
        """Keep a connection, in the place of one with the same name; says where its key went.

        Raises:
            OSError: The profile cannot be written.
        """
        with self._lock:
            self._forget_key(connection.name)
            kept: Kept = ""
            if connection.key:
                kept = "keyring" if self._into_keyring(connection) else "file"
            if kept == "file":
                self._write(self._profile.keys, {**self._file_keys(), connection.name: connection.key.reveal()})
            connection = replace(connection, kept=kept)
            others = [one for one in self._listed() if one.name != connection.name]
            self._write_list((*others, connection))
            return connection

    def remove(self, name: str) -> bool:
        """Forget a connection and its key; returns whether there was one.

        Raises:
            OSError: The profile cannot be written.
        """
        with self._lock:
            connections = self._listed()
            if all(one.name != name for one in connections):
                return False
            self._forget_key(name)
            self._write_list(tuple(one for one in connections if one.name != name))
            return True

    # The keyring

    def _into_keyring(self, connection: Connection) -> bool:
        """Whether the keyring took the key and gives it back."""

        def store(keyring: Keyring) -> bool:
            keyring.set_password(self._service, connection.name, connection.key.reveal())
            return keyring.get_password(self._service, connection.name) == connection.key.reveal()

        return self._asked(store) is True

    def _key_of(self, connection: Connection, file_keys: Mapping[str, str]) -> Secret:
        if connection.kept == "file":
            return Secret(file_keys.get(connection.name, ""))
        if connection.kept != "keyring":
            return Secret("")
        found = self._asked(lambda keyring: keyring.get_password(self._service, connection.name))
        if not found:
            logger.warning("the keyring did not give the key of %s", connection.name)
        return Secret(found or "")

    def _forget_key(self, name: str) -> None:
        """Forget a key wherever it is."""
        kept = next((one.kept for one in self._listed() if one.name == name), "")
        if kept == "keyring":
            self._asked(lambda keyring: keyring.delete_password(self._service, name))
        keys = self._file_keys()
        if keys.pop(name, None) is not None:
            self._write(self._profile.keys, keys)

    def _asked(self, question: Callable[[Keyring], T]) -> T | None:
        """What the keyring answers within its time; None when it fails. One that was silent is not asked again."""
        if self._keyring_fails:
            return None
        answers: list[T] = []

        def ask() -> None:
            try:
                if (keyring := self._find_keyring()) is not None:
                    answers.append(question(keyring))
            except Exception as error:  # every backend has its own; what it says may hold the key, its type does not
                logger.warning("the keyring failed: %s", type(error).__name__)

        # A daemon of its own: a thread that waits for a password nobody types must not keep the program from ending.
        thread = threading.Thread(target=ask, name="keyring", daemon=True)
        thread.start()
        thread.join(self._timeout_s)
        if thread.is_alive():
            logger.warning("the keyring did not answer within %g s; keys are kept in a file", self._timeout_s)
            self._keyring_fails = True
            return None
        return answers[0] if answers else None

    # The files

    def _listed(self) -> tuple[Connection, ...]:
        entries = _read_json(self._profile.connections).get("connections")
        found = [_connection_of(entry) for entry in entries] if isinstance(entries, list) else []
        return tuple(one for one in found if one is not None)

    def _write_list(self, connections: tuple[Connection, ...]) -> None:
        names = ("name", "type", "base_url", "model", "kept")
        entries = [{name: getattr(one, name) for name in names} for one in connections]
        self._write(self._profile.connections, {"version": 1, "connections": entries})

    def _file_keys(self) -> dict[str, str]:
        return {name: key for name, key in _read_json(self._profile.keys).items() if isinstance(key, str)}

    def _write(self, path: Path, content: Mapping[str, object]) -> None:
        """Write a file as a whole or not at all, readable by its owner from its first byte on."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                json.dump(content, stream, indent=1)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o600)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise


def server_name(base_url: str) -> str:
    """An id for a server, made from its address: `localhost-8080`."""
    place = base_url.split("://", 1)[-1].split("/", 1)[0].rpartition("@")[2]
    return re.sub(r"[^a-z0-9.]+", "-", place.lower()).strip("-") or "server"


def _connection_of(entry: Any) -> Connection | None:
    """A connection as it was written; None for what this program never wrote."""
    match entry:
        case {"name": str(name), "type": str(kind)} if name and kind in PROVIDERS:
            base_url, model = entry.get("base_url"), entry.get("model")
            kept: Kept = entry.get("kept") if entry.get("kept") in ("keyring", "file") else ""
            return Connection(
                name=name,
                type=kind,
                base_url=base_url if isinstance(base_url, str) else "",
                model=model if isinstance(model, str) else "",
                kept=kept,
            )
        case _:
            return None


def _read_json(path: Path) -> dict[str, Any]:
    """The object in a file; empty when it is not there or is damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        logger.warning("%s cannot be read: %s", path.name, type(error).__name__)
        return {}
    return found if isinstance(found, dict) else {}
