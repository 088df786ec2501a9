"""The turnstile before the write lock, which SQLite gives to whoever happens to ask when it is free."""

from __future__ import annotations

import fcntl
import os
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

ASKING = 0.001, 0.005
"""Seconds between two times a lock is asked for, drawn by lot so that those who wait do not keep step."""


class Turnstile:
    """Has those who want to write to the databases of a *folder* go one after the other; without one, it stands open.

    Whoever waits for a database's own lock holds the turnstile meanwhile; who has just written, and wants to write
    again, stands behind. Else others come too late, beside one who writes all the time.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    @contextmanager
    def passing(self, seconds: float) -> Iterator[None]:
        """Stand in the turnstile, after at most so many *seconds* of waiting: then the database's lock decides."""
        place = self._place()
        if place is None:
            yield
            return
        until = time.monotonic() + seconds
        while not _entered(place) and time.monotonic() < until:
            time.sleep(random.uniform(*ASKING))
        try:
            yield
        finally:
            fcntl.flock(place, fcntl.LOCK_UN)

    def close(self) -> None:
        """Leave it for good."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _place(self) -> int | None:
        """Return what is locked: the folder itself, so that nothing is left behind; None where it cannot be."""
        if self._descriptor is None and self._folder is not None:
            with suppress(OSError):
                self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        return self._descriptor


def _entered(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
