"""The written form of what went over a wire: requests and outcomes as plain JSON that a person can read and edit."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeVar, cast

from pydantic import JsonValue, TypeAdapter

from probes.observation import Failure, GapReason
from probes.wire import NotLooked, Unreached

T = TypeVar("T")

_ADAPTERS: dict[object, object] = {}
_BASE64 = "base64"
_NETWORK = (IPv4Address, IPv6Address, IPv4Network, IPv6Network)


@dataclass(frozen=True, slots=True)
class Refusal:
    """`Unreached` as it is written."""

    failure: Failure
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Absence:
    """`NotLooked` as it is written."""

    reason: GapReason
    detail: str = ""


def _adapter(kind: type[T]) -> TypeAdapter[T]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return cast("TypeAdapter[T]", _ADAPTERS[kind])


def write(kind: type[T], value: T) -> JsonValue:
    """Return *value* of type *kind* as JSON; what equals its default is left out, bytes that are UTF-8 are text."""
    return _plain(_adapter(kind).dump_python(value, exclude_defaults=True))


def read(kind: type[T], written: JsonValue) -> T:
    """Return the value that was written.

    Raises:
        ValueError: it is none of *kind*.
    """
    return _adapter(kind).validate_python(_revived(written))


def write_outcome(kind: type[T], outcome: T | Unreached | NotLooked) -> dict[str, JsonValue]:
    """Return what a request came to, under a key that says which of the three it was."""
    if isinstance(outcome, Unreached):
        return {"unreached": write(Refusal, Refusal(outcome.failure, outcome.detail, outcome.seconds))}
    if isinstance(outcome, NotLooked):
        return {"not_looked": write(Absence, Absence(outcome.reason, outcome.detail))}
    return {"answer": write(kind, outcome)}


def read_outcome(kind: type[T], written: Mapping[str, JsonValue]) -> T:
    """Return what was answered, or raise what was raised.

    Raises:
        Unreached, NotLooked: as recorded.
        ValueError: the record holds none of the three.
    """
    if "unreached" in written:
        refusal = read(Refusal, written["unreached"])
        raise Unreached(refusal.failure, refusal.detail, refusal.seconds)
    if "not_looked" in written:
        absence = read(Absence, written["not_looked"])
        raise NotLooked(absence.reason, absence.detail)
    if "answer" not in written:
        raise ValueError("a recorded exchange has an answer, or was unreached, or not looked at")
    return read(kind, written["answer"])


def key(request: JsonValue) -> str:
    """Return the same text for the same written request."""
    return json.dumps(request, sort_keys=True, ensure_ascii=False)


def _plain(value: object) -> JsonValue:
    if isinstance(value, bytes):
        return _text(value)
    if isinstance(value, Mapping):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, frozenset | set):
        return sorted((_plain(each) for each in value), key=key)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    if isinstance(value, dt.datetime):
        return value.isoformat()
    if isinstance(value, _NETWORK):
        return str(value)
    if isinstance(value, str):
        return str(value)
    return cast(JsonValue, value)


def _text(value: bytes) -> JsonValue:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return {_BASE64: base64.b64encode(value).decode("ascii")}


def _revived(written: JsonValue) -> object:
    if isinstance(written, dict):
        if written.keys() == {_BASE64}:
            return base64.b64decode(str(written[_BASE64]), validate=True)
        return {name: _revived(each) for name, each in written.items()}
    if isinstance(written, list):
        return [_revived(each) for each in written]
    return written
