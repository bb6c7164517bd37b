"""Rows of things that stand under one another, with sums that cost nothing while only the end changes."""

from __future__ import annotations

from collections.abc import Iterable


class Heights:
    """A list of heights in rows, and how many rows stand above each.

    Sums are kept up to the first entry that changed since they were asked for: an answer grows at the end and a reader
    looks at one place, so nearly every question is answered without adding anything.
    """

    def __init__(self, rows: Iterable[int] = ()) -> None:
        self._rows = list(rows)
        self._above = [0]
        """Rows above entry `i`, for as many entries as are known."""
        self.total = sum(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> int:
        return self._rows[index]

    def set(self, index: int, rows: int) -> int:
        """Change one height; returns by how many rows the total grew."""
        grown = rows - self._rows[index]
        if grown:
            self._rows[index] = rows
            self.total += grown
            del self._above[index + 1 :]
        return grown

    def append(self, rows: int) -> None:
        """Add one at the end."""
        self._rows.append(rows)
        self.total += rows

    def truncate(self, length: int) -> None:
        """Drop everything from an index on."""
        self.total -= sum(self._rows[length:])
        del self._rows[length:]
        del self._above[length + 1 :]

    def insert(self, index: int, rows: Iterable[int]) -> None:
        """Add several before an index."""
        added = list(rows)
        self._rows[index:index] = added
        self.total += sum(added)
        del self._above[index + 1 :]

    def remove(self, index: int) -> None:
        """Take one out."""
        self.total -= self._rows.pop(index)
        del self._above[index + 1 :]

    def above(self, index: int) -> int:
        """Rows above an entry; `len(self)` asks for those above the end."""
        known = self._above
        while len(known) <= index:
            known.append(known[-1] + self._rows[len(known) - 1])
        return known[index]

    def locate(self, row: int) -> tuple[int, int]:
        """The entry a row falls into, and which of its rows it is; the last entry when it is below the end."""
        low, high = 0, max(0, len(self._rows) - 1)
        while low < high:
            middle = (low + high + 1) // 2
            if self.above(middle) <= row:
                low = middle
            else:
                high = middle - 1
        return low, max(0, row - self.above(low)) if self._rows else 0
