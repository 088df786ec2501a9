"""Functions on whole lists; they are called only when every element is known."""

from __future__ import annotations

import functools
import operator as op
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rules.cel import arithmetic, moments
from rules.cel.errors import Fault
from rules.cel.overload import Overload, either, fitting, function, method, operator
from rules.cel.types import (
    BOOL,
    BYTES,
    CIDR,
    DOUBLE,
    DURATION,
    DYN,
    INT,
    IP,
    STRING,
    TIMESTAMP,
    UINT,
    ListOf,
    MapOf,
    Type,
)
from rules.cel.values import UInt, in_order

_ORDERED = (INT, UINT, DOUBLE, STRING, BYTES, BOOL, TIMESTAMP, DURATION)
_SCALARS = (*_ORDERED, IP, CIDR)
_ZERO: dict[Type, tuple[Callable[[Any, Any], Any], Any]] = {
    INT: (arithmetic.add_int, 0),
    UINT: (arithmetic.add_uint, UInt(0)),
    DOUBLE: (op.add, 0.0),
    DURATION: (moments.add_durations, moments.NO_TIME),
}


def _is_sorted(items: Sequence[Any]) -> bool:
    ordered = in_order(items)
    return all(ordered[at] <= ordered[at + 1] for at in range(len(ordered) - 1))


def _extreme(choose: Callable[..., Any], name: str) -> Callable[[Sequence[Any]], Any]:
    def apply(items: Sequence[Any]) -> Any:
        if not items:
            raise Fault(f"an empty list has no {name}", f"空列表没有 {name}")
        return choose(items)

    return apply


def _distinct(items: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(in_order(items)))


def _one_after_the_other(left: Sequence[Any], right: Sequence[Any]) -> list[Any]:
    fitting(len(left) + len(right))
    return [*left, *right]


def _for_each_type() -> Iterator[Overload]:
    for type_ in _ORDERED:
        of_type = ListOf(type_)
        yield method("isSorted", BOOL, _is_sorted, of_type)
        yield method("min", type_, _extreme(min, "min"), of_type)
        yield method("max", type_, _extreme(max, "max"), of_type)
    for type_, (add, zero) in _ZERO.items():
        yield method("sum", type_, functools.partial(_sum, add, zero), ListOf(type_))
    for type_ in _SCALARS:
        of_type = ListOf(type_)
        yield method("distinct", of_type, _distinct, of_type)
        yield function("sets.contains", BOOL, lambda all_, some: set(some) <= set(all_), of_type, of_type)
        yield function("sets.equivalent", BOOL, lambda left, right: set(left) == set(right), of_type, of_type)
        yield function("sets.intersects", BOOL, lambda left, right: not set(left).isdisjoint(right), of_type, of_type)


def _sum(add: Callable[[Any, Any], Any], zero: Any, items: Sequence[Any]) -> Any:
    return functools.reduce(add, items, zero)


OVERLOADS: tuple[Overload, ...] = (
    operator("+", ListOf(DYN), _one_after_the_other, ListOf(DYN), ListOf(DYN)),
    either("size", INT, len, ListOf(DYN)),
    either("size", INT, len, MapOf(DYN, DYN)),
    *_for_each_type(),
)
