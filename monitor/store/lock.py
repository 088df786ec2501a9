"""One instance: a lock the operating system gives back when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol, TextIO

from sqlalchemy import Engine, func, select

from monitor.store.trouble import StoreUnavailable, Trouble, translated

_ADVISORY_KEY = 0x6469616F6C6F75
"""The word diaolou as a number: what instances on one PostgreSQL database contend for."""


class Lock(Protocol):
    """A lock that is held."""

    def release(self) -> None:
        """Give it back."""


class FileLock:
    """An exclusive lock on a file, held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            StoreUnavailable: another instance holds it, or the file cannot be written.
        """
        self.path = path
        self._file = self._take()

    def _take(self) -> TextIO:
        try:
            file = self.path.open("a+", encoding="ascii")
        except OSError as error:
            raise StoreUnavailable(Trouble.READ_ONLY, f"{self.path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.seek(0)
            holder = file.read(20).strip() or "unknown"
            file.close()
            raise StoreUnavailable(Trouble.TAKEN, f"{self.path} is held by another instance (pid {holder})") from error
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        return file

    def release(self) -> None:
        """Give the lock back; the file stays, because removing it would let two instances hold one name."""
        self._file.close()


class SessionLock:
    """An advisory lock of PostgreSQL, held as long as one session lasts."""

    def __init__(self, engine: Engine) -> None:
        """Take the lock.

        Raises:
            StoreUnavailable: another instance holds it.
        """
        with translated():
            self._session = engine.connect()
            taken = self._session.execute(select(func.pg_try_advisory_lock(_ADVISORY_KEY))).scalar_one()
            self._session.commit()
        if not taken:
            self._session.close()
            raise StoreUnavailable(Trouble.TAKEN, "another instance works on this database")

    def release(self) -> None:
        """Give the lock back, by ending the session rather than returning it to the pool."""
        self._session.invalidate()
        self._session.close()
