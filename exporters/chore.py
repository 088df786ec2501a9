"""What the tower does again and again beside looking."""

from __future__ import annotations

from enum import StrEnum


class Chore(StrEnum):
    """The chores: drawing the page, keeping the day, judging again as time passes, counting, obeying a signal."""

    PAGE = "page"
    DAY = "day"
    AGE = "age"
    COUNT = "count"
    SIGNAL = "signal"
