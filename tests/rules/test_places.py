"""Every value of a YAML text is found again, to the character, however it is written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from rules.places import Places

WRITTEN = """\
plain: one + TWO
double: "one + \\"x\\" + TWO"
single: 'one + ''x'' + TWO'
folded: >-
  one +

  three * 4
    + TWO
literal: |
  # a comment of the expression
  one
    + TWO
indented: |2
    one +
  TWO
spread: one +
  three +
    TWO
spread_double: "one\\
  \\x41\\n +
  TWO"
header: > # why this is so
  one + TWO
last: TWO"""


@pytest.mark.parametrize("key", [line.partition(":")[0] for line in WRITTEN.splitlines() if line[:1].isalpha()])
def test_a_character_is_found_where_it_was_written(key: str) -> None:
    places = Places(WRITTEN)
    value = yaml.safe_load(WRITTEN)[key]
    before = value[: value.index("TWO")]
    line, column = places.within(key, before.count("\n") + 1, len(before) - before.rfind("\n"))
    assert WRITTEN.splitlines()[line - 1][column - 1 : column + 2] == "TWO"
    assert line >= places.line([key])


def test_the_end_of_an_expression_is_behind_its_last_character() -> None:
    assert Places("a: b &&\nc: >-\n  x &&\n\nd: 1\n").within("a", 1, 5) == (1, 8)
    assert Places("a: b &&\nc: >-\n  x &&\n\nd: 1\n").within("c", 1, 5) == (3, 7)


def test_an_empty_expression_stands_behind_its_key() -> None:
    assert Places('when: ""\n').within("when", 1, 1) == (1, 8)


EXPRESSION = st.text(alphabet="ab+()'\"# \\时", min_size=1, max_size=30).map(str.strip).filter(bool)


@given(st.lists(EXPRESSION, min_size=1, max_size=4), st.sampled_from(["'", '"', "|", ">", None]), st.data())
def test_whatever_style_yaml_chooses_visible_characters_are_found_again(
    lines: list[str], style: str | None, data: st.DataObject
) -> None:
    value = "\n".join(lines)
    text = yaml.safe_dump({"before": "x\ny", "when": value}, default_style=style, allow_unicode=True, width=20)
    assume(yaml.safe_load(text)["when"] == value)
    offset = data.draw(st.sampled_from([at for at, character in enumerate(value) if not character.isspace()]))
    before = value[:offset]
    key = "when"
    line, column = Places(text).within(key, before.count("\n") + 1, len(before) - before.rfind("\n"))
    found = text.splitlines()[line - 1][column - 1 :]
    escaped = {'"': '\\"', "\\": "\\\\", "'": "''"}.get(value[offset], value[offset])
    assert found.startswith((value[offset], escaped))


NESTED = """\
title:
  zh: 标题
cases:
  - name: a
    facts: {}
  - name: b
    outcome: [1,
              2]
"""


@pytest.mark.parametrize(
    ("way", "line"),
    [
        ((), 0),
        (("title",), 1),
        (("title", "zh"), 2),
        (("title", "en"), 1),
        (("cases", 0), 4),
        (("cases", 1, "outcome"), 7),
        (("cases", 1, "outcome", 1), 8),
        (("cases", 2), 3),
        (("nothing", "here"), 0),
    ],
)
def test_a_value_has_its_line_and_what_is_missing_that_of_what_is_around_it(
    way: tuple[str | int, ...], line: int
) -> None:
    assert Places(NESTED).line(way) == line


def test_keys_written_twice_are_told_wherever_they_are() -> None:
    text = "a: 1\nb:\n  - {c: 1, c: 2}\na: 3\n"
    assert sorted(Places(text).twice()) == [("a", 4), ("c", 3)]


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n- b\n", "word"])
def test_what_is_no_mapping_has_no_places_and_harms_nobody(text: str) -> None:
    places = Places(text)
    assert places.line(["when"]) == 0
    assert list(places.twice()) == []
