"""The tree as it was written, before names and types are known."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the expression, from offset *start* up to *end*."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """A value written out: its Python class says its type, None is null."""

    value: object


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A variable or type name."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """`operand.name`; *name_at* is the offset of the name."""

    operand: Node
    name: str
    name_at: int


@dataclass(frozen=True, slots=True)
class Index(Node):
    """`operand[key]`."""

    operand: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments)` or `target.function(arguments)`; *name_at* is the offset of the function's name."""

    function: str
    target: Node | None
    arguments: tuple[Node, ...]
    name_at: int


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`!operand` or `-operand`."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Two operands of an arithmetic operator or a relation; *operator_at* is the operator's offset."""

    operator: str
    left: Node
    right: Node
    operator_at: int


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Two or more terms joined by `&&` or by `||`."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class ListNode(Node):
    """`[items]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapNode(Node):
    """`{key: value}`."""

    entries: tuple[tuple[Node, Node], ...]


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node, in the order they were written."""
    match node:
        case Member(operand=operand) | Unary(operand=operand):
            return (operand,)
        case Index(operand=operand, key=key):
            return (operand, key)
        case Call(target=target, arguments=arguments):
            return arguments if target is None else (target, *arguments)
        case Binary(left=left, right=right):
            return (left, right)
        case Logic(terms=parts) | ListNode(items=parts):
            return parts
        case Conditional(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case MapNode(entries=entries):
            return tuple(part for entry in entries for part in entry)
    return ()
