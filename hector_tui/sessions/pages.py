"""Reads rows out of a damaged SQLite file, page by page, without SQLite.

SQLite stops a scan at the first bad page, and finds no row at all when the page is near a table's root. Rows live in
leaf pages, and a leaf can be understood alone; so this looks at every page of the file for itself. Python's `sqlite3`
lacks SQLite's own recovery extension, which works the same way. Format: https://www.sqlite.org/fileformat2.html

Pages that SQLite has freed hold nothing: `secure_delete` overwrites them (sessions/database.py), so what a person has
deleted cannot come back this way.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType

Value = int | float | str | bytes | None

MAGIC = b"SQLite format 3\0"
_TABLE_LEAF = 0x0D
_LEAF_HEADER = 8
_DEFAULT_PAGE = 4096
_WAL_MAGICS = (0x377F0682, 0x377F0683)
_WAL_HEADER = struct.Struct(">8I")
_FRAME_HEADER = struct.Struct(">6I")
_BYTES_OF_TYPE = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0)


class DamagedFile:
    """A database file and its write-ahead log, as the last commit left them. A context manager.

    Nothing is ever written. Reads go through `pread` and not through a memory map, where a bad sector or a file cut
    while it is read would kill the process.

    Args:
        path: The file; it need not be there when its write-ahead log is.
        log: The write-ahead log; it need not be there.
    """

    def __init__(self, path: Path, log: Path) -> None:
        self._main = _Source(path)
        self._log = _Source(log)
        header = self._main.read(0, 100)
        log_header = self._log.read(0, _WAL_HEADER.size)
        self.page_size = page_size_of(header, log_header)
        self._in_log = self._committed_frames(log_header)
        self.pages = max(-(-self._main.size // self.page_size), max(self._in_log, default=0))

    def __enter__(self) -> DamagedFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._main.close()
        self._log.close()

    def page(self, number: int) -> bytes:
        """A page, numbered from 1; empty when it is not there whole."""
        if number in self._in_log:
            found = self._log.read(self._in_log[number], self.page_size)
        else:
            found = self._main.read((number - 1) * self.page_size, self.page_size)
        return found if len(found) == self.page_size else b""

    def rows(self, number: int) -> Iterator[tuple[int, list[Value]]]:
        """Rowid and values of the rows of a page that is a table's leaf; cells that make no sense are left out."""
        page = self.page(number)
        # Page 1 begins with the header of the file, and holds the schema alone.
        if number == 1 or not page or page[0] != _TABLE_LEAF:
            return
        cells = int.from_bytes(page[3:5], "big")
        if _LEAF_HEADER + 2 * cells > len(page):
            return
        for place in struct.unpack_from(f">{cells}H", page, _LEAF_HEADER):
            with suppress(IndexError, ValueError, struct.error):
                yield self._cell(page, place)

    def _cell(self, page: bytes, place: int) -> tuple[int, list[Value]]:
        size, place = _varint(page, place)
        rowid, place = _varint(page, place)
        if rowid >= 2**63:
            rowid -= 2**64
        return rowid, _values(self._payload(page, place, size))

    def _payload(self, page: bytes, place: int, size: int) -> bytes:
        """The bytes of a record; long ones continue on overflow pages."""
        usable = self.page_size
        if size > usable * self.pages:
            raise ValueError("longer than the file")
        here = size
        if size > usable - 35:
            least = (usable - 12) * 32 // 255 - 23
            here = least + (size - least) % (usable - 4)
            here = here if here <= usable - 35 else least
        pieces = [page[place : place + here]]
        if len(pieces[0]) != here:
            raise ValueError("a cell that ends behind its page")
        following = int.from_bytes(page[place + here : place + here + 4], "big") if here < size else 0
        left = size - here
        while left > 0:
            overflow = self.page(following) if following > 1 else b""
            if not overflow:
                raise ValueError("an overflow page is missing")
            pieces.append(overflow[4 : 4 + left])
            left -= len(pieces[-1])
            following = int.from_bytes(overflow[:4], "big")
        return b"".join(pieces)

    def _committed_frames(self, header: bytes) -> dict[int, int]:
        """Where in the log the newest committed copy of each page stands.

        The salts tell this log's frames from those of an older one. Checksums are not compared: a frame that SQLite
        would refuse is read all the same, and what makes no sense in it is left out like in any other page.
        """
        if len(header) < _WAL_HEADER.size:
            return {}
        magic, _, page_size, _, *salts = _WAL_HEADER.unpack(header)[:6]
        if magic not in _WAL_MAGICS or page_size != self.page_size:
            return {}
        committed: dict[int, int] = {}
        open_transaction: dict[int, int] = {}
        place = _WAL_HEADER.size
        while len(frame := self._log.read(place, _FRAME_HEADER.size)) == _FRAME_HEADER.size:
            number, size_after_commit, *frame_salts = _FRAME_HEADER.unpack(frame)[:4]
            if frame_salts != salts:
                break
            open_transaction[number] = place + _FRAME_HEADER.size
            if size_after_commit:
                committed.update(open_transaction)
                open_transaction.clear()
            place += _FRAME_HEADER.size + page_size
        return committed


