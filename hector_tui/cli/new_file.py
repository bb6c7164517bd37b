"""Writing an export into a file that is not there yet: whole, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from hector_tui.errors import StoreError


@contextmanager
def new_file(path: Path) -> Iterator[TextIO]:
    """A new file that only its owner can read; whatever goes wrong before its end removes it.

    Raises:
        StoreError: It is there already, or cannot be written.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except OSError as error:
        raise _not_exported(path, error) from error
    try:
        with open(descriptor, "w", encoding="utf-8", errors="replace") as file:
            yield file
    except OSError as error:
        path.unlink(missing_ok=True)
        raise _not_exported(path, error) from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _not_exported(path: Path, error: OSError) -> StoreError:
    hint = "Name another file." if isinstance(error, FileExistsError) else ""
    return StoreError(f"the session was not exported ({error.strerror})", where=str(path), hint=hint)
