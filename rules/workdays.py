"""Working days: weekdays, but for the holidays among them and the weekends worked to make up for these."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Workdays:
    """A calendar. *off* are weekdays nobody works, *on* the days of weekends that are worked."""

    off: frozenset[dt.date] = frozenset()
    on: frozenset[dt.date] = frozenset()

    def works(self, day: dt.date) -> bool:
        """Say whether *day* is worked."""
        return day in self.on or (day.weekday() < SATURDAY and day not in self.off)

    def after(self, day: dt.date, count: int) -> dt.date:
        """Return the working day that is *count* working days after *day*; for 0, *day* or the first one after it.

        A holiday without end is none: a year of days off in a row counts as worked.
        """
        idle, left = 0, count
        while left or not self.works(day):
            day += dt.timedelta(days=1)
            idle = 0 if self.works(day) else idle + 1
            left -= bool(left) and idle == 0
            if idle > 366:
                return day
        return day
