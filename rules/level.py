"""How bad something is."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """How serious a finding is; declared from worst to least."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NOTICE = "notice"

    @property
    def rank(self) -> int:
        """0 for critical, growing as the level falls."""
        return list(Level).index(self)
