"""Watching a round: what a progress bar, or nobody, is told of it."""

from __future__ import annotations

from typing import Protocol

JUDGING = "judge"
"""What is done besides looking, under no probe's name."""


class Watch(Protocol):
    """Somebody who wants to see how far a round has come."""

    def begin(self, what: str, planned: int) -> None:
        """*what* begins, over *planned* targets."""

    def step(self, what: str, done: int = 1) -> None:
        """*done* more of *what* are done."""


class Unwatched:
    """Nobody looks."""

    def begin(self, what: str, planned: int) -> None:
        """Note nothing."""

    def step(self, what: str, done: int = 1) -> None:
        """Note nothing."""
