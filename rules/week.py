"""Steady looks over a week, added up: what a share over many looks is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

DAYS = 7


@dataclass(frozen=True, slots=True)
class Day:
    """One whole day of steady looks at one thing: how many met something or nobody, and how many of them went well."""

    looks: int
    well: int


@dataclass(frozen=True, slots=True)
class Week:
    """The seven whole days before today; *fewest* are the looks of the day that had the least."""

    looks: int = 0
    failed: int = 0
    fewest: int = 0

    @classmethod
    def of(cls, days: Iterable[Day]) -> Week:
        """Add up *days*, which are those with any look."""
        known = list(days)
        looks = sum(day.looks for day in known)
        fewest = min(day.looks for day in known) if len(known) == DAYS else 0
        return cls(looks, looks - sum(day.well for day in known), fewest)

    def share(self, enough: int) -> float | None:
        """Return the share of looks that failed, 0..1; None without *enough* of them on each day."""
        return self.failed / self.looks if self.looks and self.fewest >= enough else None

    def plain(self, enough: int) -> Mapping[str, object]:
        """Return the week as conditions read it; without *enough* looks on each day there is no share."""
        values: dict[str, object] = {"looks": self.looks, "failed": self.failed}
        share = self.share(enough)
        return values if share is None else {**values, "share": share}
