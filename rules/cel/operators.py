"""Compiled operators that are not functions: equality, membership, logic, and the making of lists and maps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rules.cel.equality import ABSENT, KEYS, Test, lookup
from rules.cel.errors import Message
from rules.cel.trace import blame
from rules.cel.values import UNKNOWN, Frame, Run, in_order, kind_of, spend


def equals_constant(left: Run, constant: object, negated: bool) -> Run:
    """Compare with a value known at load, where Python's own == is right."""

    def same(frame: Frame) -> Any:
        value = left(frame)
        return UNKNOWN if value is UNKNOWN else value == constant

    def different(frame: Frame) -> Any:
        value = left(frame)
        return UNKNOWN if value is UNKNOWN else value != constant

    return different if negated else same


def plainly_equal(left: Run, right: Run, negated: bool) -> Run:
    """Compare two values where Python's own == is right."""

    def run(frame: Frame) -> Any:
        a = left(frame)
        if a is UNKNOWN:
            return UNKNOWN
        b = right(frame)
        return UNKNOWN if b is UNKNOWN else (a == b) is not negated

    return run


def tested(left: Run, right: Run, test: Test, negated: bool) -> Run:
    """Compare two values by a three-valued test."""

    def run(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if a is UNKNOWN or b is UNKNOWN:
            return UNKNOWN
        outcome = test(a, b, frame)
        return UNKNOWN if outcome is UNKNOWN else outcome is not negated

    return run


def in_constant(needle: Run, items: frozenset[object]) -> Run:
    """Look for a value among scalars known at load."""

    def run(frame: Frame) -> Any:
        value = needle(frame)
        return UNKNOWN if value is UNKNOWN else value in items

    return run


def key_in(needle: Run, haystack: Run) -> Run:
    """Look for a key of a map."""

    def run(frame: Frame) -> Any:
        key, entries = needle(frame), haystack(frame)
        return UNKNOWN if key is UNKNOWN or entries is UNKNOWN else lookup(entries, key) is not ABSENT

    return run


def in_list(needle: Run, haystack: Run, contains: Test) -> Run:
    """Look for a value in a list."""

    def run(frame: Frame) -> Any:
        value, items = needle(frame), haystack(frame)
        return UNKNOWN if value is UNKNOWN or items is UNKNOWN else contains(value, items, frame)

    return run


def in_either(needle: Run, haystack: Run, contains: Test) -> Run:
    """Look for a value in what is a list or a map, as the data will have it."""

    def run(frame: Frame) -> Any:
        value, items = needle(frame), haystack(frame)
        if value is UNKNOWN or items is UNKNOWN:
            return UNKNOWN
        return lookup(items, value) is not ABSENT if isinstance(items, Mapping) else contains(value, items, frame)

    return run


def logic(decides: bool, terms: Sequence[Run]) -> Run:
    """Compile `||` (true decides) or `&&` (false decides): an unknown term is forgotten if another one decides."""
    otherwise = not decides
    if len(terms) == 2:
        return _logic_of_two(decides, *terms)

    def run(frame: Frame) -> Any:
        outcome: Any = otherwise
        for term in terms:
            value = term(frame)
            if value is decides:
                return decides
            if value is not otherwise:
                outcome = UNKNOWN
        return outcome

    return run


def _logic_of_two(decides: bool, left: Run, right: Run) -> Run:
    otherwise = not decides

    def run(frame: Frame) -> Any:
        a = left(frame)
        if a is decides:
            return decides
        b = right(frame)
        if b is decides:
            return decides
        return otherwise if a is otherwise and b is otherwise else UNKNOWN

    return run


def conditional(condition: Run, yes: Run, no: Run) -> Run:
    """Compile `? :`; an unknown condition leaves it open, whatever the two results are."""

    def run(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return yes(frame)
        return no(frame) if value is False else UNKNOWN

    return run


def list_of(items: Sequence[Run]) -> Run:
    """Compile a list; an element that is unknown stays in it as such."""
    return lambda frame: [item(frame) for item in items]


def map_of(entries: Sequence[tuple[Run, Run]], text: str) -> Run:
    """Compile a map; a key or value that is unknown leaves all of it open."""
    repeated = Message("a key is there twice", "键重复")
    unusable = Message("a value of this type cannot be a key", "此类型的值不能作为键")

    def run(frame: Frame) -> Any:
        made: dict[Any, Any] = {}
        for key_run, value_run in entries:
            key, value = key_run(frame), value_run(frame)
            if key is UNKNOWN or value is UNKNOWN:
                return UNKNOWN
            if kind_of(key) not in KEYS or key.__class__ is float:
                return blame(frame, text, unusable)
            if key in made:
                return blame(frame, text, repeated)
            made[key] = value
        return made

    return run


def concat(left: Run, right: Run) -> Run:
    """Put two lists one after the other, unknown elements included."""

    def run(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if a is UNKNOWN or b is UNKNOWN:
            return UNKNOWN
        spend(frame, len(a) + len(b))
        return [*in_order(a), *in_order(b)]

    return run
