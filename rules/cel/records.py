"""From the dataclasses that carry facts to the record types that expressions are checked against."""

from __future__ import annotations

import datetime as dt
import ipaddress
import types
import typing
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from enum import Enum

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
    ListOf,
    MapOf,
    Record,
    Type,
)

_SCALARS: tuple[tuple[type, Type], ...] = (
    (bool, BOOL),
    (int, INT),
    (float, DOUBLE),
    (str, STRING),
    (bytes, BYTES),
    (dt.datetime, TIMESTAMP),
    (dt.timedelta, DURATION),
    (ipaddress.IPv4Network, CIDR),
    (ipaddress.IPv6Network, CIDR),
    (ipaddress.IPv4Interface, CIDR),
    (ipaddress.IPv6Interface, CIDR),
    (ipaddress.IPv4Address, IP),
    (ipaddress.IPv6Address, IP),
)


def record_of(dataclass_type: type, **extra_fields: Type) -> Record:
    """Derive a record type from a dataclass's annotations, with *extra_fields* added or put in their place.

    `T | None` is the type of T, because None means that the fact is missing. A union of different types, a class
    inside itself, and `object` are dynamic.

    Raises:
        TypeError: *dataclass_type* is no dataclass, or a field has a type that no expression can hold.
    """
    return _record(dataclass_type, extra_fields, ())


def _record(class_: type, extra: Mapping[str, Type], outer: tuple[type, ...]) -> Record:
    if not is_dataclass(class_):
        raise TypeError(f"{class_!r} is not a dataclass")
    hints = typing.get_type_hints(class_)
    found: dict[str, Type] = {}
    for field in fields(class_):
        if field.name in extra:
            continue
        try:
            found[field.name] = _type(hints[field.name], (*outer, class_))
        except TypeError as error:
            raise TypeError(f"{class_.__name__}.{field.name}: {error}") from None
    return Record(class_.__name__, {**found, **extra})


def _type(hint: object, outer: tuple[type, ...]) -> Type:
    origin = typing.get_origin(hint)
    if origin in (typing.Union, types.UnionType):
        return _union(hint, outer)
    if origin is typing.Annotated:
        return _type(typing.get_args(hint)[0], outer)
    if origin is typing.Literal:
        return _same(_type(type(value), outer) for value in typing.get_args(hint))
    if isinstance(origin, type):
        return _container(origin, typing.get_args(hint), outer)
    if hint in (object, typing.Any):
        return DYN
    if isinstance(hint, type):
        return _class(hint, outer)
    raise TypeError(f"no expression type for {hint!r}")


def _union(hint: object, outer: tuple[type, ...]) -> Type:
    return _same(_type(part, outer) for part in typing.get_args(hint) if part is not type(None))


def _same(found: typing.Iterable[Type]) -> Type:
    first, *rest = found
    return first if all(other == first for other in rest) else DYN


def _container(origin: type, arguments: tuple[object, ...], outer: tuple[type, ...]) -> Type:
    if issubclass(origin, Mapping):
        return MapOf(_type(arguments[0], outer), _type(arguments[1], outer))
    if issubclass(origin, (Sequence, AbstractSet)):
        parts = [part for part in arguments if part is not Ellipsis]
        return ListOf(_same(_type(part, outer) for part in parts) if parts else DYN)
    raise TypeError(f"no expression type for {origin!r}")


def _class(class_: type, outer: tuple[type, ...]) -> Type:
    if is_dataclass(class_):
        return DYN if class_ in outer else _record(class_, {}, outer)
    for base, type_ in _SCALARS:
        if issubclass(class_, base):
            return type_
    if issubclass(class_, Mapping):
        return MapOf()
    if issubclass(class_, (Sequence, AbstractSet)):
        return ListOf()
    if issubclass(class_, Enum):
        raise TypeError(f"{class_.__name__} is an Enum without a plain value: use StrEnum")
    raise TypeError(f"no expression type for {class_!r}")
