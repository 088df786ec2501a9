"""A small world to watch: facts of its own, and short ways to say what was seen."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

from monitor.store import Store
from probes.observation import SAMPLE, WHOLE, Facts, Failure, Gap, GapReason, Observation, Subject
from probes.registry import Probe
from probes.target import Target

AT = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
VANTAGE = "tower"
HOST = "www.kaiping.example"


@dataclass(frozen=True, slots=True)
class Page(Facts):
    """What a page answers; how long it took is no change of state."""

    status: int
    names: tuple[str, ...] = ()
    took: float | None = field(default=None, metadata=SAMPLE)


@dataclass(frozen=True, slots=True)
class Ports(Facts):
    """Which ports are open."""

    open: tuple[int, ...]


FACTS: dict[str, type[Facts]] = {"http_page": Page, "tcp_ports": Ports}


def after(seconds: float) -> dt.datetime:
    return AT + dt.timedelta(seconds=seconds)


def seen(
    outcome: Facts | Failure | GapReason,
    seconds: float = 0,
    subject: Subject = WHOLE,
    *,
    target: str = HOST,
    probe: str = "http_page",
    took: float = 0.1,
    detail: str = "",
) -> Observation | Gap:
    """Return the record of *outcome*, *seconds* after the beginning."""
    at = after(seconds)
    if isinstance(outcome, GapReason):
        return Gap(probe, target, VANTAGE, subject, at, outcome, detail)
    facts = outcome if isinstance(outcome, Facts) else None
    failure = outcome if isinstance(outcome, Failure) else None
    return Observation(probe, target, VANTAGE, subject, at, took, facts, failure, detail)


def look(
    store: Store,
    *records: Observation | Gap,
    at: float = 0,
    complete: bool = True,
    target: str = HOST,
    probe: str = "http_page",
) -> None:
    """Record one look at one target, as a run of its own."""
    run = store.begin_run(probe, VANTAGE, after(at), 1)
    store.record(run, records, [target] if complete else [])
    store.end_run(run, after(at), complete=complete)


def url(folder: Path) -> str:
    return f"sqlite:///{folder / 'diaolou.db'}"


def probe(name: str = "http_page", every: float = 3600.0) -> Probe:
    async def never(target: Target, wire: object):  # type: ignore[no-untyped-def]
        raise AssertionError("no test of the store looks at anything")
        yield

    return Probe(name, never, FACTS.get(name, Page), every, 60.0, 2, frozenset())


class HandClock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self._now, self._elapsed = AT, 1000.0

    def now(self) -> dt.datetime:
        return self._now

    def elapsed(self) -> float:
        return self._elapsed

    def pass_time(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
        self._elapsed += seconds

    def set_by(self, seconds: float) -> None:
        self._now += dt.timedelta(seconds=seconds)
