"""Compiled calls of functions and operators: strict in all arguments, a fault is UNKNOWN."""

from __future__ import annotations

import operator as op
from collections.abc import Callable, Sequence
from typing import Any

from rules.cel.admission import admission
from rules.cel.errors import Fault, Message
from rules.cel.overload import Overload
from rules.cel.reading import UNSEEN
from rules.cel.strings import pattern_of
from rules.cel.trace import blame
from rules.cel.types import OPEN, STRING, Kind, ListOf, Type
from rules.cel.values import UNKNOWN, Frame, Run, in_order, is_marker, kind_of, spend

_HUGE = Message("the data holds a number of more than 64 bits", "数据中有超过 64 位的数值")
_SIZED = frozenset({Kind.STRING, Kind.BYTES, Kind.LIST})
_TOTAL = frozenset({op.lt, op.le, op.gt, op.ge, str.startswith, str.endswith})
"""Operations that have a result for all values, and cost the same for all."""


def call(overload: Overload, arguments: Sequence[Run], text: str) -> Run:
    """Compile a call whose overload is certain."""
    apply = overload.apply
    first, *rest = [
        _whole(run, parameter, overload.function, text) if isinstance(parameter, ListOf) else run
        for run, parameter in zip(arguments, overload.parameters, strict=True)
    ]
    if rest and apply in _TOTAL:
        return _total(apply, first, rest[0])
    if (overload.function[0].isalpha() and apply is not len) or overload.result.kind in _SIZED:
        return _metered(overload, (first, *rest), text)
    return _binary(apply, first, rest[0], text) if rest else _unary(apply, first, text)


def _total(apply: Callable[[Any, Any], Any], left: Run, right: Run) -> Run:
    def run(frame: Frame) -> Any:
        a = left(frame)
        if a is UNKNOWN:
            return UNKNOWN
        b = right(frame)
        return UNKNOWN if b is UNKNOWN else apply(a, b)

    return run


def _unary(apply: Callable[[Any], Any], operand: Run, text: str) -> Run:
    def run(frame: Frame) -> Any:
        value = operand(frame)
        if value is UNKNOWN:
            return UNKNOWN
        try:
            return apply(value)
        except Fault as fault:
            return blame(frame, text, fault.reason)
        except OverflowError:
            return blame(frame, text, _HUGE)

    return run


def _binary(apply: Callable[[Any, Any], Any], left: Run, right: Run, text: str) -> Run:
    def run(frame: Frame) -> Any:
        a = left(frame)
        if a is UNKNOWN:
            return UNKNOWN
        b = right(frame)
        if b is UNKNOWN:
            return UNKNOWN
        try:
            return apply(a, b)
        except Fault as fault:
            return blame(frame, text, fault.reason)
        except OverflowError:
            return blame(frame, text, _HUGE)

    return run


def _metered(overload: Overload, arguments: Sequence[Run], text: str) -> Run:
    """Compile a call that is charged for the length of the text it reads and of what it makes."""
    apply = overload.apply
    reads_text, makes = overload.parameters[0] == STRING, overload.result.kind in _SIZED

    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        if any(value is UNKNOWN for value in values):
            return UNKNOWN
        if reads_text:
            spend(frame, len(values[0]) >> 6)
        try:
            result = apply(*values)
        except Fault as fault:
            return blame(frame, text, fault.reason)
        except OverflowError:
            return blame(frame, text, _HUGE)
        if makes:
            spend(frame, len(result) >> 3)
        return result

    return run


def _whole(items: Run, wanted: ListOf, function: str, text: str) -> Run:
    """Require that every element of a list argument is known, and of the type the function takes."""
    quick, admit = admission(wanted.element)
    counts_only = function == "size"

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN:
            return UNKNOWN
        spend(frame, len(found) >> (3 if counts_only else 0))
        if counts_only:
            for item in found:
                if item is None or item is UNKNOWN:
                    return blame(frame, text, UNSEEN)
            return found
        known = [item if item.__class__ is quick else admit(item) for item in in_order(found)]
        return blame(frame, text, UNSEEN) if any(item is UNKNOWN for item in known) else known

    return run


def pattern_search(text_run: Run, pattern: str, text: str) -> Run:
    """Compile `matches` with a pattern that is known at load."""
    search = pattern_of(pattern).search

    def run(frame: Frame) -> Any:
        value = text_run(frame)
        if value is UNKNOWN:
            return UNKNOWN
        spend(frame, len(value) >> 6)
        try:
            return search(value) is not None
        except UnicodeEncodeError:
            return blame(frame, text, Message("the string is no Unicode text", "字符串不是 Unicode 文本"))

    return run


def is_certain(overloads: Sequence[Overload], types: Sequence[Type]) -> bool:
    """Tell whether the types alone choose the overload."""
    if len(overloads) > 1:
        return False
    wanted = overloads[0].parameters
    return all(a.kind not in OPEN or b.kind in OPEN for a, b in zip(types, wanted, strict=True))


def dispatch(overloads: Sequence[Overload], arguments: Sequence[Run], function: str, text: str) -> Run:
    """Compile a call whose overload is chosen by the values."""

    def run(frame: Frame) -> Any:
        values = [argument(frame) for argument in arguments]
        if any(value is UNKNOWN for value in values):
            return UNKNOWN
        for overload in overloads:
            if all(map(_suits, values, overload.parameters)):
                return call(overload, [_given(value) for value in values], text)(frame)
        kinds = ", ".join(kind_of(value) for value in values)
        return blame(frame, text, Message(f"{function} does not take {kinds}", f"{function} 不适用于 {kinds}"))

    return run


def _given(value: Any) -> Run:
    return lambda frame: value


def _suits(value: Any, wanted: Type) -> bool:
    if wanted.kind in OPEN:
        return True
    if isinstance(wanted, ListOf) and wanted.element.kind not in OPEN:
        if kind_of(value) is not Kind.LIST:
            return False
        return all(is_marker(item) or kind_of(item) is wanted.element.kind for item in value)
    return kind_of(value) is wanted.kind
