"""The counters of the benchmark can fail: a database that somebody tampered with does not pass."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hector_tui.bench.heard import Ending, digest
from hector_tui.bench.plan import Prompt
from hector_tui.domain.keys import SessionKey
from hector_tui.memory.embedders import HashingEmbedder
from hector_tui.memory.opening import FolderOpener
from tests.bench.conftest import Evidence

MESSAGE = "session_id = ? AND agent_id = ? AND role = ? AND parts LIKE ?"
COPY = (
    "INSERT INTO messages(session_id, agent_id, seq, turn_id, role, parts, created_at)"
    " SELECT session_id, agent_id, 1000, turn_id, role, parts, created_at FROM messages WHERE " + MESSAGE
)


def place(prompt: Prompt, role: str) -> tuple[str, ...]:
    """The values that find a prompt's message with `MESSAGE`."""
    return (prompt.key.session_id, prompt.key.agent_id, role, f"%{prompt.nonce}%")


def of_key(evidence: Evidence, number: int, *, session: int = 0) -> Prompt:
    """A prompt of the first SessionKey of a session."""
    found = [prompt for prompt in evidence.plan.prompts if prompt.key.session_id.endswith(f"{session:06d}")]
    return [prompt for prompt in found if prompt.key == found[0].key][number]


def test_what_nobody_touched_has_no_faults(finished: Evidence) -> None:
    counts, points = finished.counts(), finished.points()

    assert counts.findings == ()
    assert (counts.messages, counts.memories) == (48, 48)
    assert (points.points, points.points_missing, points.points_misplaced) == (48, 0, 0)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_deleted_message_is_lost(evidence: Evidence, role: str) -> None:
    evidence.change(f"DELETE FROM messages WHERE {MESSAGE}", *place(of_key(evidence, 1), role))

    assert evidence.counts().lost == 1


def test_a_deleted_turn_is_lost(evidence: Evidence) -> None:
    evidence.change("DELETE FROM turns WHERE text LIKE ?", f"%{of_key(evidence, 1).nonce}%")

    assert evidence.counts().lost == 1


def test_a_missing_word_is_lost(evidence: Evidence) -> None:
    prompt = of_key(evidence, 0)
    cut = f"{prompt.nonce}:3 "

    evidence.change(
        f"UPDATE messages SET parts = replace(parts, ?, '') WHERE {MESSAGE}", cut, *place(prompt, "assistant")
    )

    counts = evidence.counts()
    assert (counts.lost, counts.mismatched) == (1, 1)


def test_a_word_said_twice_is_duplicated(evidence: Evidence) -> None:
    prompt = of_key(evidence, 0)
    word = f"{prompt.nonce}:3 "

    evidence.change(
        f"UPDATE messages SET parts = replace(parts, ?, ?) WHERE {MESSAGE}", word, word * 2, *place(prompt, "assistant")
    )

    counts = evidence.counts()
    assert (counts.lost, counts.duplicated) == (0, 1)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_copied_message_is_duplicated(evidence: Evidence, role: str) -> None:
    evidence.change(COPY, *place(of_key(evidence, 1), role))

    counts = evidence.counts()
    assert (counts.lost, counts.duplicated) == (0, 1)


@pytest.mark.parametrize(("one", "other"), [(("user", 0), ("user", 1)), (("user", 1), ("assistant", 1))])
def test_swapped_messages_are_out_of_order(evidence: Evidence, one: tuple[str, int], other: tuple[str, int]) -> None:
    places = [place(of_key(evidence, number), role) for role, number in (one, other)]
    seqs = [evidence.value(f"SELECT seq FROM messages WHERE {MESSAGE}", *where) for where in places]

    for where, seq in zip(places, (1000, seqs[0]), strict=True):
        evidence.change(f"UPDATE messages SET seq = ? WHERE {MESSAGE}", seq, *where)
    evidence.change(f"UPDATE messages SET seq = ? WHERE {MESSAGE}", seqs[1], *places[0])

    counts = evidence.counts()
    assert counts.misordered > 0
    assert (counts.lost, counts.duplicated, counts.leaked) == (0, 0, 0)


def test_swapped_turns_are_out_of_order(evidence: Evidence) -> None:
    first, second = (of_key(evidence, number) for number in (0, 1))
    where = "session_id = ? AND ordinal = ?"
    session_id = first.key.session_id

    for old, new in ((first.position + 1, 1000), (second.position + 1, first.position + 1)):
        evidence.change(f"UPDATE turns SET ordinal = ? WHERE {where}", new, session_id, old)
    evidence.change(f"UPDATE turns SET ordinal = ? WHERE {where}", second.position + 1, session_id, 1000)

    assert evidence.counts().misordered > 0


@pytest.mark.parametrize("role", ["user", "assistant"])
@pytest.mark.parametrize("session", [0, 1])
def test_a_nonce_planted_in_another_turn_is_leaked(evidence: Evidence, role: str, session: int) -> None:
    """Session 0 is the same conversation, where only an answer must not speak of another turn."""
    planted = of_key(evidence, 2, session=session)
    if session == 0:
        role = "assistant"

    evidence.change(
        f"UPDATE messages SET parts = replace(parts, '\"}}]', ?) WHERE {MESSAGE}",
        f' {planted.nonce}"}}]',
        *place(of_key(evidence, 0), role),
    )

    assert evidence.counts().leaked == 1


