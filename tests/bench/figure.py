"""What a benchmark measured: one number, its unit, and the bar it must not exceed."""

from __future__ import annotations

from dataclasses import dataclass

from rules.text import Text


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; *key* names it for machines. With *at_most* the benchmark fails when it is exceeded."""

    key: str
    text: Text
    value: float
    unit: str = ""
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        """Whether the number keeps to its bar."""
        return self.at_most is None or self.value <= self.at_most


def figure(key: str, zh: str, en: str, value: float, unit: str = "", at_most: float | None = None) -> Figure:
    """Return a figure with its name in both languages."""
    return Figure(key, Text(zh, en), value, unit, at_most)
