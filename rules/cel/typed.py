"""The tree after checking: every name resolved, every node with its type; what compilers work from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from rules.cel.overload import Overload
from rules.cel.types import Type


@dataclass(frozen=True, slots=True)
class Node:
    """A part of the expression with its type, written from offset *start* up to *end*."""

    type: Type
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A value known at load: a literal, or a function of literals."""

    value: object


@dataclass(frozen=True, slots=True)
class Variable(Node):
    """A fact given to the evaluation."""

    name: str


@dataclass(frozen=True, slots=True)
class Local(Node):
    """A variable bound by a macro; *slot* is unique in the expression, *path* is what it is an element of."""

    name: str
    slot: int
    path: str


@dataclass(frozen=True, slots=True)
class Field(Node):
    """A field of a record, or the value of a string key of a map."""

    operand: Node
    name: str


@dataclass(frozen=True, slots=True)
class Has(Node):
    """Whether a field is there."""

    operand: Node
    name: str


@dataclass(frozen=True, slots=True)
class Index(Node):
    """An element of a list by position, or of a map by key."""

    operand: Node
    key: Node


@dataclass(frozen=True, slots=True)
class Equal(Node):
    """`==`, or `!=` where *negated*."""

    left: Node
    right: Node
    negated: bool


@dataclass(frozen=True, slots=True)
class In(Node):
    """An element of a list, or a key of a map."""

    needle: Node
    haystack: Node


@dataclass(frozen=True, slots=True)
class Concat(Node):
    """Two lists, one after the other."""

    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """Terms joined by `&&` or `||`; a term that decides does so whatever the others are."""

    operator: str
    terms: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`condition ? yes : no`."""

    condition: Node
    yes: Node
    no: Node


@dataclass(frozen=True, slots=True)
class ListValue(Node):
    """`[items]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class MapValue(Node):
    """`{key: value}`."""

    entries: tuple[tuple[Node, Node], ...]


@dataclass(frozen=True, slots=True)
class Apply(Node):
    """A function or operator; with more than one overload, or open argument types, the values choose."""

    function: str
    overloads: tuple[Overload, ...]
    arguments: tuple[Node, ...]


class FoldKind(StrEnum):
    """What a macro does with the elements."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    FILTER = "filter"
    MAP = "map"


@dataclass(frozen=True, slots=True)
class Fold(Node):
    """A macro over the elements of a list or the keys of a map.

    *predicate* is None only for a map without one; *transform* is set only for a map.
    """

    kind: FoldKind
    items: Node
    variable: Local
    predicate: Node | None
    transform: Node | None


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node, in the order they are evaluated."""
    match node:
        case Field(operand=operand) | Has(operand=operand):
            return (operand,)
        case Index(operand=left, key=right) | In(needle=left, haystack=right):
            return (left, right)
        case Equal(left=left, right=right) | Concat(left=left, right=right):
            return (left, right)
        case Logic(terms=parts) | ListValue(items=parts) | Apply(arguments=parts):
            return parts
        case Conditional(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case MapValue(entries=entries):
            return tuple(part for entry in entries for part in entry)
        case Fold(items=items, predicate=predicate, transform=transform):
            return (items, *(part for part in (predicate, transform) if part is not None))
    return ()


def walk(tree: Node) -> Iterator[Node]:
    """Yield every node of a tree, each before its parts."""
    left = [tree]
    while left:
        node = left.pop()
        yield node
        left += reversed(children(node))
