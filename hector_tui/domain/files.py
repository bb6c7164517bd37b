"""Files a person attaches to a message: what may be attached, and how one is read from the disk."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from hector_tui.domain.messages import FilePart
from hector_tui.errors import FileRefused

MAX_TEXT_BYTES = 1024 * 1024
"""The longest text: about 300,000 tokens, more than any model reads."""
MAX_IMAGE_BYTES = 5 * 1024 * 1024
"""The largest picture, the least that any of the providers takes."""
MAX_FILES = 10
"""Files of one message."""

_IMAGES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)
_TEXTS = {".md": "text/markdown", ".csv": "text/csv", ".html": "text/html"}
_HEAD_BYTES = 1024


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file with its content, on its way into a message.

    Attributes:
        name: Without its folder.
        media_type: Such as `image/png` or `text/plain`.
        content: Its bytes; UTF-8 when it is a text.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def part(self) -> FilePart:
        """How the message names it."""
        file_id = hashlib.sha256(self.content).hexdigest()
        return FilePart(file_id, self.name, self.media_type, len(self.content))


@dataclass(frozen=True, slots=True)
class FileLook:
    """What can be told of a file from its first bytes.

    Attributes:
        name: Without its folder.
        media_type: Such as `image/png` or `text/plain`.
        size: In bytes.
    """

    name: str
    media_type: str
    size: int


def look_at_file(path: Path) -> FileLook:
    """Say what a file is without reading all of it; raises as `read_file` does, but for what its end may hold."""
    look, head = _opened(path, _HEAD_BYTES)
    _refuse_binary(path, look, head)
    return look


def read_file(path: Path) -> AttachedFile:
    """Read a file that shall go with a message.

    Raises:
        FileRefused: There is no such file, it is a folder or a device, it cannot be read, it is empty or too large, or
            it is neither a text in UTF-8 nor a picture.
    """
    look, content = _opened(path, max(MAX_TEXT_BYTES, MAX_IMAGE_BYTES))
    _refuse_binary(path, look, content)
    return AttachedFile(look.name, look.media_type, content)


def content_problem(part: FilePart, content: bytes) -> str:
    """Why a content from elsewhere cannot be that of a file, by the rules of `read_file`; empty when it can."""
    if len(content) != part.size:
        return f"its content has {len(content):,} bytes and not {part.size:,}"
    found = _media_type(Path(part.name), content)
    if part.is_image != found.startswith("image/") or (part.is_image and found != part.media_type):
        return f"its content is not {part.media_type}"
    look = FileLook(part.name, part.media_type, len(content))
    try:
        _refuse_size(Path(part.name), look)
        _refuse_binary(Path(part.name), look, content)
    except FileRefused as error:
        return error.message
    return ""


def _opened(path: Path, most: int) -> tuple[FileLook, bytes]:
    """A file's first bytes, and what they tell."""
    try:
        # Without waiting: opening a named pipe for reading would last until somebody writes into it.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise FileRefused("there is no such file", where=str(path)) from None
    except (OSError, ValueError) as error:
        raise FileRefused(f"it cannot be read: {_reason(error)}", where=str(path)) from None
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise FileRefused("it is a folder", where=str(path), hint="Attach the files in it one by one.")
        if not stat.S_ISREG(status.st_mode):
            raise FileRefused("it is no file but a device or a pipe", where=str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            content = file.read(most + 1)
    except OSError as error:
        raise FileRefused(f"it cannot be read: {_reason(error)}", where=str(path)) from None
    finally:
        os.close(descriptor)
    size = max(status.st_size, len(content))
    look = FileLook(path.name, _media_type(path, content), size)
    _refuse_size(path, look)
    return look, content


def _refuse_size(path: Path, look: FileLook) -> None:
    limit = MAX_IMAGE_BYTES if look.media_type.startswith("image/") else MAX_TEXT_BYTES
    if look.size > limit:
        raise FileRefused(
            f"it has {_mebibytes(look.size)}, and a {_kind(look)} may have {_mebibytes(limit)}",
            where=str(path),
            hint="Attach a part of it.",
        )
    if not look.size:
        raise FileRefused("it is empty", where=str(path))


def _media_type(path: Path, content: bytes) -> str:
    """By the first bytes, because a name proves nothing; only texts go by their names."""
    for magic, media_type in _IMAGES:
        if content.startswith(magic):
            return media_type
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    return _TEXTS.get(path.suffix.lower(), "text/plain")


def _refuse_binary(path: Path, look: FileLook, content: bytes) -> None:
    if look.media_type.startswith("image/"):
        return
    try:
        binary = "\0" in content[: look.size].decode("utf-8")
    except UnicodeDecodeError as error:
        # A head may end within a character; a whole file may not.
        binary = len(content) >= look.size or error.start < len(content) - 3
    if binary:
        raise FileRefused(
            "it is neither a text in UTF-8 nor a picture (PNG, JPEG, GIF, WebP)",
            where=str(path),
            hint="No model here takes anything else.",
        )


def _kind(look: FileLook) -> str:
    return "picture" if look.media_type.startswith("image/") else "text"


def _mebibytes(size: int) -> str:
    return f"{size / (1024 * 1024):,.1f} MiB"


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
