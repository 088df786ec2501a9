"""Values written for people: as the language would write them, and never longer than asked for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

from rules.cel.conversions import double_text
from rules.cel.moments import duration_text, timestamp_text
from rules.cel.networks import network_text
from rules.cel.types import Kind
from rules.cel.values import UNKNOWN, in_order, kind_of

_ELLIPSIS = "…"


def show(value: object, limit: int = 200) -> str:
    """Return *value* as one line of at most *limit* characters; a longer one ends in an ellipsis."""
    made, length = [], 0
    for piece in _pieces(value, limit):
        made.append(piece)
        length += len(piece)
        if length > limit:
            break
    text = "".join(made)
    return text if len(text) <= limit else text[: limit - 1] + _ELLIPSIS


def _pieces(value: Any, limit: int) -> Iterator[str]:
    """Yield the text bit by bit, so that a huge value costs no more than what is shown of it."""
    kind = kind_of(value)
    match kind:
        case Kind.LIST:
            yield from _bracketed("[]", ([item] for item in in_order(value)), limit)
        case Kind.MAP:
            yield from _bracketed("{}", value.items(), limit)
        case Kind.RECORD:
            named = ((field.name, getattr(value, field.name)) for field in fields(value))
            yield from _bracketed("{}", ((_Bare(name), part) for name, part in named if part is not None), limit)
        case _:
            yield _scalar(value, kind, limit)


class _Bare(str):
    """The name of a field, which is written without quotes."""

    __slots__ = ()


def _bracketed(brackets: str, entries: Any, limit: int) -> Iterator[str]:
    yield brackets[0]
    for count, entry in enumerate(entries):
        yield ", " if count else ""
        for place, part in enumerate(entry):
            yield ": " if place else ""
            yield from (part,) if isinstance(part, _Bare) else _pieces(part, limit)
    yield brackets[1]


def _character(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _scalar(value: Any, kind: Kind, limit: int) -> str:
    match kind:
        case Kind.STRING:
            return '"' + "".join(map(_character, str(value)[:limit])) + '"'
        case Kind.BOOL:
            return "true" if value else "false"
        case Kind.DOUBLE:
            text = double_text(value)
            return text if not text.lstrip("-").isdigit() else text + ".0"
        case Kind.UINT:
            return f"{value}u"
        case Kind.TIMESTAMP if value.utcoffset() is not None:
            return timestamp_text(value)
        case Kind.DURATION:
            return duration_text(value)
        case Kind.CIDR:
            return network_text(value)
        case Kind.BYTES:
            return repr(value[:limit])
        case Kind.NULL:
            return "null"
    return "unknown" if value is UNKNOWN else str(value)[:limit]
