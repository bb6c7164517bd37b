"""What a benchmark sends is decided beforehand, and the same in every process."""

from __future__ import annotations

from collections import Counter

import pytest

from hector_tui.bench.plan import BURST, Load, Plan, descents


def test_every_turn_has_a_nonce_of_its_own_that_leads_back_to_it() -> None:
    plan = Plan(Load(turns=103, sessions=10, agents=3, seed="a"))

    assert len({prompt.nonce for prompt in plan.prompts}) == 103
    assert all(plan.prompts_in(prompt.text) == [prompt] for prompt in plan.prompts)
    assert len({prompt.key.session_id for prompt in plan.prompts}) == 10


def test_the_same_seed_gives_the_same_plan_and_another_one_shares_nothing() -> None:
    nonces = [{prompt.nonce for prompt in Plan(Load(turns=50, sessions=5, seed=seed)).prompts} for seed in "aab"]

    assert nonces[0] == nonces[1]
    assert not nonces[0] & nonces[2]


def test_a_session_talks_with_two_agents_and_numbers_each_ones_turns() -> None:
    plan = Plan(Load(turns=12, sessions=2, agents=3, seed="a"))
    first = [prompt for prompt in plan.prompts if prompt.key.session_id.endswith("000000")]

    assert [prompt.position for prompt in first] == [0, 1, 2, 3, 4, 5]
    assert [(prompt.key.agent_id, prompt.number) for prompt in first] == [
        (f"bench_{agent:02d}", number) for number in range(3) for agent in (0, 1)
    ]


def test_digits_that_are_no_nonce_of_the_plan_belong_to_nobody() -> None:
    plan = Plan(Load(turns=5, sessions=1, seed="a"))

    assert plan.prompts_in("0123456789abcdef " + "f" * 32) == []
    assert plan.prompts_in(f"{plan.prompts[0].nonce}a") == []


@pytest.mark.parametrize("processes", [1, 2])
def test_the_processes_send_everything_once_and_in_order(processes: int) -> None:
    plan = Plan(Load(turns=97, sessions=12, processes=processes, seed="a"))
    sent = [
        [prompt for bursts in plan.bursts(sender) for burst in bursts for prompt in burst]
        for sender in range(processes)
    ]

    assert Counter(prompt.nonce for share in sent for prompt in share) == Counter(p.nonce for p in plan.prompts)
    assert all(sent)
    for sender in range(processes):
        for bursts in plan.bursts(sender):
            assert all(len(burst) <= BURST for burst in bursts)
            assert descents([prompt.position for burst in bursts for prompt in burst]) == 0


def test_two_processes_share_some_sessions_and_one_process_none() -> None:
    sessions = [f"bench-a-{number:06d}" for number in range(10)]

    alone, both = (Plan(Load(turns=100, sessions=10, processes=number, seed="a")) for number in (1, 2))

    assert not any(alone.is_shared(session_id) for session_id in sessions)
    assert [session_id for session_id in sessions if both.is_shared(session_id)] == [sessions[0], sessions[5]]


def test_only_what_is_not_the_last_of_its_burst_may_be_interrupted() -> None:
    queued = Plan(Load(turns=8, sessions=1, agents=2, seed="a"))
    hasty = Plan(Load(turns=8, sessions=1, agents=2, policy="interrupt", seed="a"))

    assert queued.interruptible == frozenset()
    assert [prompt.nonce in hasty.interruptible for prompt in hasty.prompts] == [True, True, False, False] * 2


@pytest.mark.parametrize(("ranks", "count"), [([], 0), ([1, 2, 3], 0), ([2, 1, 3], 1), ([3, 2, 1], 2)])
def test_descents_count_what_is_out_of_order(ranks: list[int], count: int) -> None:
    assert descents(ranks) == count
