"""The types an expression can have, and how they fit together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Kind(StrEnum):
    """What a value is, whatever it contains."""

    BOOL = "bool"
    INT = "int"
    UINT = "uint"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    IP = "ip"
    CIDR = "cidr"
    NULL = "null_type"
    TYPE = "type"
    LIST = "list"
    MAP = "map"
    RECORD = "record"
    DYN = "dyn"
    NEVER = "never"
    """The element of an empty list: it fits everywhere, because there is none."""


NUMBERS = frozenset({Kind.INT, Kind.UINT, Kind.DOUBLE})
OPEN = frozenset({Kind.DYN, Kind.NEVER})
"""Kinds about which nothing is known before evaluation."""


@dataclass(frozen=True, slots=True)
class Type:
    """A type; containers and records are subclasses."""

    kind: Kind

    def __str__(self) -> str:
        return self.kind.value


BOOL = Type(Kind.BOOL)
INT = Type(Kind.INT)
UINT = Type(Kind.UINT)
DOUBLE = Type(Kind.DOUBLE)
STRING = Type(Kind.STRING)
BYTES = Type(Kind.BYTES)
TIMESTAMP = Type(Kind.TIMESTAMP)
DURATION = Type(Kind.DURATION)
IP = Type(Kind.IP)
CIDR = Type(Kind.CIDR)
NULL = Type(Kind.NULL)
TYPE = Type(Kind.TYPE)
DYN = Type(Kind.DYN)
NEVER = Type(Kind.NEVER)


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list; at run time a tuple, list, or set."""

    kind: Kind = field(default=Kind.LIST, init=False)
    element: Type = DYN

    def __str__(self) -> str:
        return "list" if self.element.kind in OPEN else f"list({self.element})"


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A map from keys of one type to values of one type."""

    kind: Kind = field(default=Kind.MAP, init=False)
    key: Type = DYN
    value: Type = DYN

    def __str__(self) -> str:
        return f"map({self.key}, {self.value})"


@dataclass(frozen=True, slots=True)
class Record(Type):
    """Named fields with declared types; at run time a mapping or an object with attributes."""

    kind: Kind = field(default=Kind.RECORD, init=False)
    name: str = ""
    fields: Mapping[str, Type] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        wrong = [name for name in self.fields if not name.isidentifier() or name.startswith("__")]
        if wrong:
            raise ValueError(f"record {self.name} cannot have a field named {wrong[0]!r}")
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))

    def __str__(self) -> str:
        return self.name


def assignable(actual: Type, wanted: Type) -> bool:
    """Tell whether a value of type *actual* can stand where *wanted* is asked for."""
    if actual.kind in OPEN or wanted.kind in OPEN:
        return True
    match actual, wanted:
        case ListOf(), ListOf():
            return assignable(actual.element, wanted.element)
        case MapOf(), MapOf():
            return assignable(actual.key, wanted.key) and assignable(actual.value, wanted.value)
        case Record(), Record():
            return actual == wanted
    return actual.kind is wanted.kind


def comparable(left: Type, right: Type) -> bool:
    """Tell whether asking for equality of the two makes sense: numbers of every kind compare by value."""
    match left, right:
        case ListOf(), ListOf():
            return comparable(left.element, right.element)
        case MapOf(), MapOf():
            return comparable(left.key, right.key) and comparable(left.value, right.value)
    return assignable(left, right) or (left.kind in NUMBERS and right.kind in NUMBERS)


def join(left: Type, right: Type) -> Type:
    """Return the narrowest type that holds values of both."""
    if left == right or right.kind is Kind.NEVER:
        return left
    if left.kind is Kind.NEVER:
        return right
    match left, right:
        case ListOf(), ListOf():
            return ListOf(join(left.element, right.element))
        case MapOf(), MapOf():
            return MapOf(join(left.key, right.key), join(left.value, right.value))
    return DYN


def has_open_part(type_: Type) -> bool:
    """Tell whether values of this type must be told apart at run time."""
    match type_:
        case ListOf():
            return has_open_part(type_.element)
        case MapOf():
            return has_open_part(type_.key) or has_open_part(type_.value)
    return type_.kind in OPEN
