"""What may go with a message, read from a real disk."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hector_tui.domain.files import MAX_IMAGE_BYTES, MAX_TEXT_BYTES, look_at_file, read_file
from hector_tui.errors import FileRefused

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("notes.md", b"# Notes", "text/markdown"),
        ("table.csv", b"a,b", "text/csv"),
        ("program.py", "print('ä')".encode(), "text/plain"),
        ("picture.png", PNG, "image/png"),
        ("a lie.txt", PNG, "image/png"),
        ("p.jpg", b"\xff\xd8\xff\xe0rest", "image/jpeg"),
        ("p.gif", b"GIF89a...", "image/gif"),
        ("p.webp", b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp"),
    ],
)
def test_texts_and_pictures_are_known_by_their_content(
    tmp_path: Path, name: str, content: bytes, media_type: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    file = read_file(path)
    assert (file.name, file.media_type, file.content) == (name, media_type, content)
    assert look_at_file(path).size == len(content)


def test_a_look_is_no_worse_for_a_character_cut_in_half(tmp_path: Path) -> None:
    path = tmp_path / "long.txt"
    for shift in range(4):
        path.write_text("x" * shift + "€" * 2_000, encoding="utf-8")
        assert look_at_file(path).media_type == "text/plain"


@pytest.mark.parametrize(
    "content", [b"\x00\x01\x02", b"caf\xe9", "x".encode("utf-16"), b"text\0text", b"x" * 3_000 + b"\xff"]
)
def test_what_no_model_takes(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "blob.bin"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match="neither a text in UTF-8 nor a picture") as raised:
        read_file(path)
    assert raised.value.where == str(path)


@pytest.mark.parametrize(("head", "most"), [(b"", MAX_TEXT_BYTES), (PNG, MAX_IMAGE_BYTES)], ids=["a text", "a picture"])
def test_what_is_too_large(tmp_path: Path, head: bytes, most: int) -> None:
    path = tmp_path / "large"
    path.write_bytes(head + b"x" * (most - len(head)))
    assert len(read_file(path).content) == most
    path.write_bytes(head + b"x" * (most - len(head) + 1))
    for read in (read_file, look_at_file):
        with pytest.raises(FileRefused, match="may have"):
            read(path)


def test_what_is_no_file_to_read(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="no such file"):
        read_file(tmp_path / "nothing")
    with pytest.raises(FileRefused, match="a folder"):
        read_file(tmp_path)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    # Opening a pipe waits for a writer, and nobody writes.
    with pytest.raises(FileRefused, match="a device or a pipe"):
        read_file(pipe)
    (tmp_path / "empty").touch()
    with pytest.raises(FileRefused, match="empty"):
        read_file(tmp_path / "empty")
    with pytest.raises(FileRefused, match="cannot be read"):
        read_file(tmp_path / "a\0b")


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_what_is_not_allowed(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("x", encoding="utf-8")
    path.chmod(stat.S_IWUSR)
    with pytest.raises(FileRefused, match="Permission denied"):
        read_file(path)
