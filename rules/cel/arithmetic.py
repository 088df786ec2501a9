"""Operators on numbers: 64 bits, overflow is a fault, division goes towards zero."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable, Iterator

from rules.cel.errors import Fault
from rules.cel.overload import Overload, fitting, operator
from rules.cel.types import BOOL, BYTES, DOUBLE, DURATION, INT, STRING, TIMESTAMP, UINT
from rules.cel.values import INT_MAX, INT_MIN, UINT_MAX, UInt


def in_int(value: int) -> int:
    """Return *value* if 64 bits can hold it.

    Raises:
        Fault: they cannot.
    """
    if INT_MIN <= value <= INT_MAX:
        return value
    raise Fault("int overflow", "int 溢出")


def in_uint(value: int) -> UInt:
    """Return *value* as an unsigned integer.

    Raises:
        Fault: it is negative, or does not fit into 64 bits.
    """
    if 0 <= value <= UINT_MAX:
        return UInt(value)
    raise Fault("uint overflow", "uint 溢出")


def _quotient(left: int, right: int) -> int:
    if right == 0:
        raise Fault("division by zero", "除数为零")
    result = abs(left) // abs(right)
    return result if (left < 0) == (right < 0) else -result


def _remainder(left: int, right: int) -> int:
    if right == 0:
        raise Fault("modulus by zero", "对零取余")
    in_int(_quotient(left, right))  # the least int divided by -1 has no remainder either, by the language definition
    return (abs(left) % abs(right)) * (-1 if left < 0 else 1)


def add_int(left: int, right: int) -> int:
    """Return the sum.

    Raises:
        Fault: it does not fit into 64 bits.
    """
    result = left + right
    return result if INT_MIN <= result <= INT_MAX else in_int(result)


def add_uint(left: int, right: int) -> UInt:
    """Return the sum.

    Raises:
        Fault: it does not fit into 64 bits.
    """
    return in_uint(left + right)


def _subtract_int(left: int, right: int) -> int:
    result = left - right
    return result if INT_MIN <= result <= INT_MAX else in_int(result)


def _divide_double(left: float, right: float) -> float:
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left) or math.isnan(right):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1, right)


def _join_text(left: str, right: str) -> str:
    fitting(len(left) + len(right))
    return left + right


def _join_bytes(left: bytes, right: bytes) -> bytes:
    fitting(len(left) + len(right))
    return left + right


_ORDERED = (INT, UINT, DOUBLE, STRING, BYTES, BOOL, TIMESTAMP, DURATION)


def _orderings() -> Iterator[Overload]:
    tests: dict[str, Callable[..., object]] = {"<": op.lt, "<=": op.le, ">": op.gt, ">=": op.ge}
    for name, test in tests.items():
        for type_ in _ORDERED:
            yield operator(name, BOOL, test, type_, type_)
        yield operator(name, BOOL, test, INT, UINT)
        yield operator(name, BOOL, test, UINT, INT)
        for whole in (INT, UINT):
            yield operator(name, BOOL, _as_doubles(test), whole, DOUBLE)
            yield operator(name, BOOL, _as_doubles(test), DOUBLE, whole)


def _as_doubles(test: Callable[..., object]) -> Callable[..., object]:
    """Order an integer and a double as doubles, as every implementation does: precision ends at 53 bits."""
    return lambda left, right: test(float(left), float(right))


OVERLOADS: tuple[Overload, ...] = (
    operator("!", BOOL, op.not_, BOOL),
    operator("-", INT, lambda value: in_int(-value), INT),
    operator("-", DOUBLE, op.neg, DOUBLE),
    operator("+", INT, add_int, INT, INT),
    operator("+", UINT, add_uint, UINT, UINT),
    operator("+", DOUBLE, op.add, DOUBLE, DOUBLE),
    operator("+", STRING, _join_text, STRING, STRING),
    operator("+", BYTES, _join_bytes, BYTES, BYTES),
    operator("-", INT, _subtract_int, INT, INT),
    operator("-", UINT, lambda left, right: in_uint(left - right), UINT, UINT),
    operator("-", DOUBLE, op.sub, DOUBLE, DOUBLE),
    operator("*", INT, lambda left, right: in_int(left * right), INT, INT),
    operator("*", UINT, lambda left, right: in_uint(left * right), UINT, UINT),
    operator("*", DOUBLE, op.mul, DOUBLE, DOUBLE),
    operator("/", INT, lambda left, right: in_int(_quotient(left, right)), INT, INT),
    operator("/", UINT, lambda left, right: UInt(_quotient(left, right)), UINT, UINT),
    operator("/", DOUBLE, _divide_double, DOUBLE, DOUBLE),
    operator("%", INT, _remainder, INT, INT),
    operator("%", UINT, lambda left, right: UInt(_remainder_uint(left, right)), UINT, UINT),
    *_orderings(),
)


def _remainder_uint(left: int, right: int) -> int:
    if right == 0:
        raise Fault("modulus by zero", "对零取余")
    return left % right
