"""`settings.yaml` of the profile: read with the place of every mistake, and changed without touching the rest.

    theme: nord
    motion: false
    keymap:                       # what a key does; `none` takes the key away
      session.new: [ctrl+n, f8]
      app.leader: ctrl+g
    leader:                       # the key after the leader key
      session.new: t

A line that cannot be used is reported and left out; the others count.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hector_tui.errors import SettingsError
from hector_tui.ui.settings_schema import Setting, UiSettings, Value, refusal, schema
from hector_tui.ui.yaml_nodes import compose, is_null, kind_of, nearest, place_of, read_text

MAX_BYTES = 64 * 1024
KEYMAP, LEADER = "keymap", "leader"
NONE = "none"
"""The word that takes a key away."""

_LOCK_S = 2.0
"""Seconds another process gets to finish its own change."""

Change = Value | list[str] | None
"""What a key is set to; None takes it out of the file, so that the default counts."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """One line of `keymap` or `leader`.

    Attributes:
        binding_id: What is bound.
        keys: As the person wrote them; none at all for `none`.
        where: `file:line:column`.
    """

    binding_id: str
    keys: tuple[str, ...]
    where: str


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """What a settings file says.

    Attributes:
        chosen: The keys of the settings that stand in it with a value that counts.
        errors: Every line that was left out, with its place.
    """

    settings: UiSettings = field(default_factory=UiSettings)
    chosen: frozenset[str] = frozenset()
    keymap: tuple[KeyEntry, ...] = ()
    leader: tuple[KeyEntry, ...] = ()
    errors: tuple[SettingsError, ...] = ()


def read_settings(path: Path) -> SettingsFile:
    """Read a file; one that is not there is an empty one, and no mistake in it is raised."""
    try:
        if not path.exists():
            return SettingsFile()
        text = read_text(path, max_bytes=MAX_BYTES, error=SettingsError)
        root = compose(path, text, error=SettingsError)
    except SettingsError as error:
        return SettingsFile(errors=(error,))
    except OSError as error:
        return SettingsFile(errors=(SettingsError(f"cannot be read ({error.strerror})", where=str(path)),))
    return _Reader(path).file(root)


class _Reader:
    """Turns the nodes of one file into settings; collects what is wrong."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._errors: list[SettingsError] = []

    def file(self, root: Node | None) -> SettingsFile:
        settings, chosen = UiSettings(), set()
        entries: dict[str, tuple[KeyEntry, ...]] = {}
        by_key = {setting.key: setting for setting in schema()}
        for key, key_node, node in self._pairs(root, "settings"):
            if key in (KEYMAP, LEADER):
                entries[key] = tuple(self._entries(key, node))
            elif (setting := by_key.get(key)) is None:
                self._note(key_node, f"unknown setting {key[:40]!r}", nearest(key, (*by_key, KEYMAP, LEADER)))
            elif not is_null(node):
                value = self._value(setting, node)
                if value is not None:
                    settings = replace(settings, **{key: value})  # type: ignore[arg-type]  # checked by its kind
                    chosen.add(key)
        return SettingsFile(
            settings, frozenset(chosen), entries.get(KEYMAP, ()), entries.get(LEADER, ()), tuple(self._errors)
        )

    def _pairs(self, node: Node | None, what: str) -> Iterator[tuple[str, Node, Node]]:
        if node is None or is_null(node):
            return
        if not isinstance(node, MappingNode):
            self._note(node, f"expected `key: value` lines in {what}, found {kind_of(node)}")
            return
        seen = set()
        for key_node, value in node.value:
            if not isinstance(key_node, ScalarNode):
                self._note(key_node, f"expected a word, found {kind_of(key_node)}")
                continue
            key = str(key_node.value)
            if key in seen:
                self._note(key_node, f"{key[:40]!r} stands in {what} twice", "The first one counts.")
                continue
            seen.add(key)
            if is_null(value):
                # Where nothing stands YAML points at whatever comes next.
                value.start_mark = key_node.start_mark
            yield key, key_node, value

    def _value(self, setting: Setting, node: Node) -> Value | None:
        value = _scalar(node)
        if reason := refusal(setting, value):
            found = f"{setting.key}: {reason}, found {kind_of(node)}"
            self._note(node, found, nearest(str(value), setting.kind.names) if hasattr(setting.kind, "names") else "")
            return None
        return value

    def _entries(self, what: str, node: Node) -> Iterator[KeyEntry]:
        for binding_id, _, value in self._pairs(node, what):
            keys = self._keys(binding_id, value)
            if keys is not None:
                yield KeyEntry(binding_id, keys, place_of(self._path, value))

    def _keys(self, binding_id: str, node: Node) -> tuple[str, ...] | None:
        """Keys as they are written: a word, a list of words, or `none`; digits are keys too."""
        nodes = node.value if isinstance(node, SequenceNode) else [node]
        words = [str(one.value) for one in nodes if isinstance(one, ScalarNode) and not is_null(one)]
        if len(words) != len(nodes) or not words:
            hint = f"Write a key, a list of keys, or {NONE}; signs such as '?' need quotes."
            self._note(node, f"{binding_id[:40]}: expected keys, found {kind_of(node)}", hint)
            return None
        return () if words == [NONE] else tuple(words)

    def _note(self, node: Node, message: str, hint: str = "") -> None:
        self._errors.append(SettingsError(message, where=place_of(self._path, node), hint=hint))


