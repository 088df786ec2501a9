import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.settings import Mistake, Mistakes
from monitor.settings.yaml_reader import DEEPEST, read_yaml


def refused(text: str | bytes) -> list[Mistake]:
    with pytest.raises(Mistakes) as caught:
        read_yaml("a.yaml", text.encode() if isinstance(text, str) else text)
    return list(caught.value.mistakes)


def test_scalars_stay_what_they_look_like() -> None:
    document = read_yaml("a.yaml", b"[no, 22:00, 0440783, 2026-11-01, 1_000, 1e3, 'null']")
    assert document.value == ["no", "22:00", "0440783", "2026-11-01", "1_000", "1e3", "null"]


def test_what_is_left_empty_is_none() -> None:
    assert read_yaml("a.yaml", b"{a: , b: ~, c: null, d: ''}").value == {"a": None, "b": None, "c": None, "d": ""}
    assert read_yaml("a.yaml", b"# nothing\n").value is None


def test_nested_values_come_out_as_written() -> None:
    text = b"a:\n  - {b: [1, 2], c: {d: e}}\n  - - x\n    - y\nf: |\n  two\n  lines\n"
    assert read_yaml("a.yaml", text).value == {
        "a": [{"b": ["1", "2"], "c": {"d": "e"}}, ["x", "y"]],
        "f": "two\nlines\n",
    }


def test_everything_can_be_found_again() -> None:
    document = read_yaml("a.yaml", b"a:\n  - {b: 1,\n     c: [x, y]}\n  - z\nd: 2\n")
    assert document.place(("a",)) == (1, 1)
    assert document.place(("a", 0)) == (2, 5)
    assert document.place(("a", 0, "c")) == (3, 6)
    assert document.place(("a", 0, "c", 1)) == (3, 13)
    assert document.place(("a", 1)) == (4, 5)
    assert document.place(("d",)) == (5, 1)


def test_what_is_not_there_is_placed_where_it_is_missing() -> None:
    document = read_yaml("a.yaml", b"a: 1\nb:\n  c: 1\n")
    assert document.place(("b", "missing", 3)) == (2, 1)


def test_a_bomb_of_aliases_is_refused_and_never_unfolds() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    mistakes = refused(bomb)
    assert [mistake.line for mistake in mistakes[:3]] == [1, 2, 2]
    assert all("aliases" in mistake.message.en for mistake in mistakes)


@pytest.mark.parametrize(
    ("text", "line", "column", "said"),
    [
        ("a: 1\na: 2\n", 2, 1, "appears twice"),
        ("a:\n  b: 1\n  b: 2\n", 3, 3, "appears twice"),
        ("a: !!python/object/apply:os.system [ls]\n", 1, 4, "tag"),
        ("a: !!int 3\n", 1, 4, "tag"),
        ("a: 1\n---\nb: 2\n", 2, 1, "one document"),
        ("? [a, b]\n: 1\n", 1, 3, "key must be plain text"),
        ("*a : 1\n", 1, 1, "aliases"),
        ("a: b: c\n", 1, 5, "not valid YAML"),
        ("a:\n\t- b\n", 2, 1, "not valid YAML"),
        ("a: [1, 2\nb: 3\n", 2, 2, "not valid YAML"),
        ('a: "x\\x1b[31m"\n', 1, 4, "control character"),
        ("a: x\u202ey\n", 1, 5, "control character U+202E"),
        ("a: x\x1by\n", 1, 5, "control character U+001B"),
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), 1, DEEPEST + 1, "nested deeper"),
    ],
)
def test_what_would_surprise_is_refused_at_its_place(text: str, line: int, column: int, said: str) -> None:
    (mistake,) = refused(text)
    assert (mistake.line, mistake.column) == (line, column)
    assert said in mistake.message.en


def test_a_very_deep_nesting_ends_in_words_not_in_a_crash() -> None:
    (mistake,) = refused("[" * 100_000)
    assert "nested deeper" in mistake.message.en


def test_every_duplicate_is_told() -> None:
    assert [mistake.line for mistake in refused("a: 1\na: 2\nb: 1\nb: 2\n")] == [2, 4]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert read_yaml("a.yaml", "\ufeffa: 开平\n".encode()).value == {"a": "开平"}


def test_yaml_in_another_encoding_is_refused_at_its_first_strange_byte() -> None:
    (mistake,) = refused("a: 1\nb: 开平\n".encode("gb18030"))
    assert (mistake.line, mistake.column) == (2, 4)
    assert "UTF-8" in mistake.cure.en
    (mistake,) = refused("a: 1\n".encode("utf-16"))
    assert (mistake.line, mistake.column) == (1, 1)


@given(st.text(max_size=60) | st.text(alphabet="ab:-[]{}&*!|>'\"#\n\t ,?%@", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        document = read_yaml("a.yaml", text.encode())
    except Mistakes:
        return
    assert document.place(()) == (1, 1)


@given(st.recursive(st.text("abc ", max_size=5), lambda inner: st.lists(inner, max_size=4), max_leaves=12))
def test_a_value_written_as_json_is_read_back(value: object) -> None:
    assert read_yaml("a.yaml", json.dumps([value]).encode()).value == [value]
