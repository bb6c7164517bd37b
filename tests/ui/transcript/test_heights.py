"""Sums of heights, against adding them up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hector_tui.ui.transcript.heights import Heights

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["set", "append", "insert", "remove", "truncate", "ask"]), st.integers(0, 9), st.integers(0, 5)
    ),
    max_size=40,
)


@given(STEPS)
def test_sums_are_right_after_any_changes(steps: list[tuple[str, int, int]]) -> None:
    heights, model = Heights([1, 2]), [1, 2]
    for step, index, rows in steps:
        match step:
            case "set" if model:
                index %= len(model)
                assert heights.set(index, rows) == rows - model[index]
                model[index] = rows
            case "append":
                heights.append(rows)
                model.append(rows)
            case "insert":
                index %= len(model) + 1
                heights.insert(index, [rows, 1])
                model[index:index] = [rows, 1]
            case "remove" if model:
                index %= len(model)
                heights.remove(index)
                del model[index]
            case "truncate":
                heights.truncate(index)
                del model[index:]
            case _:
                assert heights.above(index % (len(model) + 1)) == sum(model[: index % (len(model) + 1)])
        assert heights.total == sum(model)
        assert [heights.above(place) for place in range(len(model) + 1)] == [
            sum(model[:place]) for place in range(len(model) + 1)
        ]


@given(st.lists(st.integers(1, 5), min_size=1, max_size=20), st.integers(0, 200))
def test_a_row_is_found_again(rows: list[int], row: int) -> None:
    heights = Heights(rows)
    index, inner = heights.locate(row)
    if row < heights.total:
        assert heights.above(index) + inner == row and inner < rows[index]
    else:
        assert index == len(rows) - 1
