"""Compiled macros: three-valued folds over the elements of a list or the keys of a map.

An element that is None or UNKNOWN says only that there is, or may be, something that could not be looked at: it is
never shown to the predicate, and leaves open whatever it could have decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rules.cel.errors import Message
from rules.cel.reading import UNSEEN
from rules.cel.trace import blame
from rules.cel.types import Kind
from rules.cel.values import UNKNOWN, Frame, Run, in_order, is_marker, kind_of, spend


def elements(items: Run, text: str) -> Run:
    """Refuse to go through anything but lists and maps, where the type is known only now."""

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN or kind_of(found) in (Kind.LIST, Kind.MAP):
            return found
        return blame(frame, text, Message("is neither a list nor a map", "既不是 list 也不是 map"))

    return run


def deciding_fold(items: Run, predicate: Run, slot: int, decides: bool, text: str) -> Run:
    """`exists` (the first true decides) and `all` (the first false decides)."""
    otherwise = not decides

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN:
            return UNKNOWN
        spend(frame, len(found))
        outcome: Any = otherwise
        for item in found:
            if item is None or item is UNKNOWN:
                outcome = blame(frame, text, UNSEEN)
                continue
            frame[slot] = item
            answer = predicate(frame)
            if answer is decides:
                return decides
            if answer is not otherwise:
                outcome = UNKNOWN
        return outcome

    return run


def exists_one(items: Run, predicate: Run, slot: int, text: str) -> Run:
    """Exactly one: two are too many whatever the unknown ones are."""

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN:
            return UNKNOWN
        spend(frame, len(found))
        count, is_open = 0, False
        for item in found:
            if is_marker(item):
                is_open = True
                continue
            frame[slot] = item
            answer = predicate(frame)
            count += answer is True
            is_open = is_open or (answer is not True and answer is not False)
        if count > 1:
            return False
        return blame(frame, text, UNSEEN) if is_open else count == 1

    return run


def filtered(items: Run, predicate: Run, slot: int) -> Run:
    """Keep what fits; an element of which that is unknown stays as UNKNOWN."""

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN:
            return UNKNOWN
        spend(frame, len(found))
        kept: list[Any] = []
        for item in _ordered(found):
            if is_marker(item):
                kept.append(UNKNOWN)
                continue
            frame[slot] = item
            answer = predicate(frame)
            if answer is not False:
                kept.append(item if answer is True else UNKNOWN)
        return kept

    return run


def mapped(items: Run, predicate: Run | None, transform: Run, slot: int) -> Run:
    """Put each element, or each that fits, through *transform*."""

    def run(frame: Frame) -> Any:
        found = items(frame)
        if found is UNKNOWN:
            return UNKNOWN
        spend(frame, len(found))
        made: list[Any] = []
        for item in _ordered(found):
            if is_marker(item):
                made.append(UNKNOWN)
                continue
            frame[slot] = item
            answer = True if predicate is None else predicate(frame)
            if answer is not False:
                made.append(transform(frame) if answer is True else UNKNOWN)
        return made

    return run


def _ordered(found: Any) -> Any:
    return tuple(found) if isinstance(found, Mapping) else in_order(found)
