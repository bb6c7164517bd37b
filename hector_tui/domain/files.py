"""Files a person attaches to a message."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from hector_tui.domain.messages import FilePart


@dataclass(frozen=True, slots=True)
class AttachedFile:
    """A file with its content, on its way into a message.

    Attributes:
        name: Without its folder.
        media_type: Such as `image/png` or `text/plain`.
    """

    name: str
    media_type: str
    content: bytes = field(repr=False)

    @property
    def part(self) -> FilePart:
        """How the message names it."""
        file_id = hashlib.sha256(self.content).hexdigest()
        return FilePart(file_id, self.name, self.media_type, len(self.content))
