"""What a benchmark sends: every prompt carries a nonce of its own, so that what happened can be read off the content.

A plan follows from its load and seed alone. Two processes that share a profile make the same one and need not talk.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from hector_tui.agents.agent import QueuePolicy
from hector_tui.domain.keys import SessionKey

OFFLINE = "offline"
"""The model that follows the benchmark's script instead of a provider."""
BURST = 4
"""Turns a session is sent in a row before its answers are waited for: two for each of its agents."""
_AGENTS_PER_SESSION = 2
_SHARED_EVERY = 5
"""With two processes every fifth session is sent to by both."""
_NONCE = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}(?![0-9a-f])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How much is sent, to whom.

    Attributes:
        policy: What the agents do with a message that comes while they answer.
        processes: Processes that send to the same profile: 1 or 2.
        model: `offline`, or the id of an llm of the configuration.
        words: Words of an answer, each with its prompt's nonce.
        seed: Makes the nonces of one benchmark differ from those of every other.
    """

    turns: int = 1_000
    sessions: int = 100
    agents: int = 10
    policy: QueuePolicy = "enqueue"
    processes: int = 1
    model: str = OFFLINE
    words: int = 20
    seed: str

    @property
    def is_scripted(self) -> bool:
        """Whether every word of every answer is known beforehand."""
        return self.model == OFFLINE


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One message to be sent.

    Attributes:
        number: Its place among the prompts of its SessionKey, from 0.
        position: Its place among the prompts of its session, from 0.
        sender: The process that sends it, from 0.
    """

    key: SessionKey
    number: int
    position: int
    sender: int
    nonce: str
    words: int

    @property
    def text(self) -> str:
        """What is sent. A language model can follow it as well as the script."""
        return f"Write this word {self.words} times, with spaces between, and nothing else: {self.nonce}"


class Plan:
    """Every prompt of a benchmark. A session talks with two agents in turn: what is isolated is the SessionKey.

    Args:
        load: How much is sent.

    Attributes:
        prompts: All of them, session by session in the order in which they are sent.
    """

    def __init__(self, load: Load) -> None:
        self.load = load
        self.agent_ids = tuple(f"bench_{number:02d}" for number in range(load.agents))
        self.prompts = tuple(self._prompts())

    def prompt(self, nonce: str) -> Prompt | None:
        """The prompt with a nonce; None for hexadecimal digits that are none of ours."""
        return self._by_nonce.get(nonce)

    def prompts_in(self, text: str) -> list[Prompt]:
        """The prompts whose nonces a text holds, in its order, repetitions included."""
        return [prompt for nonce in _NONCE.findall(text) if (prompt := self._by_nonce.get(nonce)) is not None]

    def bursts(self, sender: int) -> Sequence[Sequence[Sequence[Prompt]]]:
        """What a process sends: per session, in bursts."""
        found = []
        for prompts in self._sessions.values():
            own = [prompt for prompt in prompts if prompt.sender == sender]
            if own:
                found.append([own[start : start + BURST] for start in range(0, len(own), BURST)])
        return found

    def is_shared(self, session_id: str) -> bool:
        """Whether two processes send to a session."""
        return len({prompt.sender for prompt in self._sessions[session_id]}) > 1

    @cached_property
    def interruptible(self) -> frozenset[str]:
        """Nonces of prompts that a newer one of the same SessionKey may interrupt; empty unless the policy says so."""
        if self.load.policy != "interrupt":
            return frozenset()
        found: set[str] = set()
        for sender in range(self.load.processes):
            for bursts in self.bursts(sender):
                for burst in bursts:
                    last = {prompt.key: prompt.nonce for prompt in burst}
                    found.update(prompt.nonce for prompt in burst if last[prompt.key] != prompt.nonce)
        return frozenset(found)

    @cached_property
    def _by_nonce(self) -> Mapping[str, Prompt]:
        return {prompt.nonce: prompt for prompt in self.prompts}

    @cached_property
    def _sessions(self) -> Mapping[str, Sequence[Prompt]]:
        found: dict[str, list[Prompt]] = defaultdict(list)
        for prompt in self.prompts:
            found[prompt.key.session_id].append(prompt)
        return found

    def _prompts(self) -> Iterator[Prompt]:
        load = self.load
        for session in range(min(load.sessions, load.turns)):
            numbers: dict[str, int] = defaultdict(int)
            for position in range(len(range(session, load.turns, load.sessions))):
                agent_id = self.agent_ids[(session + position % _AGENTS_PER_SESSION) % load.agents]
                yield Prompt(
                    key=SessionKey(f"bench-{load.seed}-{session:06d}", agent_id),
                    number=numbers[agent_id],
                    position=position,
                    sender=self._sender(session, position),
                    nonce=_nonce(load.seed, session, position),
                    words=load.words,
                )
                numbers[agent_id] += 1

    def _sender(self, session: int, position: int) -> int:
        if self.load.processes == 1:
            return 0
        if session % _SHARED_EVERY == 0:
            return (position // _AGENTS_PER_SESSION) % self.load.processes
        return session % self.load.processes


def descents(ranks: Sequence[int]) -> int:
    """How often a rank is followed by a smaller one: 0 for a sequence in order."""
    return sum(1 for before, after in pairwise(ranks) if after < before)


def _nonce(seed: str, session: int, position: int) -> str:
    return hashlib.blake2b(f"{seed}/{session}/{position}".encode(), digest_size=8).hexdigest()
