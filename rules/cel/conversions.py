"""Functions named after types, and questions about types."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import Any

from rules.cel.arithmetic import in_int, in_uint
from rules.cel.errors import Fault
from rules.cel.moments import duration_text, seconds_since_epoch, timestamp_text
from rules.cel.networks import network_text
from rules.cel.overload import Overload, function
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
    TYPE,
    UINT,
    Kind,
)
from rules.cel.values import TypeName, kind_of

_TRUE = frozenset({"1", "t", "T", "true", "True", "TRUE"})
_FALSE = frozenset({"0", "f", "F", "false", "False", "FALSE"})
_INTEGER = re.compile(r"[+-]?[0-9]{1,20}", re.ASCII)
_UNSIGNED = re.compile(r"[0-9]{1,20}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,6})?|inf|infinity|nan)", re.ASCII | re.IGNORECASE)


def _not_a(name: str, zh: str, text: str) -> Fault:
    shown = text if len(text) <= 60 else text[:59] + "…"
    return Fault(f"{shown!r} is no {name}", f"{shown!r} 不是{zh}")


def _int_of_text(text: str) -> int:
    if _INTEGER.fullmatch(text) is None:
        raise _not_a("int", "整数", text)
    return in_int(int(text))


def _uint_of_text(text: str) -> int:
    if _UNSIGNED.fullmatch(text) is None:
        raise _not_a("uint", "无符号整数", text)
    return in_uint(int(text))


def _double_of_text(text: str) -> float:
    if len(text) > 400 or _DECIMAL.fullmatch(text) is None:
        raise _not_a("double", "浮点数", text)
    return float(text)


def _whole(value: float) -> int:
    if not -(2.0**63) < value < 2.0**64:
        raise Fault("the number is too large for an integer", "数值超出整数范围")
    return int(value)


def _int_of_double(value: float) -> int:
    return in_int(_whole(value))


def _bool_of_text(text: str) -> bool:
    if text not in _TRUE | _FALSE:
        raise _not_a("bool", "布尔值", text)
    return text in _TRUE


def double_text(value: float) -> str:
    """Write a double in the shortest form that reads back the same; whole numbers without a fraction."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")


def _text_of_bytes(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("the bytes are no UTF-8", "字节串不是 UTF-8") from None


def _bytes_of_text(text: str) -> bytes:
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        raise Fault("the string has half of a surrogate pair", "字符串含有孤立的代理项") from None


_TYPE_NAMES = {
    Kind.TIMESTAMP: "google.protobuf.Timestamp",
    Kind.DURATION: "google.protobuf.Duration",
    Kind.IP: "net.IP",
    Kind.CIDR: "net.CIDR",
}

TYPE_VALUES = {
    _TYPE_NAMES.get(kind, kind.value): TypeName(_TYPE_NAMES.get(kind, kind.value))
    for kind in Kind
    if kind not in (Kind.DYN, Kind.NEVER, Kind.RECORD)
}
"""What the names of types stand for where no variable has that name."""


def _type_of(value: object) -> TypeName:
    kind = kind_of(value)
    if kind in (Kind.RECORD, Kind.NEVER):
        return TypeName(type(value).__name__)
    return TYPE_VALUES[_TYPE_NAMES.get(kind, kind.value)]


def _same(value: Any) -> Any:
    return value


def _in_utc_text(moment: dt.datetime) -> str:
    try:
        return timestamp_text(moment)
    except OverflowError:
        raise Fault("the moment is outside the years 1 to 9999", "时间超出公元 1 年至 9999 年") from None


def _to_string() -> list[Overload]:
    writers: dict[Any, Callable[[Any], str]] = {
        STRING: str,
        INT: str,
        UINT: str,
        DOUBLE: double_text,
        BOOL: lambda value: "true" if value else "false",
        BYTES: _text_of_bytes,
        TIMESTAMP: _in_utc_text,
        DURATION: duration_text,
        IP: str,
        CIDR: network_text,
        TYPE: str,
    }
    return [function("string", STRING, write, type_) for type_, write in writers.items()]


OVERLOADS: tuple[Overload, ...] = (
    function("int", INT, _same, INT),
    function("int", INT, lambda value: in_int(int(value)), UINT),
    function("int", INT, _int_of_double, DOUBLE),
    function("int", INT, _int_of_text, STRING),
    function("int", INT, seconds_since_epoch, TIMESTAMP),
    function("int", INT, lambda span: int(span.total_seconds()), DURATION),
    function("uint", UINT, in_uint, INT),
    function("uint", UINT, _same, UINT),
    function("uint", UINT, lambda value: in_uint(_whole(value)), DOUBLE),
    function("uint", UINT, _uint_of_text, STRING),
    function("double", DOUBLE, float, INT),
    function("double", DOUBLE, float, UINT),
    function("double", DOUBLE, _same, DOUBLE),
    function("double", DOUBLE, _double_of_text, STRING),
    function("bool", BOOL, _same, BOOL),
    function("bool", BOOL, _bool_of_text, STRING),
    function("bytes", BYTES, _same, BYTES),
    function("bytes", BYTES, _bytes_of_text, STRING),
    *_to_string(),
    function("type", TYPE, _type_of, DYN),
    function("dyn", DYN, _same, DYN),
)