class _Source:
    """A file that may be missing, unreadable or shorter than it should be."""

    def __init__(self, path: Path) -> None:
        self._descriptor = -1
        self.size = 0
        with suppress(OSError):
            self._descriptor = os.open(path, os.O_RDONLY)
            self.size = os.fstat(self._descriptor).st_size

    def read(self, place: int, length: int) -> bytes:
        """Up to `length` bytes; fewer at the end of the file, none where the disk fails."""
        if self._descriptor < 0:
            return b""
        try:
            return os.pread(self._descriptor, length, place)
        except (OSError, OverflowError):
            return b""

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def page_size_of(header: bytes, log_header: bytes = b"") -> int:
    """Bytes per page: what the file says, else what the log says, else SQLite's default."""
    said = int.from_bytes(header[16:18], "big") if header[:16] == MAGIC else 0
    in_log = int.from_bytes(log_header[8:12], "big")
    for size in (65536 if said == 1 else said, in_log):
        if 512 <= size <= 65536 and size.bit_count() == 1:
            return size
    return _DEFAULT_PAGE


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """A number of one to nine bytes, seven bits in each but the ninth; and the place behind it."""
    value = 0
    for length in range(8):
        byte = data[place + length]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + length + 1
    return value << 8 | data[place + 8], place + 9


def _values(record: bytes) -> list[Value]:
    """The values of a record.

    Raises:
        ValueError: Its parts do not add up to its length.
        IndexError: It is cut.
    """
    header_size, place = _varint(record, 0)
    types = []
    while place < header_size:
        kind = record[place]
        if kind < 0x80:  # nearly always; a call for each would take a third of the time
            place += 1
        else:
            kind, place = _varint(record, place)
        types.append(kind)
    if place != header_size:
        raise ValueError("a header that does not end where it says")
    values = []
    for kind in types:
        if kind in (10, 11):
            raise ValueError("a kind of value that is not in use")
        length = _BYTES_OF_TYPE[kind] if kind < 12 else (kind - 12) // 2
        values.append(_value(kind, record[place : place + length]))
        place += length
    if place != len(record):
        raise ValueError("values that do not fill the record")
    return values


def _value(kind: int, data: bytes) -> Value:
    match kind:
        case 0:
            return None
        case 7:
            (number,) = struct.unpack(">d", data)
            return float(number)
        case 8 | 9:
            return kind - 8
        case _ if kind < 7:
            return int.from_bytes(data, "big", signed=True)
        case _ if kind % 2:
            # A damaged character is shown as such; the words around it are worth keeping.
            return data.decode("utf-8", "replace")
        case _:
            return data
