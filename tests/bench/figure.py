"""What a benchmark measured: one number, its unit, and the bar it must not exceed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rules.text import Text


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number; *key* names it for machines. With *at_most* the benchmark fails when it is exceeded.

    *why* says what keeps the number from its bar, should it be exceeded.
    """

    key: str
    text: Text
    value: float
    unit: str = ""
    at_most: float | None = None
    why: Text | None = None

    @property
    def holds(self) -> bool:
        """Whether the number keeps to its bar."""
        return self.at_most is None or self.value <= self.at_most

    @property
    def shown(self) -> str:
        """The number as people read it."""
        whole = self.value >= 100 or self.value == int(self.value)
        return f"{f'{self.value:,.0f}' if whole else f'{self.value:.3g}'} {self.unit}".rstrip()

    @property
    def bar(self) -> str:
        """The bar as people read it, and whether it holds; empty where there is none."""
        if self.at_most is None:
            return ""
        return f"{'✓' if self.holds else '✗'} ≤ {self.at_most:g} {self.unit}".rstrip()


def figure(
    key: str, zh: str, en: str, value: float, unit: str = "", at_most: float | None = None, why: Text | None = None
) -> Figure:
    """Return a figure with its name in both languages."""
    return Figure(key, Text(zh, en), value, unit, at_most, why)


def restored(kept: Mapping[str, Any]) -> Figure:
    """Return the figure that was kept as JSON."""
    why = kept.get("why")
    return Figure(**{**kept, "text": Text(**kept["text"]), "why": Text(**why) if why else None})
