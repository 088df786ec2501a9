"""Well-typed expressions over random facts, answered alike by us and by the Rust implementation.

The Rust library has no unknowns: where it raises, we say UNKNOWN, or our macros absorbed what its macros do not. It
counts bytes where the language counts characters, so strings are ASCII here; it wraps round when the least int is
negated, so negation is left to the table of the language definition.
"""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import cel
from hypothesis import given, note, settings
from hypothesis import strategies as st

from rules.cel import BOOL, DOUBLE, DYN, INT, STRING, UNKNOWN, Env, ListOf, MapOf, Record, Type, compile
from tests.rules.cel_answers import same

PORT = Record("port", {"number": INT, "state": STRING, "rate": DOUBLE})
HOST = Record(
    "host", {"name": STRING, "score": INT, "load": DOUBLE, "alive": BOOL, "ports": ListOf(PORT), "ids": ListOf(INT)}
)
ENV = Env({"host": HOST, "labels": MapOf(STRING, INT), "words": ListOf(STRING)})
Scope = tuple[tuple[str, Type], ...]
FAULTS = (ZeroDivisionError, OverflowError, KeyError, IndexError, RuntimeError)

INTEGERS = st.one_of(st.integers(-5, 5), st.sampled_from([80, 443, 2**31, 2**63 - 1, -(2**63)]))
DOUBLES = st.one_of(st.integers(-4, 4).map(lambda n: n / 2), st.sampled_from([1e100, -1e-3]))
WORDS = st.sampled_from(["", "a", "b", "ab", "open", "closed", "www.gov.cn", "A b"])
INTS, TEXTS, PORTS = ListOf(INT), ListOf(STRING), ListOf(PORT)

LEAVES: dict[Type, list[str]] = {
    BOOL: ["true", "false", "host.alive", "has(host.name)", "has(host.score)", "has(labels.a)"],
    INT: [
        *("0", "1", "2", "5", "-3", "443", "9223372036854775807", "-9223372036854775808", "host.score", "labels.a"),
        *("labels['b']", "host.ids[0]", "host.ports[1].number", "size(host.name)", "host.ids.size()", "labels.size()"),
    ],
    DOUBLE: ["0.0", "0.5", "-1.5", "2.0", "1e100", "-1e-3", "host.load", "host.ports[0].rate"],
    STRING: ["''", "'a'", "'ab'", "'open'", "'.gov.cn'", "host.name", "words[0]", "host.ports[0].state"],
    INTS: ["[]", "[1]", "[0, 1, 2]", "[2, 2, 5]", "host.ids"],
    TEXTS: ["[]", "['a']", "['b', 'ab', 'open']", "words"],
    PORTS: ["host.ports"],
}

# What expressions are made of: a pattern, and the types of its holes. {x} is the variable of a macro over the list in
# the first hole; the later holes may use it.
COMPARED = ("==", "!=", "<", "<=", ">", ">=")
BRANCHES: dict[Type, list[tuple[str, tuple[Type, ...]]]] = {
    BOOL: [
        *[(f"({{}} {joint} {{}})", (BOOL, BOOL)) for joint in ("&&", "||", "&&", "||", "==", "!=")],
        *[(f"({{}} {test} {{}})", (type_, type_)) for test in COMPARED for type_ in (INT, DOUBLE, STRING)],
        *[(f"({{}} {test} {{}})", types) for test in COMPARED for types in ((INT, DOUBLE), (DOUBLE, INT))],
        *[(f"({{}} {test} {{}})", (type_, type_)) for test in ("==", "!=") for type_ in (INTS, TEXTS)],
        ("!{}", (BOOL,)),
        ("({} ? {} : {})", (BOOL, BOOL, BOOL)),
        ("({} in {})", (INT, INTS)),
        ("({} in {})", (STRING, TEXTS)),
        ("({} in labels)", (STRING,)),
        *[(f"{{}}.{name}({{}})", (STRING, STRING)) for name in ("startsWith", "endsWith", "contains")],
        ("{}.matches('^[a-o]+$')", (STRING,)),
        *[
            (f"{{}}.{name}({{x}}, {{}})", (items, BOOL))
            for name in ("all", "exists", "exists_one", "all", "exists")
            for items in (INTS, TEXTS, PORTS)
        ],
    ],
    INT: [
        *[(f"({{}} {sign} {{}})", (INT, INT)) for sign in "+-*/%"],
        ("({} ? {} : {})", (BOOL, INT, INT)),
        ("size({})", (STRING,)),
        ("{}.size()", (INTS,)),
        ("int({})", (DOUBLE,)),
        ("{}[{}]", (INTS, INT)),
        ("labels[{}]", (STRING,)),
    ],
    DOUBLE: [
        *[(f"({{}} {sign} {{}})", (DOUBLE, DOUBLE)) for sign in "+-*/"],
        ("({} ? {} : {})", (BOOL, DOUBLE, DOUBLE)),
        ("double({})", (INT,)),
    ],
    STRING: [
        ("({} + {})", (STRING, STRING)),
        ("({} ? {} : {})", (BOOL, STRING, STRING)),
        ("string({})", (INT,)),
        ("{}[{}]", (TEXTS, INT)),
    ],
    INTS: [
        ("({} + {})", (INTS, INTS)),
        ("[{}, {}]", (INT, INT)),
        ("{}.filter({x}, {})", (INTS, BOOL)),
        ("{}.map({x}, {})", (INTS, INT)),
        ("{}.map({x}, {})", (PORTS, INT)),
        ("{}.map({x}, {}, {})", (INTS, BOOL, INT)),
    ],
    TEXTS: [
        ("({} + {})", (TEXTS, TEXTS)),
        ("[{}, {}]", (STRING, STRING)),
        ("{}.filter({x}, {})", (TEXTS, BOOL)),
        ("{}.map({x}, {})", (PORTS, STRING)),
    ],
    PORTS: [("{}.filter({x}, {})", (PORTS, BOOL)), ("({} ? {} : {})", (BOOL, PORTS, PORTS))],
}
NUMBERS = st.integers(0, 255)