def test_a_message_under_another_agent_of_its_session_is_leaked_and_lost(evidence: Evidence) -> None:
    prompt = of_key(evidence, 0)
    other = next(p for p in evidence.plan.prompts if p.key.session_id == prompt.key.session_id and p.key != prompt.key)

    evidence.change(
        f"UPDATE messages SET agent_id = ?, seq = 1000 WHERE {MESSAGE}", other.key.agent_id, *place(prompt, "user")
    )

    counts = evidence.counts()
    assert (counts.leaked, counts.lost) == (1, 1)


def test_a_memory_of_another_session_is_leaked(evidence: Evidence) -> None:
    prompt, stranger = of_key(evidence, 0), of_key(evidence, 0, session=1)

    evidence.change(
        "UPDATE memories SET text = text || ? WHERE session_id = ? AND role = 'user' AND text LIKE ?",
        f" {stranger.nonce}",
        prompt.key.session_id,
        f"%{prompt.nonce}%",
    )

    counts = evidence.counts()
    assert (counts.leaked, counts.lost) == (1, 0)


@pytest.mark.parametrize("role", ["user", "assistant"])
def test_a_deleted_memory_is_lost(evidence: Evidence, role: str) -> None:
    evidence.change("DELETE FROM memories WHERE role = ? AND text LIKE ?", role, f"%{of_key(evidence, 0).nonce}%")

    assert evidence.counts().lost == 1


def test_an_answer_given_without_sight_of_the_turn_before_is_stale(evidence: Evidence) -> None:
    evidence.change(
        f"UPDATE messages SET parts = replace(parts, ':after:1 ', ':after:0 ') WHERE {MESSAGE}",
        *place(of_key(evidence, 2), "assistant"),
    )

    assert evidence.counts().stale == 1


@pytest.mark.parametrize("ending", [Ending.UNENDED, Ending.FINISHED])
def test_a_reader_that_was_told_something_else_is_a_mismatch(evidence: Evidence, ending: Ending) -> None:
    nonce = of_key(evidence, 0).nonce
    said = digest("something else") if ending is Ending.FINISHED else evidence.heard[nonce].said

    evidence.heard[nonce] = replace(evidence.heard[nonce], ending=ending, said=said)

    assert evidence.counts().mismatched == 1


@pytest.mark.parametrize("ending", [Ending.REFUSED, Ending.UNSENT])
def test_what_was_refused_and_is_stored_all_the_same_is_leaked_wherever_it_stands(
    evidence: Evidence, ending: Ending
) -> None:
    prompt = of_key(evidence, 2)
    evidence.heard[prompt.nonce] = replace(evidence.heard[prompt.nonce], ending=ending)

    counts = evidence.counts()

    words = prompt.words + 1  # with the one that tells the turn before
    assert counts.leaked == 3 + 2 * words  # the turn, the question and its memory; the answer and its memory
    assert counts.lost == 0


def test_a_failed_turn_is_told(evidence: Evidence) -> None:
    nonce = of_key(evidence, 0).nonce
    evidence.heard[nonce] = replace(evidence.heard[nonce], ending=Ending.FAILED)

    assert evidence.counts().failed == 1


def test_a_vector_that_is_gone_is_missing(vectors: Evidence) -> None:
    opener = FolderOpener(vectors.profile.vectors, HashingEmbedder())
    store = opener.open().store
    store.delete([str(vectors.value("SELECT memory_id FROM memories LIMIT 1"))])
    store.close()
    opener.release()

    points = vectors.points()

    assert (points.points, points.points_missing, points.points_misplaced) == (47, 1, 0)


def test_a_vector_without_a_memory_is_misplaced(vectors: Evidence) -> None:
    vectors.change("DELETE FROM memories WHERE role = 'user' AND text LIKE ?", f"%{of_key(vectors, 0).nonce}%")

    points = vectors.points()

    assert (points.points, points.points_missing, points.points_misplaced) == (48, 0, 1)


def test_a_vector_under_another_session_is_missing_here_and_misplaced_there(vectors: Evidence) -> None:
    prompt, stranger = of_key(vectors, 0), of_key(vectors, 0, session=1)

    vectors.change(
        "UPDATE memories SET session_id = ?, agent_id = ? WHERE role = 'user' AND text LIKE ?",
        stranger.key.session_id,
        stranger.key.agent_id,
        f"%{prompt.nonce}%",
    )

    points = vectors.points()
    assert (points.points_missing, points.points_misplaced) == (1, 1)
    assert vectors.counts().leaked == 1


def test_findings_name_the_place(evidence: Evidence) -> None:
    prompt = of_key(evidence, 1)
    evidence.change(f"DELETE FROM messages WHERE {MESSAGE}", *place(prompt, "assistant"))

    found = [finding for finding in evidence.counts().findings if finding.startswith("lost")]

    assert found == [f"lost: turn 1 of {SessionKey(prompt.key.session_id, prompt.key.agent_id)} lacks its answer"]
