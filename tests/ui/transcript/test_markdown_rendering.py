"""CommonMark, tables and strikethrough as rows of text."""

from __future__ import annotations

import pytest

from hector_tui.ui.transcript.fences import FOLDED
from hector_tui.ui.transcript.inline import URL_KEY
from tests.ui.transcript.support import lines, render, style_of, theme, whole

WIDTH = 14

CASES: list[tuple[str, str, list[str]]] = [
    ("paragraphs", "one\ntwo\n\nthree", ["one two", "", "three"]),
    ("headings", "# One\n\nTwo\n===\n### Three ###", ["One", "", "Two", "", "Three"]),
    ("hard breaks", "one  \ntwo\\\nthree", ["one", "two", "three"]),
    ("emphasis is shown by style", "a *b* **c** ~~d~~ `e`", ["a b c d e"]),
    ("escapes and entities", r"\*a\* &amp; &lt;b&gt; &copy;", ["*a* & <b> ©"]),
    ("bullets", "- a\n- b\n  - c\n    - d\n", ["• a", "• b", "  ◦ c", "    ▪ d"]),
    ("numbers go on by one", "7. a\n7. b\n9. c", ["7. a", "8. b", "9. c"]),
    ("bullets inside numbers", "1. a\n   - b\n2. c", ["1. a", "   • b", "2. c"]),
    ("loose items keep their blank line", "- a\n\n- b\n- c", ["• a", "", "• b", "• c"]),
    ("paragraphs inside an item", "- a\n\n  b\n", ["• a", "", "  b"]),
    ("tasks", "- [ ] a\n- [x] b\n- [X] c\n- [y] d", ["☐ a", "☑ b", "☑ c", "• [y] d"]),
    ("an empty item", "- a\n-\n- c", ["• a", "•", "• c"]),
    ("a quote", "> a\nb\n>\n> c", ["▎ a b", "▎", "▎ c"]),
    ("nested quotes", "> a\n> > b", ["▎ a", "▎ ▎ b"]),
    ("a list in a quote", "> - a\n> - b", ["▎ • a", "▎ • b"]),
    ("a rule", "a\n\n***\n\nb", ["a", "", "─" * WIDTH, "", "b"]),
    ("a fence without a language", "```\na  b\n\nc\n```", [" a  b", "", " c"]),
    ("a fence with a language", "~~~py\nx = 1\n~~~", [" py", " x = 1"]),
    ("an unknown language", "```klingon\nx\n```", [" klingon", " x"]),
    ("an unfinished fence", "```\na", [" a"]),
    ("indented code", "    a\n      b\n\nc", [" a", "   b", "", "c"]),
    ("code in an item", "- a\n  ```\n  b\n  ```\n- c", ["• a", "   b", "• c"]),
    ("tabs in code", "```\na\tb\n\tc\n```", [" a   b", "     c"]),
    ("html is text", "<div>\n<b>x</b>\n</div>\n\na <i>b</i>", ["<div>", "<b>x</b>", "</div>", "", "a <i>b</i>"]),
    ("a link", "[a](http://b)", ["a (http://b)"]),
    ("a link that is its address", "<http://b.c> http://d.e/f_g_h.", ["http://b.c", "http://d.e/f_g", "_h."]),
    ("a link with a title", '[a](/b "c")', ['a (/b "c")']),
    ("a link without text", "[](http://b)", ["http://b"]),
    ("a link by reference", "[a][r] [r]\n\n[R]: /b\n", ["a (/b) r (/b)", "", "[R]: /b"]),
    ("an image", "![a *b*](c.png)", ["▣\u00a0a b (c.png)"]),
    ("a footnote", "a[^1]\n\n[^1]: some notes", ["a[1]", "", "[1] some notes"]),
    ("a footnote wraps beside its mark", "[^1]: some more notes", ["[1] some more", "    notes"]),
    ("footnotes in a row", "[^1]: a\n[^b]: c\n\n[^d]: e", ["[1] a", "[b] c", "", "[d] e"]),
    ("a footnote of blocks", "[^1]: a\n\n    - b\n", ["[1] a", "", "    • b"]),
    ("a footnote under a paragraph", "a\n[^1]: b", ["a", "", "[1] b"]),
    ("a footnote with a long mark", "[^a-long-label]: b c", ["[a-long-label]", "  b c"]),
    ("brackets that are no footnote", "[^abc] `[^1]`", ["[^abc] [^1]"]),
    ("a word of a footnote is no link", "a[^1]\n\n[^1]: b", ["a[1]", "", "[1] b"]),
    ("formulas", r"$a_1*b_1*c$", ["$a_1*b_1*c$"]),
    ("formulas in brackets", r"\(a_1\) \[b^2\]", [r"\(a_1\)", r"\[b^2\]"]),
    ("prices", "$5 *or* $6", ["$5 or $6"]),
    ("escaped brackets", r"\[a\] \(b\)", ["[a] (b)"]),
    ("a displayed formula", "a\n$$\nb \\\\\n+ c_1\n$$\nd", ["a", "", " $$", r" b \\", " + c_1", " $$", "", "d"]),
    ("a stray formula ends", "$$\na\n\n*b*", [" $$", " a", "", "b"]),
    ("a long word is folded", "a " + "b" * 30, ["a", "b" * 14, "b" * 14, "bb"]),
    ("a table", "a | b\n--|--\n1 | 2", ["a │ b", "──┼──", "1 │ 2"]),
]


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rendering(text: str, expected: list[str]) -> None:
    assert render(text, WIDTH) == expected