@st.composite
def expressions(draw: st.DrawFn) -> str:
    """Return a well-typed expression."""

    def choose(options: Sequence[Any]) -> Any:
        return options[draw(NUMBERS) % len(options)]

    def bound(type_: Type, scope: Scope) -> list[str]:
        fields = [f"{name}.{field}" for name, of in scope for field, found in _fields(of).items() if found == type_]
        return [name for name, of in scope if of == type_] + fields

    def make(type_: Type, depth: int, scope: Scope) -> str:
        if depth == 0 or draw(NUMBERS) < 60:
            names = bound(type_, scope)
            return str(choose(names if names and draw(st.booleans()) else LEAVES[type_]))
        pattern, types = choose(BRANCHES[type_])
        if "{x}" not in pattern:
            return str(pattern.format(*[make(hole, depth - 1, scope) for hole in types]))
        items, *bodies = types
        inner = (*scope, (f"v{len(scope)}", items.element))
        made = [make(items, depth - 1, scope), *[make(body, depth - 1, inner) for body in bodies]]
        return str(pattern.format(*made, x=f"v{len(scope)}"))

    return make(choose([BOOL, BOOL, BOOL, INT, DOUBLE, STRING, INTS]), 4, ())


def _fields(type_: Type) -> Mapping[str, Type]:
    return type_.fields if isinstance(type_, Record) else {}


def sometimes_missing(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return records of which now and then a field is not there."""
    dropped = st.one_of(st.just(()), st.just(()), st.lists(st.sampled_from(sorted(fields)), max_size=2))
    without = st.fixed_dictionaries(fields)
    return st.builds(lambda record, gone: {k: v for k, v in record.items() if k not in gone}, without, dropped)


SIGHTINGS = sometimes_missing(number=INTEGERS, state=WORDS, rate=DOUBLES)
FACTS = st.fixed_dictionaries(
    {
        "host": sometimes_missing(
            name=WORDS,
            score=INTEGERS,
            load=DOUBLES,
            alive=st.booleans(),
            ports=st.lists(SIGHTINGS, min_size=1, max_size=3),
            ids=st.lists(st.integers(0, 5), min_size=1, max_size=3),
        ),
        "labels": st.dictionaries(st.sampled_from(["a", "b", "ab"]), INTEGERS, max_size=3),
        "words": st.lists(WORDS, min_size=1, max_size=3),
    }
)
NO_ORDER = "nothing is less than not-a-number, nor is it an error; there it raises TypeError"
ABSORBING = re.compile(r"\.(?:all|exists|exists_one|filter|map)\(|(?<![\w)\]])\[")
"""Macros and list literals: an element without a value leaves the others their say with us, not with them."""


def rust(text: str, facts: dict[str, Any]) -> object:
    try:
        return cel.evaluate(text, facts)
    except FAULTS:
        return UNKNOWN
    except TypeError:
        return NO_ORDER


def holds_unknown(value: object) -> bool:
    return value is UNKNOWN or (isinstance(value, (list, tuple)) and any(map(holds_unknown, value)))


@settings(max_examples=400, derandomize=True)
@given(expressions(), FACTS)
def test_we_and_the_rust_implementation_agree(text: str, facts: dict[str, Any]) -> None:
    note(text)
    ours = compile(text, ENV, expects=DYN).evaluate(facts)
    theirs = rust(text, facts)
    if theirs is NO_ORDER:
        assert re.search("[<>]", text)
        assert "/" in text or "1e100" in text
    elif theirs is UNKNOWN:
        assert holds_unknown(ours) or ABSORBING.search(text)
    else:
        assert same(ours, theirs)


def test_the_comparison_sees_a_difference() -> None:
    assert not same(1, 1.0)
    assert not same(True, 1)
    assert not same(UNKNOWN, False)
    assert same(math.nan, math.nan)
    assert rust("1 / 0", {}) is UNKNOWN
    assert rust("host.score", {"host": {}}) is UNKNOWN
