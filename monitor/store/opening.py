"""Opening the database: it is found whole, brought to today's schema, or refused with a reason."""

from __future__ import annotations

import datetime as dt
import logging
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

import monitor
from monitor.store.engine import WRITING
from monitor.store.trouble import StoreUnavailable, Trouble, translated

log = logging.getLogger(__name__)

CHECKED_BYTES = 1024 * 1024 * 1024
"""Size up to which a database is read whole as it is opened; a larger one only when it is under suspicion."""

SCRIPTS = Path(monitor.__path__[0]) / "migrations"

_COMPANIONS = ("-wal", "-shm", "-journal")


@dataclass(frozen=True, slots=True)
class Opening:
    """What had to be done to open: *aside* is where a corrupted file now lies, *backup* the copy before a migration.

    *corrupted* counts the files that lie aside so far.
    """

    aside: Path | None = None
    backup: Path | None = None
    corrupted: int = 0


def make_room(path: Path) -> None:
    """See that the folder of *path* is there and can be written.

    Raises:
        StoreUnavailable: it is not.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    except OSError as error:
        raise StoreUnavailable(Trouble.DISK, f"{path.parent}: {error.strerror}") from error
    if not os.access(path.parent, os.W_OK | os.X_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise StoreUnavailable(Trouble.READ_ONLY, f"{path} cannot be written")


def set_aside_if_corrupt(path: Path) -> Path | None:
    """Move a corrupted database out of the way and return where it went; None: there is none, or it is whole."""
    return set_aside(path) if path.exists() and _corrupt(path) else None


def set_aside(path: Path) -> Path:
    """Move a database out of the way, its log with it, and return where it went."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (path.with_name(f"{path.name}.corrupt-{stamp}-{number}") for number in count())
    aside = next(name for name in names if not name.exists())
    for suffix in _COMPANIONS:
        companion = Path(f"{path}{suffix}")
        if companion.exists():
            companion.rename(f"{aside}{suffix}")
    path.rename(aside)
    _suspicion(path).unlink(missing_ok=True)
    log.error("database %s is corrupted; it was moved to %s and a new one is begun", path, aside)
    return aside


def mark_suspect(path: Path) -> None:
    """Note beside a database that it was found corrupted while in use; on a broken disk the note may fail."""
    with suppress(OSError):
        _suspicion(path).touch()


def count_aside(path: Path) -> int:
    """Return how many corrupted databases lie beside *path*."""
    return sum(1 for file in path.parent.glob(f"{path.name}.corrupt-*") if not file.name.endswith(_COMPANIONS))


def _suspicion(path: Path) -> Path:
    return path.with_name(f"{path.name}.suspect")


def _corrupt(path: Path) -> bool:
    suspected = _suspicion(path).exists()
    try:
        with closing(sqlite3.connect(path, timeout=10)) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            whole = True
            if suspected or path.stat().st_size <= CHECKED_BYTES:
                whole = connection.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        if code not in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise StoreUnavailable(Trouble.DISK, f"{path}: {error}") from error
        return True
    if whole:
        _suspicion(path).unlink(missing_ok=True)
    return not whole


def migrate(engine: Engine, path: Path | None) -> Path | None:
    """Bring the schema to today's, in one transaction; return the copy made of an SQLite file before, if any.

    Raises:
        StoreUnavailable: the database was written by a newer Diaolou.
    """
    config, head = _scripts()
    with translated():
        with engine.connect() as connection:
            current = _revision(connection)
        if current == head:
            return None
        _refuse_newer(config, current)
        backup = _back_up(path, current) if path is not None and current is not None else None
        with engine.execution_options(**{WRITING: True}).begin() as connection:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return backup


def check(engine: Engine) -> None:
    """See that the schema is today's, changing nothing.

    Raises:
        StoreUnavailable: it is newer or older.
    """
    config, head = _scripts()
    with translated(), engine.connect() as connection:
        current = _revision(connection)
    if current != head:
        _refuse_newer(config, current)
        raise StoreUnavailable(Trouble.OLDER, "the database has an older schema; start the daemon once to migrate it")


def _scripts() -> tuple[Config, str]:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    head = ScriptDirectory.from_config(config).get_current_head()
    assert head is not None
    return config, head


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(config: Config, current: str | None) -> None:
    known: Sequence[str] = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    if current is not None and current not in known:
        detail = f"schema {current} was written by a newer Diaolou; upgrade, or open the backup made before"
        raise StoreUnavailable(Trouble.NEWER, detail)


def _back_up(path: Path, revision: str) -> Path:
    """Copy the database beside itself, whole or not at all."""
    final = path.with_name(f"{path.name}.before-{revision}")
    draft = final.with_name(f"{final.name}.part")
    draft.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(draft)) as copy:
        source.backup(copy)
    descriptor = os.open(draft, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(final)
    return final
