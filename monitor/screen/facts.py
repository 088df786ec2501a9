"""Records in words: what was met, each value by its name."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import Field, fields, is_dataclass
from enum import StrEnum

from rich.text import Text as Line

from exporters.words import UNMEASURED, word
from monitor.screen.terminal import local
from probes.observation import SAMPLE, Facts, Gap, Record
from probes.registry import Probe
from rules.text import Language, Text

LONG = 100
"""Characters of one value; several times as many for somebody who waits for them."""
_TIMES = 6
EMPTY: tuple[object, ...] = ("", (), frozenset())
"""Values that say nothing."""


class Teller:
    """Tells records of *probes* in *language*, moments by the clock on the wall of *zone*.

    With *passing*, numbers that differ from look to look are told too.
    """

    def __init__(
        self, probes: Mapping[str, Probe], language: Language, zone: dt.tzinfo, *, passing: bool = False
    ) -> None:
        self._language, self._zone, self._passing = language, zone, passing
        self._words = {name: {of: Text(*said) for of, said in probe.words.items()} for name, probe in probes.items()}

    def outcome(self, record: Record) -> Line:
        """Return what was met: the facts, how it failed, or why we could not look, in the colour of it."""
        if isinstance(record, Gap):
            return Line(f"{word(record.reason, self._language)} {record.detail}".rstrip(), style="yellow")
        if record.failure is not None:
            return Line(f"{word(record.failure, self._language)} {record.detail}".rstrip(), style="red")
        return Line(f"{self.facts(record.probe, record.facts)}  {record.seconds * 1000:.0f} ms".strip())

    def facts(self, probe: str, of: Facts | None) -> str:
        """Return the fields of facts by what the probe calls them, those left out that say nothing or never stay."""
        return self._fields(self._words.get(probe, {}), of, EMPTY)

    def _fields(self, words: Mapping[str, Text], of: object, silent: tuple[object, ...]) -> str:
        assert is_dataclass(of)
        told = {one.name: getattr(of, one.name) for one in fields(of) if self._worth(one, getattr(of, one.name))}
        said = ((self._name(words, name), value) for name, value in told.items() if value not in silent)
        return "  ".join(f"{name}: {self._short(words, value)}" for name, value in said)

    def _worth(self, field: Field[object], value: object) -> bool:
        return dict(field.metadata) != dict(SAMPLE) or (self._passing and isinstance(value, (int, float)))

    def _name(self, words: Mapping[str, Text], name: str) -> str:
        return words[name].into(self._language) if name in words else name

    def _short(self, words: Mapping[str, Text], value: object) -> str:
        text, most = self._text(words, value), LONG * (_TIMES if self._passing else 1)
        return text if len(text) <= most else f"{text[:most]}…"

    def _text(self, words: Mapping[str, Text], value: object) -> str:
        if value is None:
            return UNMEASURED.into(self._language)
        if isinstance(value, StrEnum):
            return word(value, self._language)
        if isinstance(value, bool):
            return (Text("是", "yes") if value else Text("否", "no")).into(self._language)
        if isinstance(value, float):
            return f"{value:.3g}"
        if isinstance(value, dt.datetime):
            return local(value, self._zone)
        if isinstance(value, (tuple, list, frozenset)):
            return f"[{', '.join(self._text(words, each) for each in value)}]"
        if is_dataclass(value) and not isinstance(value, type):
            # Of a part, what is None does not apply.
            return f"({self._fields(words, value, (*EMPTY, None))})"
        return str(value)
