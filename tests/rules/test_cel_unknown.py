"""Unknown is not pass and not fail: missing, unseen and mistyped facts leave the question open."""

import copy
import datetime as dt
import math
import pickle
from collections import UserDict
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from types import MappingProxyType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.cel import (
    BOOL,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    STRING,
    TIMESTAMP,
    UINT,
    UNKNOWN,
    Env,
    ListOf,
    MapOf,
    Record,
    Type,
    compile,
)
from tests.rules.cel_answers import answer

INNER = Record("certificate", {"days": INT, "issuer": STRING})
TLS = Record("tls", {"certificate": INNER, "version": STRING, "items": ListOf(INT)})
FACTS = {"tls": TLS, "other": TLS, "flag": BOOL, "data": DYN}


def test_unknown_cannot_be_mistaken_for_a_truth_value() -> None:
    with pytest.raises(TypeError, match="is UNKNOWN"):
        bool(UNKNOWN)
    assert repr(UNKNOWN) == "UNKNOWN"
    assert copy.copy(UNKNOWN) is UNKNOWN
    assert copy.deepcopy([UNKNOWN])[0] is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"tls": None},
        {"tls": UNKNOWN},
        {"tls": {}},
        {"tls": {"certificate": None}},
        {"tls": {"certificate": UNKNOWN}},
        {"tls": {"certificate": {}}},
        {"tls": {"certificate": {"days": None}}},
        {"tls": {"certificate": {"days": UNKNOWN}}},
        {"tls": {"certificate": {"days": "30"}}},
        {"tls": {"certificate": {"days": True}}},
        {"tls": {"certificate": {"days": 30.0}}},
        {"tls": {"certificate": 30}},
        {"tls": "days"},
    ],
)
@pytest.mark.parametrize(
    "text", ["tls.certificate.days > 14", "tls.certificate.days <= 14", "tls.certificate.days + 1 == 1"]
)
def test_a_missing_or_mistyped_fact_gives_unknown(text: str, facts: dict[str, object]) -> None:
    assert answer(text, FACTS, **facts) is UNKNOWN


@dataclass(frozen=True, slots=True)
class Certificate:
    days: int | None = None
    issuer: str = "开平市"


@dataclass(frozen=True, slots=True)
class Tls:
    certificate: Certificate | None = None
    version: str = "1.3"
    items: tuple[int, ...] = (1,)


@pytest.mark.parametrize(
    "tls",
    [
        {"certificate": {"days": 30}, "items": [1]},
        MappingProxyType({"certificate": MappingProxyType({"days": 30}), "items": (1,)}),
        UserDict({"certificate": UserDict({"days": 30}), "items": frozenset({1})}),
        Tls(Certificate(30)),
        SimpleNamespace(certificate=SimpleNamespace(days=30), items=[1]),
        {"certificate": Certificate(30), "items": [1]},
    ],
)
def test_a_record_may_be_a_mapping_or_an_object(tls: object) -> None:
    assert answer("tls.certificate.days == 30", FACTS, tls=tls) is True
    assert answer("tls.items == [1] && tls.items.size() == 1", FACTS, tls=tls) is True
    assert answer("has(tls.certificate) && has(tls.certificate.days)", FACTS, tls=tls) is True
    assert answer("[tls].exists(t, t.certificate.days == 30)", FACTS, tls=tls) is True


def test_a_field_that_is_missing_from_a_mapping_is_not_its_method() -> None:
    for mapping in ({}, UserDict(), MappingProxyType({})):
        assert answer("tls.items.size() == 0", FACTS, tls=mapping) is UNKNOWN
        assert answer("has(tls.items)", FACTS, tls=mapping) is False


def test_has_is_false_only_for_a_record_that_is_known() -> None:
    assert answer("has(tls.certificate)", FACTS, tls={}) is False
    assert answer("has(tls.certificate)", FACTS, tls={"certificate": None}) is False
    assert answer("has(tls.certificate)", FACTS, tls={"certificate": UNKNOWN}) is UNKNOWN
    assert answer("has(tls.certificate.days)", FACTS, tls={}) is UNKNOWN
    assert answer("has(tls.certificate.days)", FACTS) is UNKNOWN
    assert answer("has(data.a)", FACTS, data={"a": 1}) is True
    assert answer("has(data.a)", FACTS, data=1) is UNKNOWN


@pytest.mark.parametrize("truth", [True, False, None, UNKNOWN])
def test_the_side_of_an_operator_does_not_matter(truth: object) -> None:
    open_ = None if truth is None or truth is UNKNOWN else truth
    assert answer("flag && tls.version == 'x'", FACTS, flag=truth) is (False if open_ is False else UNKNOWN)
    assert answer("tls.version == 'x' && flag", FACTS, flag=truth) is (False if open_ is False else UNKNOWN)
    assert answer("flag || tls.version == 'x'", FACTS, flag=truth) is (True if open_ is True else UNKNOWN)
    assert answer("tls.version == 'x' || flag", FACTS, flag=truth) is (True if open_ is True else UNKNOWN)
    assert answer("flag ? true : true", FACTS, flag=truth) is (UNKNOWN if open_ is None else True)


