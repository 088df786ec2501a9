"""From the typed tree to Python closures, specialised by static type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rules.cel import calling, folding, operators, reading, typed
from rules.cel.equality import equality, membership, plain
from rules.cel.errors import Source
from rules.cel.paths import path_of
from rules.cel.trace import focused, watched
from rules.cel.typed import FoldKind
from rules.cel.types import OPEN, Kind, ListOf, MapOf, Record
from rules.cel.values import Run

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
            return operators.logic(node.operator == "||", [build(term, plan) for term in node.terms])
        case typed.Conditional():
            return operators.conditional(build(node.condition, plan), build(node.yes, plan), build(node.no, plan))
        case typed.Apply():
            return _apply(node, plan)
        case typed.Fold():
            return _fold(node, plan)
        case typed.ListValue():
            return operators.list_of([build(item, plan) for item in node.items])
        case typed.MapValue():
            entries = [(build(key, plan), build(value, plan)) for key, value in node.entries]
            return operators.map_of(entries, _text(node, plan))
        case typed.Concat():
            return operators.concat(build(node.left, plan), build(node.right, plan))
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
        return operators.tested(left, right, equality(node.left.type, node.right.type), node.negated)
    if isinstance(node.right, typed.Constant):
        return operators.equals_constant(left, node.right.value, node.negated)
    return operators.plainly_equal(left, right, node.negated)


def _in(node: typed.In, plan: Plan) -> Run:
    needle, haystack, within = build(node.needle, plan), build(node.haystack, plan), node.haystack.type
    if isinstance(within, MapOf):
        return operators.key_in(needle, haystack)
    if not isinstance(within, ListOf):
        searched = folding.elements(haystack, _text(node.haystack, plan))
        return operators.in_either(needle, searched, membership(node.needle.type, within))
    known = isinstance(node.haystack, typed.Constant)
    if known and plain(node.needle.type, within.element) and within.element.kind is not Kind.DOUBLE:
        return operators.in_constant(needle, frozenset(node.haystack.value))  # type: ignore[attr-defined]
    return operators.in_list(needle, haystack, membership(node.needle.type, within.element))


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
