"""What became of a prompt on the sender's side: how its stream ended, and what it said until then."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Ending(StrEnum):
    """How a send ended."""

    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The agent's policy refused it while another turn ran; nothing may be stored."""
    UNSENT = "unsent"
    """Sending it raised another error, which the sender was told; nothing may be stored."""
    UNENDED = "unended"
    """Its stream stopped without a terminal event, or had more than one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What a reader of one run was given.

    Attributes:
        said: A digest of the words, see `digest`.
        first_event_s: Seconds from the send to the first event in the reader's thread; None when there was none.
        first_word_s: Seconds from the send to the first word there; None when there was none.
    """

    ending: Ending
    said: str = ""
    first_event_s: float | None = None
    first_word_s: float | None = None

    def tells(self, answers: Sequence[str]) -> bool:
        """Whether what was read is what is stored: the same words, or none and no answer."""
        if self.ending is Ending.UNENDED:
            return False
        return digest("".join(answers)) == self.said


def digest(text: str) -> str:
    """A text in 32 hexadecimal digits."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def heard_to_list(heard: Heard) -> list[object]:
    """As JSON between two processes."""
    return [heard.ending.value, heard.said, heard.first_event_s, heard.first_word_s]


def heard_from_list(data: Sequence[object]) -> Heard:
    """The inverse of `heard_to_list`.

    Raises:
        ValueError: It is not one.
    """
    match data:
        case [str(ending), str(said), (float() | None) as event_s, (float() | None) as word_s]:
            return Heard(ending=Ending(ending), said=said, first_event_s=event_s, first_word_s=word_s)
    raise ValueError(f"{data!r} is not what a worker tells of a prompt")


def endings(heard: Mapping[str, Heard], ending: Ending) -> int:
    """How many sends ended in a certain way."""
    return sum(1 for one in heard.values() if one.ending is ending)
