"""Opening and closing the store, and the two ways into it: to write, one at a time, and to read."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

from sqlalchemy import Connection, Engine

from monitor.store import appointments, opening, runs
from monitor.store.coding import Coder
from monitor.store.engine import BUSY_SECONDS, WRITING, connect, parse, path_of
from monitor.store.lock import FileLock, Lock, SessionLock
from monitor.store.opening import Opening
from monitor.store.reading import Reader
from monitor.store.trouble import StoreUnavailable, Trouble, translated
from monitor.store.turnstile import Turnstile
from probes import registry
from probes.observation import Facts

SILENCE = dt.timedelta(days=7)
"""How long a value is believed to have held between two looks that both met it; beyond, history keeps them apart."""


class Door:
    """A database that is open, and how to get at it."""

    def __init__(
        self,
        engine: Engine,
        path: Path | None,
        *,
        lock: Lock | None = None,
        opened: Opening | None = None,
        facts: Mapping[str, type[Facts]] | None = None,
        zone: dt.tzinfo = dt.UTC,
        silence: dt.timedelta = SILENCE,
    ) -> None:
        self.opened = opened or Opening()
        self._engine = engine
        self._path = path
        self._lock = lock
        self._coder = Coder(_registered() if facts is None else facts)
        self._reader = Reader(self._coder)
        self._zone, self._silence = zone, silence
        self._writing = threading.Lock()
        self._turnstile = Turnstile(path.parent if path is not None else None)
        self._closed = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        facts: Mapping[str, type[Facts]] | None = None,
        zone: dt.tzinfo = dt.UTC,
        silence: dt.timedelta = SILENCE,
    ) -> Self:
        """Open the database at *url* as its only writer, beginning or migrating it where needed.

        *facts* are the facts classes by probe, by default those registered. *zone* is whose days samples are
        rolled up by. What a dead predecessor left open, runs and claims, is closed.

        Raises:
            StoreUnavailable: another instance has it, it is newer than this Diaolou, or it cannot be written.
        """
        parsed = parse(url)
        path = path_of(parsed)
        lock: Lock | None = None
        aside: Path | None = None
        if path is not None:
            opening.make_room(path)
            lock = FileLock(path.with_name(f"{path.name}.lock"))
        engine = connect(parsed, readonly=False)
        try:
            if path is None:
                lock = SessionLock(engine)
            else:
                aside = opening.set_aside_if_corrupt(path)
            try:
                backup = _make_ready(engine, path)
            except StoreUnavailable as unavailable:
                if path is None or unavailable.trouble is not Trouble.CORRUPT:
                    raise
                engine.dispose()
                aside = opening.set_aside(path)
                backup = _make_ready(engine, path)
        except BaseException:
            engine.dispose()
            if lock is not None:
                lock.release()
            raise
        opened = Opening(aside, backup, opening.count_aside(path) if path is not None else 0)
        return cls(engine, path, lock=lock, opened=opened, facts=facts, zone=zone, silence=silence)

    @classmethod
    def open_to_read(cls, url: str, *, facts: Mapping[str, type[Facts]] | None = None) -> Self:
        """Open the database at *url* beside whoever writes it.

        Raises:
            StoreUnavailable: there is none, or its schema is not today's.
        """
        return cls._beside(url, facts, readonly=True)

    @classmethod
    def open_to_act(cls, url: str, *, facts: Mapping[str, type[Facts]] | None = None) -> Self:
        """Open the database at *url* beside the tower that runs on it, to add deeds and sendings, and make looks due.

        Each of those is one short transaction that reads what it changes, so that nothing of either is lost.

        Raises:
            StoreUnavailable: there is none, its schema is not today's, or it cannot be written.
        """
        return cls._beside(url, facts, readonly=False)

    @classmethod
    def _beside(cls, url: str, facts: Mapping[str, type[Facts]] | None, *, readonly: bool) -> Self:
        parsed = parse(url)
        path = path_of(parsed)
        if path is not None and not path.exists():
            raise StoreUnavailable(Trouble.ABSENT, f"{path} does not exist yet")
        engine = connect(parsed, readonly=readonly)
        try:
            opening.check(engine)
        except StoreUnavailable:
            engine.dispose()
            raise
        return cls(engine, path, facts=facts)

    def close(self) -> None:
        """Close the database and give the lock back; a second time does nothing."""
        with self._writing:
            if not self._closed:
                self._closed = True
                self._engine.dispose()
                self._turnstile.close()
                if self._lock is not None:
                    self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _write(self) -> Iterator[Connection]:
        """Give the one connection that may write; it commits at the end, or undoes everything."""
        writer = self._engine.execution_options(**{WRITING: True})
        with self._writing, self._watched(), ExitStack() as stack:
            with self._turnstile.passing(BUSY_SECONDS):
                connection = stack.enter_context(writer.begin())
            yield connection

    @contextmanager
    def _read(self) -> Iterator[Connection]:
        """Give a connection that sees one moment of the database, whatever is written meanwhile."""
        with self._watched(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _watched(self) -> Iterator[None]:
        if self._closed:
            raise StoreUnavailable(Trouble.CLOSED, "the store has been closed")
        try:
            with translated():
                yield
        except StoreUnavailable as unavailable:
            if unavailable.trouble is Trouble.CORRUPT and self._path is not None:
                # The next opening reads the file whole and moves it aside, however large it is.
                opening.mark_suspect(self._path)
            raise


def _make_ready(engine: Engine, path: Path | None) -> Path | None:
    """Migrate, and close what a dead predecessor left open; return the copy made before, if any."""
    backup = opening.migrate(engine, path)
    with translated(), engine.execution_options(**{WRITING: True}).begin() as connection:
        runs.abandon(connection, dt.datetime.now(dt.UTC))
        appointments.release(connection, None, None)
    return backup


def _registered() -> Mapping[str, type[Facts]]:
    return {name: probe.facts for name, probe in registry.load().items()}
