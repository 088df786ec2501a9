"""No expression, and no data, makes the compiler or an evaluation run long, run deep, or run code."""

import sys
import time
from collections.abc import Callable

import pytest

from rules.cel import DYN, INT, STRING, UNKNOWN, CelError, Env, ListOf, Record, compile

ENV = Env({"numbers": ListOf(INT), "text": STRING, "data": DYN})
DEEP: list[Callable[[int], str]] = [
    lambda n: "(" * n + "1" + ")" * n,
    lambda n: "[" * n + "]" * n,
    lambda n: "{1:" * n + "1" + "}" * n,
    lambda n: "-" * n + "1",
    lambda n: "!" * n + "true",
    lambda n: "1" + "+1" * n,
    lambda n: "1" + "*(1" * n + ")" * n,
    lambda n: "data" + ".a" * n,
    lambda n: "data" + "[0]" * n,
    lambda n: "data[" * n + "0" + "]" * n,
    lambda n: "string(" * n + "text" + ")" * n,
    lambda n: "text" + ".trim()" * n,
    lambda n: "true?1:" * n + "1",
    lambda n: "true?(" * n + "1" + "):1" * n,
    lambda n: "true||false&&(" * n + "true" + ")" * n,
    lambda n: "true||1<2&&(" * n + "true" + ")" * n,
    lambda n: "data.map(x," * n + "1" + ")" * n,
]


@pytest.mark.parametrize("make", DEEP)
@pytest.mark.parametrize("depth", [101, 1000])
def test_what_is_nested_too_deeply_is_refused(make: Callable[[int], str], depth: int) -> None:
    with pytest.raises(CelError, match="nested more than 100 levels deep"):
        compile(make(depth), ENV, expects=DYN)


@pytest.mark.parametrize("make", DEEP)
def test_what_is_nested_deeply_but_not_too_deeply_compiles_and_runs(make: Callable[[int], str]) -> None:
    allowed = max(depth for depth in range(1, 100) if _compiles(make(depth)))
    assert allowed >= 14
    program = compile(make(allowed), ENV, expects=DYN)
    facts = {"numbers": [1], "text": "a", "data": [0]}
    assert program.explain(facts).outcome == program.evaluate(facts)


def _compiles(text: str) -> bool:
    try:
        compile(text, ENV, expects=DYN)
    except CelError:
        return False
    return True


def test_little_room_on_the_stack_is_no_reason_to_fail() -> None:
    text = "data.map(x," * 90 + "1" + ")" * 90
    program = compile(text, ENV, expects=DYN)
    whole = program.evaluate({"data": [0]})

    def further_down(levels: int, ask: Callable[[], object]) -> object:
        return further_down(levels - 1, ask) if levels else ask()

    def load() -> str:
        try:
            return compile(text, ENV, expects=DYN).text
        except CelError as error:
            return error.message

    answers, loads = set(), set()
    for room in range(20, 700, 20):
        levels = sys.getrecursionlimit() - room - _depth()
        loads.add(further_down(levels, load))
        for ask in (program.evaluate, lambda facts: program.explain(facts).outcome):
            outcome = further_down(levels, lambda ask=ask: ask({"data": [0]}))  # type: ignore[misc]
            answers.add("whole" if outcome == whole else repr(outcome))
    assert answers == {"whole", "UNKNOWN"}
    assert loads == {text, "the evaluation is nested too deeply"}


def _depth() -> int:
    frame, depth = sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    return depth


def test_a_wide_expression_is_no_deep_one() -> None:
    for joined in (" || ", " && "):
        assert compile(joined.join(["text == 'a'"] * 1000), ENV).evaluate({"text": "a"}) is True
    assert compile(f"numbers == [{', '.join(['1'] * 4000)}]", ENV).evaluate({"numbers": [1] * 4000}) is True


