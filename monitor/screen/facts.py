"""Records in words: what was met, each value by its name."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields, is_dataclass
from enum import StrEnum

from rich.text import Text as Line

from exporters.words import UNMEASURED, word
from monitor.screen.terminal import local
from probes.observation import SAMPLE, Gap, Record
from rules.text import Language

LONG = 100
"""Characters of one value."""
EMPTY: tuple[object, ...] = ("", (), frozenset())
"""Values that say nothing."""


def outcome(record: Record, language: Language, zone: dt.tzinfo) -> Line:
    """Return what was met: the facts, how it failed, or why we could not look, in the colour of it."""
    if isinstance(record, Gap):
        return Line(f"{word(record.reason, language)} {record.detail}".rstrip(), style="yellow")
    if record.failure is not None:
        return Line(f"{word(record.failure, language)} {record.detail}".rstrip(), style="red")
    return Line(facts(record.facts, language, zone))


def facts(of: object, language: Language, zone: dt.tzinfo) -> str:
    """Return the fields of facts as `name=value`, those left out that are empty or differ from look to look."""
    assert is_dataclass(of)
    told = {field.name: getattr(of, field.name) for field in fields(of) if dict(field.metadata) != dict(SAMPLE)}
    return " ".join(f"{name}={short(value, language, zone)}" for name, value in told.items() if value not in EMPTY)


def short(value: object, language: Language, zone: dt.tzinfo) -> str:
    """Return one value in words, clipped."""
    text = _text(value, language, zone)
    return text if len(text) <= LONG else f"{text[:LONG]}…"


def _text(value: object, language: Language, zone: dt.tzinfo) -> str:
    if value is None:
        return UNMEASURED.into(language)
    if isinstance(value, StrEnum):
        return word(value, language)
    if isinstance(value, bool):
        return ("是" if value else "否") if language is Language.ZH else ("yes" if value else "no")
    if isinstance(value, dt.datetime):
        return local(value, zone)
    if isinstance(value, (tuple, list, frozenset)):
        return f"[{', '.join(_text(each, language, zone) for each in value)}]"
    if is_dataclass(value) and not isinstance(value, type):
        return f"({facts(value, language, zone)})"
    return str(value)
