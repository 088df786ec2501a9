"""Equality as the language has it: numbers by value, true is not 1, and three-valued where something is unknown."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeAlias

from rules.cel.types import NUMBERS, Kind, ListOf, MapOf, Record, Type, join
from rules.cel.values import UNKNOWN, Frame, fetch, in_order, kind_of, spend

Test: TypeAlias = Callable[[Any, Any, Frame], Any]
"""Returns True, False or UNKNOWN for two known values."""

_CONTAINERS = frozenset({Kind.LIST, Kind.MAP, Kind.RECORD, Kind.DYN, Kind.NEVER})


def plain(left: Type, right: Type) -> bool:
    """Tell whether Python's own == is right for all known values of these types."""
    if left.kind in _CONTAINERS or right.kind in _CONTAINERS:
        return False
    return left.kind is right.kind or (left.kind in NUMBERS and right.kind in NUMBERS)


def equality(left: Type, right: Type) -> Test:
    """Return the test for values of these types."""
    if plain(left, right):
        return _plainly
    if left.kind is not right.kind:
        return equal_any
    both = join(left, right)
    match left, right, both:
        case ListOf(), ListOf(), ListOf():
            return _lists(equality(left.element, right.element), both.element.kind)
        case MapOf(), MapOf(), MapOf():
            return _maps(equality(left.value, right.value))
        case Record(), Record(), Record():
            return _records({name: equality(type_, type_) for name, type_ in both.fields.items()})
    return equal_any


def _plainly(left: Any, right: Any, frame: Frame) -> Any:
    return left == right


def equal_any(left: Any, right: Any, frame: Frame) -> Any:
    """Compare two values of which nothing is known beforehand; values of different types are not equal."""
    if left is UNKNOWN or right is UNKNOWN:
        return UNKNOWN
    kind, other = kind_of(left), kind_of(right)
    if kind is not other:
        return kind in NUMBERS and other in NUMBERS and bool(left == right)
    if kind is Kind.LIST:
        return _lists(equal_any, Kind.DYN)(left, right, frame)
    if kind is Kind.MAP:
        return _maps(equal_any)(left, right, frame)
    if kind is Kind.RECORD:
        if type(left) is not type(right):
            return False
        return _records(dict.fromkeys((field.name for field in fields(left)), equal_any))(left, right, frame)
    return bool(left == right)


def _all(outcomes: list[Any]) -> Any:
    if False in outcomes:
        return False
    return UNKNOWN if UNKNOWN in outcomes else True


def _lists(test: Test, kind: Kind) -> Test:
    null_is_value = kind in (Kind.NULL, Kind.DYN, Kind.NEVER)

    def compare(left: Any, right: Any, frame: Frame) -> Any:
        spend(frame, min(len(left), len(right)))
        for item in (*left, *right):
            if item is UNKNOWN or (item is None and not null_is_value):
                return UNKNOWN
        if len(left) != len(right):
            return False
        return _all([test(a, b, frame) for a, b in zip(in_order(left), in_order(right), strict=True)])

    return compare


def _maps(test: Test) -> Test:
    def compare(left: Mapping[Any, Any], right: Mapping[Any, Any], frame: Frame) -> Any:
        spend(frame, len(left))
        if len(left) != len(right):
            return False
        outcomes: list[Any] = []
        for key, value in left.items():
            found = lookup(right, key)
            if found is ABSENT:
                return False
            outcomes.append(UNKNOWN if value is UNKNOWN or found is UNKNOWN else test(value, found, frame))
        return _all(outcomes)

    return compare


def _records(tests: Mapping[str, Test]) -> Test:
    def compare(left: Any, right: Any, frame: Frame) -> Any:
        spend(frame, len(tests))
        outcomes: list[Any] = []
        for name, test in tests.items():
            a, b = fetch(left, name), fetch(right, name)
            missing = a is None or b is None or a is UNKNOWN or b is UNKNOWN
            outcomes.append(UNKNOWN if missing else test(a, b, frame))
        return _all(outcomes)

    return compare


KEYS = frozenset({Kind.STRING, Kind.INT, Kind.UINT, Kind.BOOL, Kind.DOUBLE})
"""What entries of a map may be looked up by; a double finds the integer of the same value."""

ABSENT = object()
"""What `lookup` returns where there is no such key; a key may have the value None."""


def lookup(entries: Mapping[Any, Any], key: Any) -> Any:
    """Return the value of *key*, or ABSENT; true and 1 are different keys, though Python holds them equal."""
    if kind_of(key) not in KEYS:
        return ABSENT
    value = entries.get(key, ABSENT)
    if value is ABSENT or key not in (0, 1):
        return value
    return (
        value
        if any(op.eq(key, other) and isinstance(other, bool) == isinstance(key, bool) for other in entries)
        else ABSENT
    )


def membership(needle: Type, element: Type) -> Test:
    """Return the test for `needle in list`: true when found, unknown when it may be one of the unknown elements."""
    test = equality(needle, element)
    native = plain(needle, element) and element.kind is not Kind.DOUBLE and needle.kind is not Kind.DOUBLE

    def contains(value: Any, items: Any, frame: Frame) -> Any:
        spend(frame, len(items) >> 3)
        if native and value in items:
            return True
        outcome: Any = False
        for item in () if native and not _has_marker(items) else items:
            if item is None and element.kind is not Kind.NULL and element.kind is not Kind.DYN:
                outcome = UNKNOWN
                continue
            found = UNKNOWN if item is UNKNOWN else test(value, item, frame)
            if found is True:
                return True
            if found is UNKNOWN:
                outcome = UNKNOWN
        return outcome

    return contains


def _has_marker(items: Any) -> bool:
    return any(item is None or item is UNKNOWN for item in items)