def _scalar(node: Node) -> Value | None:
    """The value of a scalar of a kind settings have; None for anything else."""
    if not isinstance(node, ScalarNode):
        return None
    text = str(node.value)
    match (node.tag or "").removeprefix("tag:yaml.org,2002:"):
        case "bool":
            return text.lower() == "true"
        case "int":
            try:
                return int(text)
            except ValueError:
                return None
        case "str":
            return text
    return None


def change_settings(path: Path, changes: Mapping[tuple[str, ...], Change]) -> Path | None:
    """Change some keys of the file and keep everything else in it: comments, order, and what others wrote meanwhile.

    The file is read anew under a lock, so that two running programs do not undo each other, and replaced as a whole.

    Args:
        path: The file; a link is followed, so that it stays one.
        changes: New values by their path in the file: `("theme",)`, or `("keymap", "session.new")`.

    Returns:
        Where a file that could not be read was moved to; None when there was none.

    Raises:
        SettingsError: It could not be written; what was there still is.
    """
    path = path.resolve()
    import portalocker  # 8 ms, and only a change needs it

    lock = path.with_name(f".{path.name}.lock")
    try:
        with portalocker.Lock(lock, mode="a", timeout=_LOCK_S):
            return _rewrite(path, changes)
    except portalocker.LockException as error:
        raise SettingsError("is being changed by another process", where=str(path), hint="Try again.") from error
    except OSError as error:
        raise SettingsError(f"could not be written ({error.strerror or error})", where=str(path)) from error


def _rewrite(path: Path, changes: Mapping[tuple[str, ...], Change]) -> Path | None:
    yaml = YAML()
    yaml.preserve_quotes = True
    # The reader reports a key that stands twice and takes the first, as this does; it is no reason to give up the file.
    yaml.allow_duplicate_keys = True
    yaml.width = 4_096
    content, moved = _content(path, yaml)
    for names, value in changes.items():
        _put(content, names, value)
    text = _dumped(content, yaml)
    draft = path.with_name(f"{path.name}.new")
    with open(os.open(draft, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    return moved


def _dumped(content: CommentedMap, yaml: YAML) -> str:
    text = StringIO()
    yaml.dump(content, text)
    # Without a key left, what is dumped is the comments and an empty mapping.
    return text.getvalue() if content else text.getvalue().removesuffix("{}\n")


def _content(path: Path, yaml: YAML) -> tuple[CommentedMap, Path | None]:
    """What stands in the file; one that is not readable is moved aside: a slip of the pen must not cost the rest."""
    if not path.exists():
        return CommentedMap(), None
    try:
        content = yaml.load(path.read_text(encoding="utf-8-sig"))
    except (YAMLError, ValueError, RecursionError):
        content = "unreadable"
    if isinstance(content, CommentedMap):
        return content, None
    if content is None:
        # Nothing but comments, which the parser does not keep: they go back in as they are.
        kept = CommentedMap()
        if comments := list(_bare_comments(path)):
            kept.yaml_set_start_comment("\n".join(comments))
        return kept, None
    aside = _free_name(path)
    path.replace(aside)
    return CommentedMap(), aside


def _bare_comments(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        if line.lstrip().startswith("#"):
            yield line.lstrip().removeprefix("#").removeprefix(" ")


def _free_name(path: Path) -> Path:
    aside, number = path.with_name(f"{path.name}.unreadable"), 2
    while aside.exists():
        aside, number = path.with_name(f"{path.name}.unreadable-{number}"), number + 1
    return aside


def _put(content: CommentedMap, names: tuple[str, ...], value: Change) -> None:
    *parents, key = names
    place = content
    for parent in parents:
        if not isinstance(place.get(parent), CommentedMap):
            if value is None:
                return
            place[parent] = CommentedMap()
        place = place[parent]
    if isinstance(value, list):
        place[key] = CommentedSeq(value)
        place[key].fa.set_flow_style()
        return
    if value is not None:
        place[key] = value
        return
    place.pop(key, None)
    if parents and not place:
        content.pop(parents[0], None)
