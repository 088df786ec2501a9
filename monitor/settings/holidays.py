"""holidays.yaml, and the published calendar of China beneath it: which days are worked."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
from pydantic import Field, model_validator

from monitor.settings.fields import Day, Section
from monitor.settings.mistakes import Refused
from rules.text import Text
from rules.workdays import Workdays

LAST_KNOWN_YEAR = max(day.year for day in chinese_calendar.holidays)
"""The last year whose holidays the calendar library has; those of later ones come from holidays.yaml alone."""


class HolidaysFile(Section):
    """What the published calendar does not say, or says otherwise here."""

    off: list[Day] = Field(default_factory=list, max_length=3660)
    working: list[Day] = Field(default_factory=list, max_length=3660)

    @model_validator(mode="after")
    def _one_or_the_other(self) -> HolidaysFile:
        for index, day in enumerate(self.working):
            if day in self.off:
                message = Text(f"{day} 又放假又上班", f"{day} is both off and working")
                raise Refused(message, at=("working", index))
        return self


def workdays(file: HolidaysFile | None) -> Workdays:
    """Return the published calendar with what *file* says instead."""
    off, on = set(chinese_calendar.holidays), set(chinese_calendar.workdays)
    if file is not None:
        off, on = (off - set(file.working)) | set(file.off), (on - set(file.off)) | set(file.working)
    return Workdays(frozenset(off), frozenset(on))


def years(file: HolidaysFile | None) -> frozenset[int]:
    """Return the years whose holidays are known."""
    given: set[dt.date] = set() if file is None else {*file.off, *file.working}
    return frozenset({day.year for day in chinese_calendar.holidays} | {day.year for day in given})
