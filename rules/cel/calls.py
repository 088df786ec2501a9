"""Choosing the overload for a call, and doing at load what literals alone decide."""

from __future__ import annotations

from rules.cel import syntax, typed
from rules.cel.errors import CelError, Fault, Source
from rules.cel.overload import Overload
from rules.cel.strings import PATTERN_FUNCTIONS, pattern_of
from rules.cel.types import DYN, NUMBERS, Type, assignable, has_open_part


def apply(
    source: Source,
    node: syntax.Node,
    function: str,
    overloads: tuple[Overload, ...],
    arguments: tuple[typed.Node, ...],
    at: int,
) -> typed.Node:
    """Return the call with the overloads that its argument types leave possible; a constant where it is one already.

    Raises:
        CelError: no overload fits, or a literal argument is malformed.
    """
    types = tuple(argument.type for argument in arguments)
    fitting = tuple(overload for overload in overloads if _fits(overload, types))
    if not fitting:
        raise _no_overload(source, function, overloads, types, at)
    exact = [overload for overload in fitting if overload.parameters == types]
    fitting = tuple(exact[:1]) or fitting
    _check_pattern(source, function, arguments)
    result = fitting[0].result
    if any(overload.result != result for overload in fitting):
        result = DYN
    call = typed.Apply(result, node.start, node.end, function, fitting, arguments)
    return _folded(source, call)


def _fits(overload: Overload, types: tuple[Type, ...]) -> bool:
    wanted = overload.parameters
    return len(wanted) == len(types) and all(map(assignable, types, wanted))


def _folded(source: Source, call: typed.Apply) -> typed.Node:
    values = [argument.value for argument in call.arguments if isinstance(argument, typed.Constant)]
    certain = len(call.overloads) == 1 and not any(has_open_part(argument.type) for argument in call.arguments)
    if len(values) < len(call.arguments) or not certain:
        return call
    overload = call.overloads[0]
    try:
        return typed.Constant(call.type, call.start, call.end, overload.apply(*values))
    except Fault as fault:
        if overload.early:
            raise source.error(call.arguments[0].start, fault.reason.en, fault.reason.zh) from None
        return call


def _check_pattern(source: Source, function: str, arguments: tuple[typed.Node, ...]) -> None:
    if function not in PATTERN_FUNCTIONS or not isinstance(arguments[1], typed.Constant):
        return
    try:
        pattern_of(str(arguments[1].value))
    except Fault as fault:
        raise source.error(arguments[1].start, fault.reason.en, fault.reason.zh) from None


def describe_number_mix(left: Type, right: Type) -> tuple[str, str]:
    """Return the cure, in both languages, where two kinds of numbers meet that the language keeps apart."""
    if left.kind in NUMBERS and right.kind in NUMBERS and left.kind is not right.kind:
        return "; convert one of them, as in double(x)", "；请转换其中之一，如 double(x)"
    return "", ""


def _no_overload(
    source: Source, function: str, overloads: tuple[Overload, ...], types: tuple[Type, ...], at: int
) -> CelError:
    given = ", ".join(map(str, types))
    hint, hint_zh = describe_number_mix(types[0], types[-1]) if types else ("", "")
    if not function[0].isalpha():
        return source.error(at, f"{function} does not take {given}{hint}", f"{function} 不适用于 {given}{hint_zh}")
    known = ", ".join(dict.fromkeys(map(str, overloads)))
    return source.error(
        at, f"{function} does not take ({given}); there is {known}", f"{function} 不接受 ({given})；可用形式：{known}"
    )
