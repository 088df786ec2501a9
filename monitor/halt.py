"""The order to stop probing: a file beside the store, which holds through restarts."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from monitor.atomic import write_whole
from probes.text import clean

NAME = "scanning-stopped.json"

LONGEST = 500
"""Characters kept of who gave the order, and why."""

YEARS = range(2000, 2200)
"""When an order may be from."""


@dataclass(frozen=True, slots=True)
class Halt:
    """An order to stop probing; *at* is None where it cannot be read, and it is one all the same."""

    who: str = ""
    why: str = ""
    at: dt.datetime | None = None


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

    def ordered(self) -> bool:
        """Say whether there is an order; where that cannot be told, there is."""
        try:
            self.path.lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def read(self) -> Halt | None:
        """Return the order in force, None without one."""
        try:
            return self._read() if self.ordered() else None
        except OSError:
            return Halt()

    def give(self, who: str, why: str, at: dt.datetime) -> Halt:
        """Order all probing to stop; an order in force stays as it was given. Return the one in force.

        Raises:
            OSError: the file cannot be written, or one there cannot be read.
        """
        try:
            return self._read()
        except FileNotFoundError:
            pass
        order = Halt(clean(who, LONGEST), clean(why, LONGEST), at)
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

    def _read(self) -> Halt:
        """Return the order, as far as it makes sense.

        Raises:
            OSError: it cannot be read.
        """
        try:
            said = json.loads(self.path.read_text(encoding="utf-8"))
            at = dt.datetime.fromisoformat(said["at"])
            if at.utcoffset() is None or at.year not in YEARS:
                return Halt()
            return Halt(clean(str(said["who"]), LONGEST), clean(str(said["why"]), LONGEST), at)
        except (ValueError, KeyError, TypeError, RecursionError):
            return Halt()
