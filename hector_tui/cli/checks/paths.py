"""Where the profile is, and whether it can be read and written."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from hector_tui.cli.checks.findings import Finding, Section, broken, fact, good, remark, size_text
from hector_tui.cli.output import counted
from hector_tui.paths import ENV_HOME, Profile

LITTLE_SPACE = 100 * 1024**2
"""Bytes; less free space than this is worth a remark."""
_SHARED = stat.S_IRWXG | stat.S_IRWXO
_BLOCK = 512


def paths_section(profile: Profile, option: str | None, env: Mapping[str, str]) -> Section:
    """The folder of a profile and what is in it."""
    findings = [_root(profile.root, _named_by(option, env))]
    if profile.root.is_dir():
        findings += [
            _file("database", profile.database),
            _folder("vectors", profile.vectors),
            _file("log", profile.log),
            _file("settings", profile.settings),
            _folder("themes", profile.themes),
            _folder("backups", profile.backups),
            _folder("locks", profile.locks),
            *_kept_aside(profile.database),
        ]
    return Section("Profile", (*findings, *_space(profile.root)))


def _named_by(option: str | None, env: Mapping[str, str]) -> str:
    if option:
        return "--profile"
    return ENV_HOME if env.get(ENV_HOME) else "the default"


def _root(root: Path, named_by: str) -> Finding:
    where = f"{root} ({named_by})"
    try:
        found = root.stat()
    except FileNotFoundError:
        parent = _nearest(root)
        if parent.is_dir() and os.access(parent, os.W_OK | os.X_OK):
            return good("folder", f"{where}; not there yet, the first start makes it", str(root))
        return broken("folder", f"{where} cannot be made: {parent} is no folder that can be written", str(root))
    except OSError as error:
        return broken("folder", f"{where} cannot be used: {error.strerror}", str(root))
    if not stat.S_ISDIR(found.st_mode):
        return broken("folder", f"{where} is no folder; name another with --profile", str(root))
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        return broken("folder", f"{where} cannot be read and written ({_rights(found)})", str(root))
    if os.name == "posix" and found.st_mode & _SHARED:
        return remark("folder", f"{where}; others can look into it ({_rights(found)}) until the next start", str(root))
    return good("folder", f"{where}, {_rights(found)}", str(root))


def _file(name: str, path: Path) -> Finding:
    try:
        found = path.stat()
    except FileNotFoundError:
        return fact(name, f"{path.name}: not there yet")
    except OSError as error:
        return broken(name, f"{path.name}: {error.strerror}")
    if not stat.S_ISREG(found.st_mode):
        return broken(name, f"{path.name} is no file; move it away")
    if not os.access(path, os.R_OK | os.W_OK):
        return broken(name, f"{path.name} cannot be read and written ({_rights(found)})")
    return good(name, f"{path.name}, {size_text(found.st_size)}, {_rights(found)}", found.st_size)


def _folder(name: str, path: Path) -> Finding:
    try:
        found = path.stat()
    except FileNotFoundError:
        return fact(name, f"{path.name}{os.sep}: not there yet")
    except OSError as error:
        return broken(name, f"{path.name}{os.sep}: {error.strerror}")
    if not stat.S_ISDIR(found.st_mode):
        return broken(name, f"{path.name} is no folder; move it away")
    if not os.access(path, os.R_OK | os.W_OK | os.X_OK):
        return broken(name, f"{path.name}{os.sep} cannot be read and written ({_rights(found)})")
    sizes = list(_sizes(path))
    text = f"{path.name}{os.sep}, {counted(len(sizes), 'file')}, {size_text(sum(sizes))}, {_rights(found)}"
    return good(name, text, {"files": len(sizes), "bytes": sum(sizes)})


def _sizes(folder: Path) -> Iterator[int]:
    """What each file takes on the disk: the vector store's are mostly holes, and their length says nothing."""
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                found = os.lstat(os.path.join(base, name))
            except OSError:
                continue  # removed while we looked
            blocks = getattr(found, "st_blocks", None)
            yield found.st_size if blocks is None else blocks * _BLOCK


def _kept_aside(database: Path) -> Iterator[Finding]:
    """Damaged databases that an earlier start renamed; their write-ahead logs are not counted."""
    kept = sorted(database.parent.glob(f"{database.name}.damaged-*"))
    names = [path.name for path in kept if not path.name.endswith(("-wal", "-shm"))]
    if names:
        yield remark("kept aside", f"{counted(len(names), 'damaged database')} of earlier: {', '.join(names)}", names)


def _space(root: Path) -> Iterator[Finding]:
    try:
        free = shutil.disk_usage(_nearest(root)).free
    except OSError:
        return
    if free < LITTLE_SPACE:
        yield remark("free space", f"only {size_text(free)} left; answers cannot be stored on a full disk", free)
    else:
        yield good("free space", size_text(free), free)


def _nearest(path: Path) -> Path:
    """The path itself or the closest one above it that exists."""
    return next((one for one in (path, *path.parents) if one.exists()), path)


def _rights(found: os.stat_result) -> str:
    return stat.filemode(found.st_mode)[1:]
