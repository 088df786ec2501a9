"""Compiled reads of facts: the hot end of every rule.

A fact is let in if it is of its declared type; what is missing, or is something else, is UNKNOWN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from typing import Any

from rules.cel.admission import admission
from rules.cel.equality import ABSENT, lookup
from rules.cel.errors import Message
from rules.cel.trace import blame
from rules.cel.types import Kind, Type
from rules.cel.values import UNKNOWN, Frame, Run, fetch, in_order, is_marker, kind_of, quick_name, spend

MISSING = Message("no data", "没有数据")
UNSEEN = Message("could not be looked at", "未能查看")


def _mismatch(value: object, type_: Type) -> Message:
    found = type(value).__name__
    return Message(f"declared as {type_}, but the data holds a {found}", f"声明为 {type_}，数据却是 {found}")


def _letting_in(type_: Type, text: str) -> tuple[type, Callable[[Frame, Any], Any]]:
    """Return the class that passes at once, and what to do with a value of any other."""
    quick, admit = admission(type_)
    also = str if type_.kind is Kind.STRING else ()  # members of a StrEnum are the most usual strings

    def let_in(frame: Frame, value: Any) -> Any:
        if isinstance(value, also):
            return value
        if value is None:
            return blame(frame, text, MISSING)
        if value is UNKNOWN:
            return blame(frame, text, UNSEEN)
        found = admit(value)
        return blame(frame, text, _mismatch(value, type_)) if found is UNKNOWN else found

    return quick, let_in


def slot_read(slot: int, type_: Type, text: str) -> Run:
    """Read a variable."""
    quick, let_in = _letting_in(type_, text)

    def run(frame: Frame) -> Any:
        value = frame[slot]
        return value if value.__class__ is quick else let_in(frame, value)

    return run


def raw_slot(slot: int) -> Run:
    """Read a variable that is only a step on the way to a field."""

    def run(frame: Frame) -> Any:
        return frame[slot]

    return run


def raw_field(operand: Run, name: str) -> Run:
    """Read a field that is only a step on the way to a field of its own; None where it is missing."""

    def run(frame: Frame) -> Any:
        return fetch(operand(frame), name)

    return run


def record_field(operand: Run, name: str, type_: Type, text: str) -> Run:
    """Read a field of a record that *operand* gives as it is, let in or not."""
    quick, let_in = _letting_in(type_, text)
    if not quick_name(name):
        return lambda frame: let_in(frame, fetch(operand(frame), name))

    def run(frame: Frame) -> Any:
        record = operand(frame)
        value = record.get(name) if record.__class__ is dict else getattr(record, name, None)
        return value if value.__class__ is quick else let_in(frame, _second_look(record, name, value))

    return run


def slot_field(slot: int, name: str, type_: Type, text: str) -> Run:
    """Read a field of a record that is a variable: `record_field` with one call less."""
    quick, let_in = _letting_in(type_, text)
    if not quick_name(name):
        return lambda frame: let_in(frame, fetch(frame[slot], name))

    def run(frame: Frame) -> Any:
        record = frame[slot]
        value = record.get(name) if record.__class__ is dict else getattr(record, name, None)
        return value if value.__class__ is quick else let_in(frame, _second_look(record, name, value))

    return run


def _second_look(record: Any, name: str, value: Any) -> Any:
    """Ask mappings other than dict, which the quick look treated as objects."""
    return record.get(name) if isinstance(record, Mapping) else value


def map_field(operand: Run, name: str, type_: Type, text: str) -> Run:
    """Read the value of a string key by the dot."""
    _, let_in = _letting_in(type_, text)

    def run(frame: Frame) -> Any:
        entries = operand(frame)
        return UNKNOWN if entries is UNKNOWN else let_in(frame, entries.get(name))

    return run


def _open_fetch(value: Any, name: str) -> Any:
    """Read a field of a value of any type; only mappings and dataclasses have fields that rules may see."""
    if isinstance(value, Mapping) or (is_dataclass(value) and name in value.__dataclass_fields__):
        return fetch(value, name)
    return None


def open_field(operand: Run, name: str, type_: Type, text: str) -> Run:
    """Read a field of a value whose type is known only now."""
    _, let_in = _letting_in(type_, text)

    def run(frame: Frame) -> Any:
        value = operand(frame)
        return UNKNOWN if value is UNKNOWN else let_in(frame, _open_fetch(value, name))

    return run


def presence(operand: Run, name: str, text: str) -> Run:
    """Tell whether a field is there: unknown only where the record itself is."""

    def run(frame: Frame) -> Any:
        record = operand(frame)
        if is_marker(record) or kind_of(record) not in (Kind.RECORD, Kind.MAP, Kind.NEVER):
            return blame(frame, text, MISSING)
        value = fetch(record, name)
        return blame(frame, text, UNSEEN) if value is UNKNOWN else value is not None

    return run


def index(operand: Run, key: Run, type_: Type, text: str) -> Run:
    """Read an element of a list by position, or of a map by key."""
    _, let_in = _letting_in(type_, text)

    def run(frame: Frame) -> Any:
        container, at = operand(frame), key(frame)
        if container is UNKNOWN or at is UNKNOWN:
            return UNKNOWN
        if isinstance(container, Mapping):
            value = lookup(container, at)
            return blame(frame, text, _no_key(at)) if value is ABSENT else let_in(frame, value)
        if kind_of(container) is not Kind.LIST or kind_of(at) not in (Kind.INT, Kind.UINT, Kind.DOUBLE):
            return blame(frame, text, Message("cannot be indexed like this", "不能这样取下标"))
        return _element(frame, in_order(container), at, let_in, text)

    return run


def _element(frame: Frame, items: Any, at: Any, let_in: Callable[[Frame, Any], Any], text: str) -> Any:
    if not (0 <= at < len(items) and at == int(at)):
        why = Message(f"there is no element {at} among {len(items)}", f"共 {len(items)} 个元素，没有第 {at} 个")
        return blame(frame, text, why)
    position = int(at)
    spend(frame, position >> 3)
    if any(is_marker(item) for item in items[:position]):  # it may not be there, and then positions shift
        return blame(frame, text, UNSEEN)
    return let_in(frame, items[position])


def _no_key(key: object) -> Message:
    return Message(f"there is no key {key!r}", f"没有键 {key!r}")