def test_columns_are_aligned() -> None:
    rows = lines(whole("|left|middle|right|\n|:--|:-:|--:|\n|a|b|c|"), 40)
    assert [row.text for row in rows] == [
        "left │ middle │ right",
        "─────┼────────┼──────",
        "a    │   b    │     c",
    ]


def test_cells_wrap_and_columns_shrink_to_the_width() -> None:
    rows = render("| name | remark |\n|---|---|\n| one | a remark that is much too long for this |", 24)
    assert rows == [
        "name │ remark",
        "─────┼──────────────────",
        "one  │ a remark that is",
        "     │ much too long for",
        "     │ this",
    ]
    assert all(len(row) <= 24 for row in rows)


def test_a_table_too_narrow_for_columns_is_stacked() -> None:
    rows = render("| name | count | remark |\n|---|---|---|\n| first | 12 | x |\n| second | 3 | y |", 14)
    assert rows == ["name: first", "  count: 12", "  remark: x", "", "name: second", "  count: 3", "  remark: y"]


def test_wide_characters_are_measured_and_never_split() -> None:
    family = "👨‍👩‍👧"
    assert render(f"日本語の文 {family} ok", 6) == ["日本語", "の文", f"{family} ok"]
    assert render("| 日本 | b |\n|---|---|\n| x | y |", 20) == ["日本 │ b", "─────┼──", "x    │ y"]


def test_combining_marks_stay_with_their_letter() -> None:
    letter = "e\u0301"
    rows = render(letter * 10, 4)
    assert rows == [letter * 4, letter * 4, letter * 2]


def test_styles_of_inline_markup() -> None:
    rows = lines(whole("**bold** *slanted* ~~gone~~ `code` plain"))
    assert style_of(rows, "bold").bold
    assert style_of(rows, "slanted").italic
    assert style_of(rows, "gone").strike
    assert style_of(rows, "code").bgcolor == theme().code.bgcolor
    assert style_of(rows, "plain") == theme().base


def test_links_carry_their_address_and_are_no_terminal_hyperlinks() -> None:
    rows = lines(whole("see [the docs](https://a.b/c) or https://d.e, now"))
    assert style_of(rows, "the docs").meta[URL_KEY] == "https://a.b/c"
    assert style_of(rows, "https://a.b/c").meta[URL_KEY] == "https://a.b/c"
    assert style_of(rows, "https://d.e").meta[URL_KEY] == "https://d.e"
    assert URL_KEY not in style_of(rows, "now").meta
    assert not any(segment.style.link for row in rows for segment in row.segments if segment.style)


def test_code_is_highlighted_only_with_a_known_lexer() -> None:
    known = lines(whole("```python\nreturn 1\n```"))
    assert style_of(known, "return").color == theme().tokens["Token.Keyword"].color
    for language in ("", "klingon"):
        unknown = lines(whole(f"```{language}\nreturn 1\n```"))
        assert style_of(unknown, "return 1") == theme().block


def test_highlighting_goes_on_across_the_parts_of_a_fence() -> None:
    text = "```python\n" + '"""\n' + "word\n" * 100 + '"""\nreturn 1\n```\n'
    source = whole(text)
    assert len(source.blocks) > 3
    rows = lines(source)
    words = [row for row in rows if row.text.strip() == "word"]
    strings = {style_of([row], "word").color for row in words}
    assert len(words) == 100 and strings == {theme().tokens["Token.Literal.String"].color}
    assert style_of(rows, "return").color == theme().tokens["Token.Keyword"].color


