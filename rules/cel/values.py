"""The values an expression works on: Python's own, and the few that Python lacks."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from typing import Any, Final, TypeAlias, final

from rules.cel.errors import Exhausted
from rules.cel.types import Kind

INT_MIN, INT_MAX, UINT_MAX = -(2**63), 2**63 - 1, 2**64 - 1

Frame: TypeAlias = list[Any]
"""One evaluation in progress: remaining budget, trace or None, facts, then variables bound by macros."""

Run: TypeAlias = Callable[[Frame], Any]
"""A compiled node: from a frame to a value or UNKNOWN."""

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network | ipaddress.IPv4Interface | ipaddress.IPv6Interface
"""A CIDR; an interface where the text had host bits set."""


@final
class _Unknown:
    """The answer to a question that the data leaves open: neither true nor false."""

    __slots__ = ()

    def __bool__(self) -> bool:
        raise TypeError("UNKNOWN is neither true nor false: compare with 'is UNKNOWN'")

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __copy__(self) -> _Unknown:
        return self

    def __deepcopy__(self, memo: object) -> _Unknown:
        return self

    def __reduce__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = _Unknown()


class UInt(int):
    """An unsigned 64-bit integer; equal to the int of the same value, but not to be added to one."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class TypeName:
    """A type as a value, as `type(x)` returns it."""

    name: str

    def __str__(self) -> str:
        return self.name


_INTERFACES = (ipaddress.IPv4Interface, ipaddress.IPv6Interface)
_ADDRESSES = (ipaddress.IPv4Address, ipaddress.IPv6Address)
_NETWORKS = (ipaddress.IPv4Network, ipaddress.IPv6Network, *_INTERFACES)
_SETS = (frozenset, set, AbstractSet)

_EXACT: dict[type, Kind] = {
    bool: Kind.BOOL,
    int: Kind.INT,
    UInt: Kind.UINT,
    float: Kind.DOUBLE,
    str: Kind.STRING,
    bytes: Kind.BYTES,
    dt.datetime: Kind.TIMESTAMP,
    dt.timedelta: Kind.DURATION,
    ipaddress.IPv4Address: Kind.IP,
    ipaddress.IPv6Address: Kind.IP,
    **dict.fromkeys(_NETWORKS, Kind.CIDR),
    type(None): Kind.NULL,
    TypeName: Kind.TYPE,
    tuple: Kind.LIST,
    list: Kind.LIST,
    frozenset: Kind.LIST,
    dict: Kind.MAP,
}

_BY_BASE: tuple[tuple[Any, Kind], ...] = (
    (bool, Kind.BOOL),
    (UInt, Kind.UINT),
    (int, Kind.INT),
    (float, Kind.DOUBLE),
    (str, Kind.STRING),
    (bytes, Kind.BYTES),
    (dt.datetime, Kind.TIMESTAMP),
    (dt.timedelta, Kind.DURATION),
    (_NETWORKS, Kind.CIDR),
    (_ADDRESSES, Kind.IP),
    (Mapping, Kind.MAP),
    (_SETS, Kind.LIST),
    (Sequence, Kind.LIST),
)


def kind_of(value: object) -> Kind:
    """Return what *value* is; NEVER for something no expression can hold."""
    class_: type = value.__class__
    return _EXACT.get(class_) or _kind_of_class(class_)


@lru_cache(maxsize=1024)
def _kind_of_class(class_: type) -> Kind:
    if is_dataclass(class_):
        return Kind.RECORD
    return next((kind for base, kind in _BY_BASE if issubclass(class_, base)), Kind.NEVER)


def is_marker(item: object) -> bool:
    """Tell whether a list element only says that something is there that could not be looked at."""
    return item is None or item is UNKNOWN


def in_order(items: Any) -> Sequence[Any]:
    """Return the elements of a list value; those of a set in an order that is the same on every run."""
    if isinstance(items, (tuple, list)):
        return items
    if isinstance(items, _SETS):
        return _sorted(items)
    return tuple(items)


def _sorted(items: Any) -> Sequence[Any]:
    try:
        return sorted(items)
    except TypeError:  # elements of several types, or of one without an order
        return sorted(items, key=lambda item: (kind_of(item), str(item)))


def spend(frame: Frame, cost: int) -> None:
    """Take *cost* from the evaluation's budget.

    Raises:
        Exhausted: the budget is used up.
    """
    frame[0] -= cost
    if frame[0] < 0:
        raise Exhausted


_MAPPING_NAMES = frozenset(dir(dict))


def fetch(record: Any, name: str) -> Any:
    """Return a field of a record, or None where it is missing."""
    if record is None or record is UNKNOWN:
        return None
    if isinstance(record, Mapping):
        return record.get(name)
    return getattr(record, name, None)


def quick_name(name: str) -> bool:
    """Tell whether *name* can be asked of any object at once: no mapping has a method of this name."""
    return name not in _MAPPING_NAMES
