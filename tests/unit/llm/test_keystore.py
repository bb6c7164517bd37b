"""Keys a person gave: in the keyring where it works, in a private file where it does not, and nowhere else."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from hector_tui.errors import ConfigError
from hector_tui.llm.keystore import Connection, Keyring, KeyStore, cleaned_key, server_name
from hector_tui.llm.secrets import Secret
from hector_tui.paths import Profile

KEY = "sk-canary-keystore-77aa"


class MemoryKeyring:
    """A keyring that works."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.kept[service, username]


class LockedKeyring(MemoryKeyring):
    """A keyring that refuses."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(f"locked; would have kept {password}")


class SilentKeyring(MemoryKeyring):
    """A keyring that asks for a password on a screen nobody looks at."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def set_password(self, service: str, username: str, password: str) -> None:
        self.asked.set()
        threading.Event().wait()


class ForgetfulKeyring(MemoryKeyring):
    """A keyring that takes everything and gives nothing back."""

    def get_password(self, service: str, username: str) -> str | None:
        return None


def store(root: Path, keyring: Keyring | None, timeout_s: float = 20.0) -> KeyStore:
    return KeyStore(Profile(root), find_keyring=lambda: keyring, timeout_s=timeout_s)


def one(name: str = "groq") -> Connection:
    return Connection(name=name, type="groq", key=Secret(KEY))


def written(root: Path) -> str:
    return "".join(path.read_text() for path in root.rglob("*") if path.is_file())


def test_a_keyring_that_works_keeps_the_key_and_no_file_has_it(tmp_path: Path) -> None:
    keyring = MemoryKeyring()
    assert store(tmp_path, keyring).save(one()).kept == "keyring"
    assert list(keyring.kept.values()) == [KEY]
    assert KEY not in written(tmp_path)
    (loaded,) = store(tmp_path, keyring).load()
    assert loaded.key.reveal() == KEY
    assert store(tmp_path, keyring).remove("groq")
    assert not keyring.kept
    assert store(tmp_path, keyring).load() == ()


@pytest.mark.parametrize("keyring", [None, LockedKeyring(), ForgetfulKeyring()], ids=["none", "locked", "forgetful"])
def test_without_a_keyring_that_gives_it_back_a_private_file_keeps_the_key(
    tmp_path: Path, keyring: Keyring | None
) -> None:
    for mask in (0o000, 0o077):
        before = os.umask(mask)
        try:
            assert store(tmp_path / "new", keyring).save(one()).kept == "file"
        finally:
            os.umask(before)
        for path in (tmp_path / "new").iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700
    (loaded,) = store(tmp_path / "new", keyring).load()
    assert loaded.key.reveal() == KEY
    assert store(tmp_path / "new", keyring).remove("groq")
    assert KEY not in written(tmp_path)


def test_a_keyring_that_is_silent_is_given_up_and_not_asked_again(tmp_path: Path) -> None:
    keyring = SilentKeyring()
    keys = store(tmp_path, keyring, timeout_s=0.05)
    assert keys.save(one()).kept == "file"
    assert keyring.asked.is_set()
    keyring.asked.clear()
    assert keys.save(one("other")).kept == "file"
    assert not keyring.asked.is_set()


def test_nothing_is_asked_of_a_keyring_when_nothing_is_in_it(tmp_path: Path) -> None:
    asked: list[str] = []

    def find() -> Keyring | None:
        asked.append("asked")
        return None

    assert KeyStore(Profile(tmp_path), find_keyring=find).load() == ()
    assert not asked


def test_damaged_files_are_empty_ones(tmp_path: Path) -> None:
    profile = Profile(tmp_path)
    store(tmp_path, None).save(one())
    for damage in ("{", "[]", '{"connections": 7}', '{"connections": [7, {"name": "x", "type": "nobody"}]}'):
        profile.connections.write_text(damage)
        assert store(tmp_path, None).load() == ()
    profile.connections.write_text(
        json.dumps({"connections": [{"name": "groq", "type": "groq", "kept": "file", "model": 4}]})
    )
    profile.keys.write_text("nonsense")
    (loaded,) = store(tmp_path, None).load()
    assert not loaded.key
    assert loaded.model == ""


@pytest.mark.parametrize(
    "pasted",
    [
        KEY,
        f"  {KEY}\n",
        f'"{KEY}"',
        f"'{KEY}'\r\n",
        f"\u201c{KEY}\u201d",
        f"{KEY[:9]}\n{KEY[9:]}",
        f"export GROQ_API_KEY={KEY}",
        f'GROQ_API_KEY="{KEY}";',
        f"Bearer {KEY}",
    ],
)
def test_what_copying_brings_along_is_not_part_of_a_key(pasted: str) -> None:
    assert cleaned_key(pasted).reveal() == KEY


@pytest.mark.parametrize("pasted", ["two words", "schlüssel-schlüssel", "sk-\x07bell"])
def test_what_cannot_be_a_key_is_refused_without_showing_it(pasted: str) -> None:
    with pytest.raises(ConfigError) as refused:
        cleaned_key(pasted)
    assert pasted not in str(refused.value)


def test_a_server_is_named_by_its_place() -> None:
    assert server_name("http://localhost:8080/v1") == "localhost-8080"
    assert server_name("https://llm.Example.org/openai/v1") == "llm.example.org"
