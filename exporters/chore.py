"""What the tower does again and again beside looking."""

from __future__ import annotations

from enum import StrEnum


class Chore(StrEnum):
    """The chores, each for its own thing.

    Page, day, judging again as time passes, counting, keeping the ledger, looking into claims, obeying a signal.
    """

    PAGE = "page"
    DAY = "day"
    AGE = "age"
    COUNT = "count"
    LEDGER = "ledger"
    CLAIM = "claim"
    ALERT = "alert"
    EMERGENCY = "emergency"
    SIGNAL = "signal"