def test_records_are_equal_when_every_field_is_known_and_equal() -> None:
    full = {"certificate": {"days": 1, "issuer": "a"}, "version": "1.3", "items": [1]}
    assert answer("tls == other", FACTS, tls=full, other=copy.deepcopy(full)) is True
    assert answer("tls == other", FACTS, tls=full, other=full | {"version": "1.2"}) is False
    assert answer("tls != other", FACTS, tls=full, other=full | {"version": "1.2"}) is True
    assert answer("tls == other", FACTS, tls=full, other=full | {"version": None}) is UNKNOWN
    assert answer("tls == other", FACTS, tls=full, other={"version": "1.2"}) is False
    assert answer("tls == tls", FACTS) is UNKNOWN


def test_dynamic_facts_show_their_fields_and_nothing_else() -> None:
    assert answer("data.days == 30", FACTS, data=Certificate(30)) is True
    assert answer("data == data", FACTS, data=Certificate(30)) is True
    assert answer("data == data", FACTS, data=Certificate(None)) is UNKNOWN
    assert answer("data.__class__ == 1", FACTS, data=Certificate(30)) is UNKNOWN
    assert answer("data.real == 1", FACTS, data=1) is UNKNOWN
    assert answer("data.x == 1", FACTS, data=SimpleNamespace(x=1)) is UNKNOWN
    assert answer("data == 1", FACTS, data=object()) is UNKNOWN
    assert compile("data", Env(FACTS)).evaluate({"data": "yes"}) is UNKNOWN
    assert compile("data", Env(FACTS)).evaluate({"data": True}) is True


class Mode(StrEnum):
    OPEN = "open"


@pytest.mark.parametrize(
    ("type_", "good", "bad", "text"),
    [
        (BOOL, True, 1, "x == true"),
        (INT, 3, True, "x == 3"),
        (UINT, 3, -3, "x + 1u == 4u"),
        (DOUBLE, 3, "3", "x / 2.0 == 1.5"),
        (STRING, Mode.OPEN, b"open", "x == 'open' && x in ['open'] && x.startsWith('o') && string(x) + '' == 'open'"),
        (TIMESTAMP, dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 1, 1), "x.getFullYear() == 2026"),
        (DURATION, dt.timedelta(hours=1), 3600, "x == duration('1h')"),
        (IP, ip_address("127.0.0.1"), "127.0.0.1", "x.isLoopback()"),
        (ListOf(INT), [3], "3", "x.all(i, i == 3)"),
        (MapOf(STRING, INT), {"a": 3}, ["a"], "x.a == 3 && x['a'] == 3 && 'a' in x"),
    ],
)
def test_a_fact_of_another_type_than_declared_is_not_believed(
    type_: Type, good: object, bad: object, text: str
) -> None:
    assert answer(text, {"x": type_}, x=good) is True
    assert answer(text, {"x": type_}, x=bad) is UNKNOWN
    assert (
        answer(f"has(r.x) && ({text.replace('x', 'r.x')})", {"r": Record("r", {"x": type_})}, r={"x": bad}) is not True
    )


SCALARS = st.one_of(
    st.sampled_from([None, UNKNOWN, object(), math.nan, 2**64, -(2**2000)]),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.datetimes(),
    st.datetimes(timezones=st.just(dt.UTC)),
    st.timedeltas(),
    st.ip_addresses(),
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["a", "certificate", "days", "version", "items", 1, True]), inner, max_size=4),
        st.builds(Tls, inner, inner, inner),
    ),
    max_leaves=8,
)

EXPRESSIONS = [
    "tls.certificate.days / 3 > 14 && tls.items.exists(i, i % 3 == 1)",
    "tls.certificate == other.certificate || tls.items == other.items",
    "tls.version.matches('1.[23]') ? tls.items[0] == 1 : tls.items.sum() > 3",
    "tls.items.map(i, i * 1000000007).filter(i, i > 5).size() == 1",
    "data.a + data.b == data.a - data.b || -data > 3 || !data.a || data.a < data.b",
    "data.all(x, x.a == data) || data in data || data[data] == data",
    "data.a.size() == 1 || data.a.contains(data.b) || timestamp(data.a) < data.b || ip(data.a).isLoopback()",
    "string(data) == '1' || int(data.a) == 3 || data.a.sum() == 3 || type(data.a) == int",
    "has(data.a.b) || {data: data.a} == {1: 2} || [data, data.a] == [data.a] + data.items",
    "data.items.min() < data.items.max() || sets.contains(data.items, [1]) || data.items.join('') == ''",
    "data.getHours() == 1 || data.a.getHours(data.b) == 1 || data.a - data.b == duration('1h') || data + data == data",
]
PROGRAMS = [compile(text, Env(FACTS)) for text in EXPRESSIONS]


@given(st.sampled_from(PROGRAMS), ANYTHING, ANYTHING, ANYTHING)
def test_no_data_makes_an_evaluation_raise(program, tls, other, data) -> None:  # type: ignore[no-untyped-def]
    facts = {"tls": tls, "other": other, "data": data}
    outcome = program.evaluate(facts)
    assert outcome in (True, False) or outcome is UNKNOWN
    assert program.explain(facts).outcome is outcome
