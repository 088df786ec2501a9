"""Macros over lists and maps, and what elements that could not be looked at do to them."""

import pytest

from rules.cel import BOOL, DYN, INT, STRING, UNKNOWN, ListOf, MapOf, Record
from tests.rules.cel_answers import answer, same

PORT = Record("port", {"number": INT, "state": STRING})
FACTS = {"ports": ListOf(PORT), "numbers": ListOf(INT), "headers": MapOf(STRING, STRING)}
OPEN, CLOSED, UNSEEN = {"number": 22, "state": "open"}, {"number": 80, "state": "closed"}, {"number": 443}

TABLE = [
    ("[1, 2, 3].all(x, x > 0)", True),
    ("[1, 2, 3].all(x, x > 1)", False),
    ("[].all(x, x > 0)", True),
    ("[].exists(x, x > 0)", False),
    ("[1, 2].exists(x, x == 2)", True),
    ("[1, 2].exists(x, x == 3)", False),
    ("[0, 1].exists(x, 1 / x == 1)", True),
    ("[1, 0].exists(x, 1 / x == 5)", UNKNOWN),
    ("[0, 1].all(x, 1 / x == 5)", False),
    ("[0, 1].all(x, 1 / x == 1)", UNKNOWN),
    ("[1, 2, 3].exists_one(x, x > 2)", True),
    ("[1, 2, 3].exists_one(x, x > 1)", False),
    ("[].exists_one(x, true)", False),
    ("[1, 2].existsOne(x, x == 1)", True),
    ("[0, 1].exists_one(x, 1 / x == 1)", UNKNOWN),
    ("[0, 1, 1].exists_one(x, 1 / x == 1)", False),
    ("[1, 2, 3].filter(x, x % 2 == 1)", [1, 3]),
    ("[0, 1].filter(x, 1 / x == 1)", [UNKNOWN, 1]),
    ("[1, 2].map(x, x * 2)", [2, 4]),
    ("[1, 2, 3].map(x, x > 1, x * 2)", [4, 6]),
    ("[0, 1].map(x, 1 / x)", [UNKNOWN, 1]),
    ("[0, 1].map(x, 1 / x == 1, x)", [UNKNOWN, 1]),
    ("{'a': 1, 'b': 2}.all(k, k < 'c')", True),
    ("{'a': 1, 'b': 2}.exists(k, k == 'b')", True),
    ("{'a': 1, 'b': 2}.filter(k, k == 'b')", ["b"]),
    ("{'a': 1, 'b': 2}.map(k, k + k)", ["aa", "bb"]),
    ("[[1, 2], [3]].map(x, x.map(y, y + 1))", [[2, 3], [4]]),
    ("[[1, 2], [3]].exists(x, x.exists(y, y == size(x)))", True),
    ("[1, 2].all(x, [3, 4].all(x, x > 2))", True),
    ("[1, 2].map(x, [10, 20].map(y, x + y))", [[11, 21], [12, 22]]),
    ("dyn([1, 2]).exists(x, x == 2)", True),
    ("dyn(1).exists(x, x == 2)", UNKNOWN),
    ("size([0, 1].filter(x, 1 / x == 1))", UNKNOWN),
    ("1 in [0, 1].filter(x, 1 / x == 1)", True),
    ("2 in [0, 1].filter(x, 1 / x == 1)", UNKNOWN),
    ("[1, 0].map(x, 1 / x)[0]", 1),
    ("[0, 1].map(x, 1 / x)[1]", UNKNOWN),
    ("[0, 1].map(x, 1 / x) == [1, 1]", UNKNOWN),
    ("[1 / 0, 2].exists(x, x == 2)", True),
    ("[1 / 0, 2].exists(x, x == 3)", UNKNOWN),
]


@pytest.mark.parametrize(("text", "expected"), TABLE)
def test_a_macro_folds_three_valued(text: str, expected: object) -> None:
    assert same(answer(text), expected)


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([OPEN, CLOSED], True),
        ([CLOSED], False),
        ([CLOSED, UNSEEN], UNKNOWN),
        ([UNSEEN, OPEN], True),
        ([CLOSED, UNKNOWN], UNKNOWN),
        ([UNKNOWN, OPEN], True),
        ([CLOSED, None], UNKNOWN),
        ([], False),
        (UNKNOWN, UNKNOWN),
        (None, UNKNOWN),
    ],
)
def test_exists_is_false_only_when_every_element_was_seen(ports: object, expected: object) -> None:
    assert answer("ports.exists(p, p.state == 'open')", FACTS, ports=ports) is expected


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ([OPEN], True),
        ([OPEN, CLOSED], False),
        ([UNSEEN, CLOSED], False),
        ([OPEN, UNSEEN], UNKNOWN),
        ([UNKNOWN, OPEN], UNKNOWN),
        ([UNKNOWN, CLOSED], False),
    ],
)
def test_all_is_true_only_when_every_element_was_seen(ports: object, expected: object) -> None:
    assert answer("ports.all(p, p.state == 'open')", FACTS, ports=ports) is expected


def test_an_unseen_element_never_satisfies_a_condition_that_ignores_it() -> None:
    text = "ports.filter(p, p.state == 'open').exists(p, true)"
    assert answer(text, FACTS, ports=[UNSEEN]) is UNKNOWN
    assert answer("ports.filter(p, p.state == 'open').all(p, false)", FACTS, ports=[UNSEEN]) is UNKNOWN


def test_size_is_unknown_while_an_element_may_not_belong() -> None:
    assert answer("numbers.size()", FACTS, numbers=[1, UNKNOWN]) is UNKNOWN
    assert answer("numbers.size()", FACTS, numbers=(1, 2)) == 2


def test_membership_is_denied_only_when_every_element_was_seen() -> None:
    assert answer("22 in numbers", FACTS, numbers=[UNKNOWN, 22]) is True
    assert answer("22 in numbers", FACTS, numbers=[UNKNOWN, 80]) is UNKNOWN
    assert answer("22 in numbers", FACTS, numbers=[80]) is False


def test_a_set_is_a_list_in_its_natural_order() -> None:
    numbers = frozenset({443, 22, 8080})
    assert answer("numbers.map(n, n)", FACTS, numbers=numbers) == [22, 443, 8080]
    assert answer("numbers[1]", FACTS, numbers=numbers) == 443
    assert answer("numbers == [22, 443, 8080]", FACTS, numbers=numbers) is True
    assert answer("443 in numbers && numbers.size() == 3", FACTS, numbers=numbers) is True


def test_a_map_is_folded_over_its_keys() -> None:
    text = "headers.exists(name, name.lowerAscii() == 'server' && headers[name].contains('nginx'))"
    assert answer(text, FACTS, headers={"Server": "nginx/1.27"}) is True
    assert answer(text, FACTS, headers={"Date": ""}) is False


def test_the_name_of_an_element_hides_a_fact_only_inside_the_macro() -> None:
    types = {"x": INT, "numbers": ListOf(INT)}
    assert answer("numbers.exists(x, x == 1) && x == 5", types, x=5, numbers=[1]) is True


def test_a_macro_over_dynamic_data_checks_what_it_meets() -> None:
    types = {"data": DYN, "flag": BOOL}
    assert answer("data.exists(x, x.port == 22)", types, data=[{"port": 22}]) is True
    assert answer("data.exists(x, x.port == 22)", types, data=[{"port": 80}, {}]) is UNKNOWN
    assert answer("data.exists(x, x.port == 22)", types, data="text") is UNKNOWN