def test_entities_cannot_smuggle_characters_that_were_cleaned_away() -> None:
    (row,) = render("a &#x202e; b &#x1b; c")
    assert "\u202e" not in row and "\x1b" not in row


def test_blocks_nested_too_deep_are_shown_as_they_were_written() -> None:
    text = "> " * 80 + "deep"
    assert "".join(render(text, 200)) == text


def test_definitions_stay_visible() -> None:
    assert "[unused]: http://somewhere.example" in render(
        "text\n\n[unused]: http://somewhere.example\n\n- [in]: /list\n"
    )
    assert any("[in]: /list" in row for row in render("- [in]: /list\n"))


def test_every_cell_has_a_background() -> None:
    rows = lines(whole("# a\n\n> b `c`\n\n- d\n\n```py\ne\n```\n\n|f|g|\n|-|-|\n|h|i|\n"))
    assert all(segment.style and segment.style.bgcolor for row in rows for segment in row.segments)


def test_words_stay_whole_in_columns_that_are_wide_enough_for_them() -> None:
    rows = render("| a remark of many words that wraps | longword1 | longword2 |\n|-|-|-|\n| x | y z | v w |", 30)
    assert rows[0].split("│")[1].strip() == "longword1" and rows[0].split("│")[2].strip() == "longword2"
    assert all(len(row) <= 30 for row in rows)


def test_a_table_of_hundreds_of_columns_is_shown_as_it_was_written() -> None:
    text = "|" + "a|" * 300 + "\n|" + "-|" * 300 + "\n" + ("|" + "b|" * 300 + "\n") * 40
    assert "".join(render(text, 80)) == text.replace("\n", "")


def test_a_folded_line_of_code_says_so_and_copies_as_one() -> None:
    rows = lines(whole("```\n" + "x" * 25 + "\ny\n```"), 14)
    assert [row.text.rstrip() for row in rows] == [" " + "x" * 12, FOLDED + "x" * 12, FOLDED + "x", " y"]
    assert [(row.wraps, row.text[row.decoration :].rstrip()) for row in rows][1:3] == [(True, "x" * 12), (False, "x")]


def test_headings_of_each_level_differ() -> None:
    rows = lines(whole("".join(f"{'#' * level} level{level}\n\n" for level in range(1, 6))))
    styles = [style_of(rows, f"level{level}") for level in range(1, 6)]
    assert len(set(styles)) == 5 and all(style.bold for style in styles)


@pytest.mark.parametrize(
    ("text", "shown", "url"),
    [
        ("(www.a.example/b(c)).", "www.a.example/b(c)", "http://www.a.example/b(c)"),
        ("Mail me@mail.example, please", "me@mail.example", "mailto:me@mail.example"),
        ("<https://a.example/Käse>", "https://a.example/Käse", "https://a.example/K%C3%A4se"),
    ],
)
def test_addresses_without_markup_are_links(text: str, shown: str, url: str) -> None:
    rows = lines(whole(text))
    assert style_of(rows, shown).meta[URL_KEY] == url
    assert "".join(row.text for row in rows) == text.strip("<>")


def test_html_tags_step_back_behind_their_text() -> None:
    for text in ("a <b>word</b>", "<div>\nword\n</div>"):
        rows = lines(whole(text))
        assert style_of(rows, "<").color == style_of(rows, "</").color == theme().dim.color
        assert style_of(rows, "word").color == theme().base.color


def test_footnotes_are_dimmed_and_their_marks_stand_out() -> None:
    rows = lines(whole("a[^1]\n\n[^1]: note\n"))
    assert style_of(rows[:1], "[1]").color == style_of(rows[2:], "[1]").color == theme().marker.color
    assert style_of(rows, "note").color == theme().dim.color


def test_a_formula_is_not_taken_for_emphasis() -> None:
    rows = lines(whole(r"so $a*b*c_{1}_$ and \(x_1*y*z_2\), but *this*"))
    assert rows[0].text == r"so $a*b*c_{1}_$ and \(x_1*y*z_2\), but this"
    assert style_of(rows, "this").italic and not style_of(rows, "x_1").italic


def test_single_tildes_strike_out_as_on_github() -> None:
    rows = lines(whole("~gone~ and ~5 or ~6"))
    assert rows[0].text == "gone and ~5 or ~6" and style_of(rows, "gone").strike
