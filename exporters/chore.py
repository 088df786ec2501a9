"""What the tower does again and again beside looking."""

from __future__ import annotations

from enum import StrEnum


class Chore(StrEnum):
    """The chores: page, day, judging again as time passes, counting, looking into claims, obeying a signal."""

    PAGE = "page"
    DAY = "day"
    AGE = "age"
    COUNT = "count"
    CLAIM = "claim"
    ALERT = "alert"
    EMERGENCY = "emergency"
    SIGNAL = "signal"
