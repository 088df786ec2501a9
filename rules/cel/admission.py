"""Letting facts in: what the data holds is believed only if it is of its declared type."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Callable
from typing import Any

from rules.cel.types import Kind, Type
from rules.cel.values import UINT_MAX, UNKNOWN, UInt, kind_of


def _admit_uint(value: Any) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= UINT_MAX
    return UInt(value) if whole else UNKNOWN


def _admit_double(value: Any) -> object:
    if kind_of(value) not in (Kind.DOUBLE, Kind.INT):
        return UNKNOWN
    try:
        return float(value)
    except OverflowError:
        return UNKNOWN


def _admit_timestamp(value: Any) -> object:
    aware = isinstance(value, dt.datetime) and value.utcoffset() is not None
    return value if aware else UNKNOWN


def _admit_record(value: Any) -> object:
    return value if kind_of(value) in (Kind.RECORD, Kind.MAP, Kind.NEVER) and value is not UNKNOWN else UNKNOWN


def _admit_any(value: Any) -> object:
    kind = kind_of(value)
    if kind is Kind.TIMESTAMP:
        return _admit_timestamp(value)
    return UNKNOWN if value is None or kind is Kind.NEVER else value


def _admitting(kind: Kind) -> Callable[[Any], object]:
    def admit(value: Any) -> object:
        return value if kind_of(value) is kind else UNKNOWN

    return admit


_ADMIT: dict[Kind, Callable[[Any], object]] = {
    Kind.UINT: _admit_uint,
    Kind.DOUBLE: _admit_double,
    Kind.TIMESTAMP: _admit_timestamp,
    Kind.RECORD: _admit_record,
    Kind.DYN: _admit_any,
    Kind.NEVER: _admit_any,
}

_QUICK: dict[Kind, type] = {
    Kind.BOOL: bool,
    Kind.INT: int,
    Kind.DOUBLE: float,
    Kind.STRING: str,
    Kind.BYTES: bytes,
    Kind.DURATION: dt.timedelta,
    Kind.IP: ipaddress.IPv6Address,
    Kind.LIST: tuple,
    Kind.MAP: dict,
}


def admission(type_: Type) -> tuple[type, Callable[[Any], object]]:
    """Return how facts of this type are let in: a class that needs no look, and the look for all others.

    The look returns the value, or UNKNOWN where it is missing or is not of the declared type.
    """
    return _QUICK.get(type_.kind, type(UNKNOWN)), _ADMIT.get(type_.kind) or _admitting(type_.kind)
