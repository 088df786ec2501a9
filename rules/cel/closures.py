"""From the typed tree to Python closures, specialised by static type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rules.cel import calling, folding, reading, typed
from rules.cel.equality import ABSENT, KEYS, Test, equality, lookup, membership, plain
from rules.cel.errors import Message, Source
from rules.cel.trace import blame, focused, watched
from rules.cel.typed import FoldKind, path_of
from rules.cel.types import OPEN, Kind, ListOf, MapOf, Record
from rules.cel.values import UNKNOWN, Frame, Run, in_order, kind_of, spend

_UNWATCHED = (typed.Constant, typed.Logic, typed.Conditional, typed.ListValue, typed.MapValue)


@dataclass(frozen=True, slots=True)
class Plan:
    """What all nodes of one expression share.

    *facts* and *first_local* are places in the frame; *tracing* means that the evaluation is told step by step.
    """

    source: Source
    facts: Mapping[str, int]
    first_local: int
    tracing: bool


def build(node: typed.Node, plan: Plan) -> Run:
    """Return the compiled form of a node."""
    run = _build(node, plan)
    if not plan.tracing or isinstance(node, _UNWATCHED):
        return run
    read = path_of(node)
    if isinstance(node, typed.Has):
        operand = path_of(node.operand)
        read = f"{operand}.{node.name}" if operand else None
    return watched(run, _text(node, plan), read)


def _text(node: typed.Node, plan: Plan) -> str:
    return plan.source.extract(node.start, node.end)


def _build(node: typed.Node, plan: Plan) -> Run:
    match node:
        case typed.Constant(value=value):
            return lambda frame: value
        case typed.Variable() | typed.Local():
            return reading.slot_read(_slot(node, plan), node.type, _text(node, plan))
        case typed.Field():
            return _field(node, plan)
        case typed.Has():
            return reading.presence(_record(node.operand, plan), node.name, _text(node, plan))
        case typed.Index():
            operand, key = build(node.operand, plan), build(node.key, plan)
            return reading.index(operand, key, node.type, _text(node, plan))
        case typed.Equal():
            return _equal(node, plan)
        case typed.In():
            return _in(node, plan)
        case typed.Logic():
            return _logic(node.operator == "||", [build(term, plan) for term in node.terms])
        case typed.Conditional():
            return _conditional(build(node.condition, plan), build(node.yes, plan), build(node.no, plan))
        case typed.Apply():
            return _apply(node, plan)
        case typed.Fold():
            return _fold(node, plan)
        case typed.ListValue():
            return _list([build(item, plan) for item in node.items])
        case typed.MapValue():
            entries = [(build(key, plan), build(value, plan)) for key, value in node.entries]
            return _map(entries, _text(node, plan))
        case typed.Concat():
            return _concat(build(node.left, plan), build(node.right, plan))
    raise TypeError(f"no closure for {type(node).__name__}")


def _slot(node: typed.Variable | typed.Local, plan: Plan) -> int:
    return plan.facts[node.name] if isinstance(node, typed.Variable) else plan.first_local + node.slot


def _record(node: typed.Node, plan: Plan) -> Run:
    """Compile a node that is only a step on the way to a field: records need no look of their own."""
    if isinstance(node.type, Record):
        if isinstance(node, (typed.Variable, typed.Local)):
            return reading.raw_slot(_slot(node, plan))
        if isinstance(node, typed.Field) and isinstance(node.operand.type, Record):
            return reading.raw_field(_record(node.operand, plan), node.name)
    return build(node, plan)


def _field(node: typed.Field, plan: Plan) -> Run:
    operand, text = node.operand, _text(node, plan)
    if isinstance(operand.type, Record):
        if isinstance(operand, (typed.Variable, typed.Local)):
            return reading.slot_field(_slot(operand, plan), node.name, node.type, text)
        return reading.record_field(_record(operand, plan), node.name, node.type, text)
    read = reading.map_field if isinstance(operand.type, MapOf) else reading.open_field
    return read(build(operand, plan), node.name, node.type, text)


def _equal(node: typed.Equal, plan: Plan) -> Run:
    left, right = build(node.left, plan), build(node.right, plan)
    if not plain(node.left.type, node.right.type):
        return _tested(left, right, equality(node.left.type, node.right.type), node.negated)
    if isinstance(node.right, typed.Constant):
        return _equals_constant(left, node.right.value, node.negated)
    return _plainly_equal(left, right, node.negated)


def _equals_constant(left: Run, constant: object, negated: bool) -> Run:
    def same(frame: Frame) -> Any:
        value = left(frame)
        return UNKNOWN if value is UNKNOWN else value == constant

    def different(frame: Frame) -> Any:
        value = left(frame)
        return UNKNOWN if value is UNKNOWN else value != constant

    return different if negated else same


def _plainly_equal(left: Run, right: Run, negated: bool) -> Run:
    def run(frame: Frame) -> Any:
        a = left(frame)
        if a is UNKNOWN:
            return UNKNOWN
        b = right(frame)
        return UNKNOWN if b is UNKNOWN else (a == b) is not negated

    return run


def _tested(left: Run, right: Run, test: Test, negated: bool) -> Run:
    def run(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if a is UNKNOWN or b is UNKNOWN:
            return UNKNOWN
        outcome = test(a, b, frame)
        return UNKNOWN if outcome is UNKNOWN else outcome is not negated

    return run


def _in(node: typed.In, plan: Plan) -> Run:
    needle, haystack, within = build(node.needle, plan), build(node.haystack, plan), node.haystack.type
    if isinstance(within, MapOf):
        return _key_in(needle, haystack)
    if not isinstance(within, ListOf):
        return _in_open(needle, haystack, node, _text(node, plan))
    constant = isinstance(node.haystack, typed.Constant)
    if constant and plain(node.needle.type, within.element) and within.element.kind is not Kind.DOUBLE:
        return _in_constant(needle, frozenset(node.haystack.value))  # type: ignore[attr-defined]
    contains = membership(node.needle.type, within.element)

    def run(frame: Frame) -> Any:
        value, items = needle(frame), haystack(frame)
        return UNKNOWN if value is UNKNOWN or items is UNKNOWN else contains(value, items, frame)

    return run


def _in_constant(needle: Run, items: frozenset[object]) -> Run:
    def run(frame: Frame) -> Any:
        value = needle(frame)
        return UNKNOWN if value is UNKNOWN else value in items

    return run


def _key_in(needle: Run, haystack: Run) -> Run:
    def run(frame: Frame) -> Any:
        key, entries = needle(frame), haystack(frame)
        return UNKNOWN if key is UNKNOWN or entries is UNKNOWN else lookup(entries, key) is not ABSENT

    return run


def _in_open(needle: Run, haystack: Run, node: typed.In, text: str) -> Run:
    contains = membership(node.needle.type, node.haystack.type)
    checked = folding.elements(haystack, text)

    def run(frame: Frame) -> Any:
        value, items = needle(frame), checked(frame)
        if value is UNKNOWN or items is UNKNOWN:
            return UNKNOWN
        return lookup(items, value) is not ABSENT if isinstance(items, Mapping) else contains(value, items, frame)

    return run


def _logic(decides: bool, terms: Sequence[Run]) -> Run:
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


def _conditional(condition: Run, yes: Run, no: Run) -> Run:
    def run(frame: Frame) -> Any:
        value = condition(frame)
        if value is True:
            return yes(frame)
        return no(frame) if value is False else UNKNOWN

    return run


def _apply(node: typed.Apply, plan: Plan) -> Run:
    arguments, text = [build(argument, plan) for argument in node.arguments], _text(node, plan)
    if not calling.is_certain(node.overloads, [argument.type for argument in node.arguments]):
        return calling.dispatch(node.overloads, arguments, node.function, text)
    if node.function == "matches" and isinstance(node.arguments[1], typed.Constant):
        return calling.pattern_search(arguments[0], str(node.arguments[1].value), text)
    return calling.call(node.overloads[0], arguments, text)


def _fold(node: typed.Fold, plan: Plan) -> Run:
    text, slot = _text(node.items, plan), plan.first_local + node.variable.slot
    items = build(node.items, plan)
    if node.items.type.kind in OPEN:
        items = folding.elements(items, text)
    transform = build(node.transform, plan) if node.transform is not None else None
    if node.predicate is None or transform is not None:
        predicate = build(node.predicate, plan) if node.predicate is not None else None
        return folding.mapped(items, predicate, transform, slot)  # type: ignore[arg-type]
    predicate = build(node.predicate, plan)
    if node.kind is FoldKind.FILTER:
        return folding.filtered(items, predicate, slot)
    decides = node.kind is not FoldKind.ALL
    if plan.tracing:
        predicate = focused(predicate, decides, node.variable.name, slot)
    if node.kind is FoldKind.EXISTS_ONE:
        return folding.exists_one(items, predicate, slot, text)
    return folding.deciding_fold(items, predicate, slot, decides, text)


def _list(items: Sequence[Run]) -> Run:
    """Compile a list; an element that is unknown stays in it as such."""
    return lambda frame: [item(frame) for item in items]


def _map(entries: Sequence[tuple[Run, Run]], text: str) -> Run:
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


def _concat(left: Run, right: Run) -> Run:
    def run(frame: Frame) -> Any:
        a, b = left(frame), right(frame)
        if a is UNKNOWN or b is UNKNOWN:
            return UNKNOWN
        spend(frame, len(a) + len(b))
        return [*in_order(a), *in_order(b)]

    return run
