"""Whether another process holds a lock file of ours."""

from __future__ import annotations

from pathlib import Path

import portalocker


def is_held(path: Path) -> bool:
    """Whether a process that runs now holds the lock; a file that is not there is held by nobody.

    The only way to ask the kernel is to take the lock for a moment. It is a shared one, so that two who ask do not see
    each other; the file is neither made nor written.
    """
    try:
        with open(path, "rb") as file:
            portalocker.lock(file, portalocker.LOCK_SH | portalocker.LOCK_NB)
    except FileNotFoundError:
        return False
    except (OSError, portalocker.LockException):
        return True
    return False
