"""The order to stop probing: a file beside the store, which holds through restarts, and whoever probes obeys."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from monitor.atomic import write_whole
from probes.text import clean

log = logging.getLogger(__name__)

NAME = "scanning-stopped.json"

GLANCE = 0.25
"""Seconds between two looks at the order: the wire is to be silent within a second of it."""

LONGEST = 500
"""Characters kept of who gave the order, and why."""


@dataclass(frozen=True, slots=True)
class Halt:
    """An order to stop probing, as far as it can be read."""

    who: str
    why: str
    at: dt.datetime | None


class HaltFile:
    """The order as it lies at *path*; as long as there is one, readable or not, nothing may be probed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def beside(cls, store_url: str, directory: Path) -> HaltFile:
        """Return the file beside the store, or in the configuration's *directory* where the store is no file."""
        database = make_url(store_url).database
        beside = Path(database).parent if store_url.startswith("sqlite") and database else directory
        return cls(beside / NAME)

    def read(self) -> Halt | None:
        """Return the order in force, None without one."""
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError):
            return Halt("", "", None)
        try:
            said = json.loads(text)
            return Halt(clean(str(said["who"])), clean(str(said["why"])), dt.datetime.fromisoformat(said["at"]))
        except (ValueError, KeyError, TypeError, RecursionError):
            return Halt("", "", None)

    def give(self, who: str, why: str, at: dt.datetime) -> Halt:
        """Order all probing to stop; an order in force stays as it was given. Return the one in force.

        Raises:
            OSError: the file cannot be written.
        """
        if (before := self.read()) is not None:
            return before
        order = Halt(who[:LONGEST], why[:LONGEST], at)
        said = {"who": order.who, "why": order.why, "at": at.isoformat()}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(said, ensure_ascii=False).encode())
        # Whoever gives the order is seldom the one who runs the daemon.
        self.path.chmod(0o644)
        return order

    def lift(self) -> Halt | None:
        """Let probing go on; return the order there was, if any.

        Raises:
            OSError: the file cannot be removed.
        """
        before = self.read()
        self.path.unlink(missing_ok=True)
        return before


async def obey(
    file: HaltFile,
    stop: Callable[[], Awaitable[object]],
    resume: Callable[[], Awaitable[object]],
    *,
    stopped: bool = False,
) -> None:
    """Stop and resume as *file* has it, from now on until cancelled; *stopped* is how it is at first.

    What fails is told of and tried again at the next glance: an order is never lost.
    """
    while True:
        ordered = file.path.exists()
        if ordered != stopped:
            try:
                await (stop() if ordered else resume())
                stopped = ordered
            except Exception:
                log.exception("an order to %s could not be obeyed yet", "stop" if ordered else "resume")
        await asyncio.sleep(GLANCE)
