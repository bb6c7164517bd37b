"""How letters fit names: what goes before what, and that no name costs more than its length."""

from __future__ import annotations

import pytest

from hector_tui.ui.completion.fuzzy import fit


def best_of(query: str, *names: str) -> list[str]:
    found = [(fitting.score, name) for name in names if (fitting := fit(query, name)) is not None]
    return [name for _, name in sorted(found, key=lambda pair: -pair[0])]


@pytest.mark.parametrize(
    ("query", "names", "order"),
    [
        ("new", ["renew", "new", "newest"], ["new", "newest", "renew"]),
        ("th", ["with", "theme", "the-other"], ["theme", "the-other", "with"]),
        ("prompt", ["xprompt", "src/a_prompt.py", "prompt.py"], ["prompt.py", "src/a_prompt.py", "xprompt"]),
        ("mb", ["math_bot", "climb"], ["climb", "math_bot"]),
        ("mtbt", ["math_bot", "mxxxxxxxxxxxxxxxtxxbxxxxxxt"], ["math_bot"]),
        ("zz", ["math_bot"], []),
        ("PROMPT", ["prompt.py"], ["prompt.py"]),
        ("äp", ["Äpfel"], ["Äpfel"]),
    ],
)
def test_the_better_fit_goes_first(query: str, names: list[str], order: list[str]) -> None:
    assert best_of(query, *names) == order


def test_the_places_are_those_of_the_letters() -> None:
    fitting = fit("chat", "ui/screens/chat.py")
    assert fitting is not None
    assert "".join("ui/screens/chat.py"[place] for place in fitting.places) == "chat"
    scattered = fit("mbot", "math_bot")
    assert scattered is not None
    assert "".join("math_bot"[place] for place in scattered.places) == "mbot"


def test_nothing_typed_fits_everything() -> None:
    fitting = fit("", "anything")
    assert fitting is not None
    assert fitting.places == ()


def test_many_equal_letters_are_no_puzzle() -> None:
    # Textual's own matcher looks at every way to choose them: 60 over 30 is more than any machine can.
    assert fit("ab" * 15, "a" * 60) is None
    assert fit("a" * 30 + "b", "a" * 60 + "/b") is not None


def test_a_letter_that_grows_in_lower_case_moves_no_places() -> None:
    fitting = fit("b", "İİİb")
    assert fitting is not None
    assert fitting.places == (3,)
