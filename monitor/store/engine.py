"""The connection to the database, and the one place where dialects differ."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, exc, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

from monitor.store.trouble import StoreUnavailable, Trouble
from monitor.store.turnstile import ASKING

WRITING = "diaolou_writing"
"""Execution option of a connection that is going to write."""

BUSY_SECONDS = 10
_CHUNK = 500
_WAL_KEPT = 64 * 1024 * 1024


def parse(url: str) -> URL:
    """Read a database URL.

    Raises:
        StoreUnavailable: it is none, or names a database that would vanish with its connection.
    """
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise StoreUnavailable(Trouble.URL, "not a database URL, such as sqlite:///var/diaolou.db") from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreUnavailable(Trouble.URL, f"{parsed.get_backend_name()} is neither sqlite nor postgresql")
    if parsed.get_backend_name() == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise StoreUnavailable(Trouble.URL, "an SQLite store needs a file, such as sqlite:///var/diaolou.db")
    return parsed


def path_of(url: URL) -> Path | None:
    """Return the file of an SQLite database, None for other databases."""
    return Path(url.database).absolute() if url.get_backend_name() == "sqlite" and url.database else None


def connect(url: URL, *, readonly: bool) -> Engine:
    """Return an engine; no connection is made yet."""
    if url.get_backend_name() != "sqlite":
        try:
            return create_engine(url, pool_pre_ping=True)
        except ModuleNotFoundError as error:
            raise StoreUnavailable(Trouble.URL, f"the driver for {url.drivername} is not installed") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_reader if readonly else _prepare_writer)
    event.listen(engine, "begin", _begin)
    return engine


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Return an insert that knows ON CONFLICT, which SQLite and PostgreSQL spell alike."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def chunks(names: Iterable[str]) -> Iterator[list[str]]:
    """Cut *names* into lists well below any database's limit of parameters."""
    waiting = iter(names)
    while part := list(islice(waiting, _CHUNK)):
        yield part


def _prepare_writer(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    # FULL, not NORMAL: writes come in few large batches, so that a sync for each costs little, and what was
    # acknowledged then outlives a power cut as well as a kill.
    _prepare(raw, ["journal_mode=WAL", "synchronous=FULL", f"journal_size_limit={_WAL_KEPT}"])


def _prepare_reader(raw: DBAPIConnection, _: ConnectionPoolEntry) -> None:
    _prepare(raw, ["query_only=ON"])


def _prepare(raw: Any, pragmas: list[str]) -> None:
    # The driver's own idea of transactions leaves reads without one; `_begin` opens each of them.
    raw.isolation_level = None
    cursor = raw.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    # A writer asks for the write lock at once: a reader that turns writer half-way cannot wait for it.
    if connection.get_execution_options().get(WRITING, False):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    """Wait for the write lock as long as is right, asking for it often.

    SQLite's own waiting soon looks only every tenth of a second, and beside somebody who writes one thing after the
    other always comes too late.
    """
    until = time.monotonic() + BUSY_SECONDS
    connection.exec_driver_sql("PRAGMA busy_timeout=0")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
                return
            except exc.OperationalError as busy:
                if not _is_busy(busy) or time.monotonic() > until:
                    raise
            time.sleep(random.uniform(*ASKING))
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")


def _is_busy(fault: exc.OperationalError) -> bool:
    return getattr(fault.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