def test_an_expression_longer_than_allowed_is_refused() -> None:
    compile("true" + " " * (16 * 1024 - 4), ENV)
    with pytest.raises(CelError, match="at most 16384 are allowed"):
        compile("true" + " " * (16 * 1024 - 3), ENV)


@pytest.mark.parametrize("text", ["1" * 16000, "0x" + "f" * 16000, "1." + "0" * 16000 + "e400", "1" * 16000 + "u"])
def test_a_literal_of_thousands_of_digits_is_only_too_large(text: str) -> None:
    with pytest.raises(CelError, match=r"does not fit|too large"):
        compile(text, ENV, expects=DYN)


HUNGRY = [
    "numbers.all(a, numbers.all(b, numbers.all(c, a + b + c > -1)))",
    "numbers.map(a, numbers.map(b, numbers.map(c, a))).size() > 0",
    "numbers.exists(a, numbers.exists(b, -1 in numbers))",
    "numbers.exists(a, numbers.exists(b, numbers.sum() == -1))",
    "numbers.exists(a, numbers.exists(b, numbers == numbers && a < 0))",
    "numbers.exists(a, numbers.exists(b, text.matches('x+y')))",
    "numbers.exists(a, numbers.exists(b, text.contains('yyy')))",
    "[text]" + ".map(t, t + t)" * 40 + ".size() > 0",
    "[text]" + ".map(t, t.replace('x', t))" * 40 + ".size() > 0",
    "[[text]]" + ".map(t, t + t)" * 40 + ".size() > 0",
    "[text]" + ".map(t, [t, t].join(t))" * 40 + ".size() > 0",
    "[text].map(t, t.split(''))" + ".map(t, [t, t])" * 40 + " == [text].map(t, t.split(''))" + ".map(t, [t, t])" * 40,
    "data.map(t, [t, t])" + ".map(t, [t, t])" * 40 + " == data.map(t, [t, t])" + ".map(t, [t, t])" * 40,
]


@pytest.mark.parametrize("text", HUNGRY)
def test_a_costly_evaluation_ends_soon_and_says_why(text: str) -> None:
    facts = {"numbers": list(range(3000)), "text": "x" * 3000, "data": ["x", "y"]}
    program = compile(text, ENV, budget=100_000)
    before = time.process_time()
    assert program.evaluate(facts) is UNKNOWN
    assert time.process_time() - before < 2
    told = program.explain(facts)
    assert told.outcome is UNKNOWN
    assert any(reason.en in ("the evaluation takes too long",) or "longer than" in reason.en for reason in told.reasons)


def test_the_budget_is_that_of_one_evaluation() -> None:
    program = compile("numbers.all(n, n >= 0)", ENV, budget=1000)
    for _ in range(3):
        assert program.evaluate({"numbers": range(1000)}) is True
        assert program.evaluate({"numbers": [0] * 1001}) is UNKNOWN


def test_a_budget_that_is_used_up_is_not_absorbed() -> None:
    text = "numbers.all(n, n >= 0) || true"
    assert compile(text, ENV, budget=10).evaluate({"numbers": [0] * 11}) is UNKNOWN
    assert compile(text, ENV, budget=10).explain({"numbers": [0] * 11}).reasons[0].zh == "求值开销过大"


@pytest.mark.parametrize(
    "text",
    [
        "data.__class__ == 1",
        "data.a.__globals__ == 1",
        "__import__('os') == 1",
        "data.format == 1",
        "text.__len__() == 1",
    ],
)
def test_nothing_of_python_is_within_reach(text: str) -> None:
    try:
        program = compile(text, ENV)
    except CelError:
        return
    for data in (1, "a", [], {}, {"a": len}, len, sys):
        assert program.evaluate({"data": data, "text": "a"}) is UNKNOWN


@pytest.mark.parametrize("name", ["__class__", "a b", ""])
def test_a_record_cannot_declare_what_is_no_field(name: str) -> None:
    with pytest.raises(ValueError, match="cannot have a field named"):
        Record("r", {name: INT})
