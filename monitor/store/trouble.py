"""When the store cannot serve: one exception with a closed set of reasons, so that the daemon can go on without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from sqlalchemy import exc


class Trouble(StrEnum):
    """Why the store cannot serve."""

    FULL = "full"
    READ_ONLY = "read_only"
    BUSY = "busy"
    CORRUPT = "corrupt"
    DISK = "disk"
    UNREACHABLE = "unreachable"
    CLOSED = "closed"
    TAKEN = "taken"
    NEWER = "newer"
    OLDER = "older"
    ABSENT = "absent"
    URL = "url"


class StoreUnavailable(Exception):
    """The store cannot do what was asked, now; nothing of it was done, or it was done whole.

    A commit that raised may still have happened: every write may be repeated without harm.
    """

    def __init__(self, trouble: Trouble, detail: str) -> None:
        super().__init__(f"store {trouble}: {detail}")
        self.trouble, self.detail = trouble, detail


_BY_CODE = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_READONLY: Trouble.READ_ONLY,
    sqlite3.SQLITE_PERM: Trouble.READ_ONLY,
    sqlite3.SQLITE_AUTH: Trouble.READ_ONLY,
    sqlite3.SQLITE_BUSY: Trouble.BUSY,
    sqlite3.SQLITE_LOCKED: Trouble.BUSY,
    sqlite3.SQLITE_CORRUPT: Trouble.CORRUPT,
    sqlite3.SQLITE_NOTADB: Trouble.CORRUPT,
    sqlite3.SQLITE_IOERR: Trouble.DISK,
    sqlite3.SQLITE_CANTOPEN: Trouble.DISK,
    sqlite3.SQLITE_NOMEM: Trouble.DISK,
    sqlite3.SQLITE_PROTOCOL: Trouble.BUSY,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn what a database driver raises for want of a working database into `StoreUnavailable`.

    A violated constraint or a wrong statement is a defect of ours and passes through unchanged.
    """
    try:
        yield
    except exc.DBAPIError as error:
        trouble = _trouble(error)
        if trouble is None:
            raise
        raise StoreUnavailable(trouble, " ".join(str(error.orig).split())) from error
    except exc.TimeoutError as error:
        raise StoreUnavailable(Trouble.BUSY, "no free connection") from error


def _trouble(error: exc.DBAPIError) -> Trouble | None:
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        # The low byte is the primary result code, the rest says more of the same.
        return None if code is None else _BY_CODE.get(code & 0xFF)
    if isinstance(error, (exc.OperationalError, exc.InterfaceError)) or error.connection_invalidated:
        return Trouble.UNREACHABLE
    return None
