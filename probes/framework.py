"""Lifting a probe over a batch: bounded concurrency, one deadline per look, and our own defects kept ours."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from probes.observation import WHOLE, Facts, Failure, Gap, GapReason, Observation, Record, Sighting, Subject
from probes.registry import Probe
from probes.target import Target
from probes.wire import BatchWire, NotLooked, Unreached, Wire

log = logging.getLogger(__name__)

TOGETHER = 2000
"""Targets prepared at once: what was found early must not be forgotten before the last of them is looked at."""


@dataclass(frozen=True, slots=True)
class Look:
    """Everything one probe brought back from one target; *complete* when it ran to its end.

    Only a complete look may end subjects that it no longer found.
    """

    probe: str
    target: str
    records: tuple[Record, ...]
    complete: bool
    defect: bool = False


async def look(probe: Probe, target: Target, vantage: str, wire: Wire) -> Look:
    """Run *probe* on *target* once, within its deadline."""
    records: list[Record] = []

    def gap(reason: GapReason, detail: str = "") -> Gap:
        return Gap(probe.name, target.host, vantage, WHOLE, wire.now(), reason, detail)

    async def collect() -> None:
        async for sighting in probe.run(target, wire):
            records.append(stamp(sighting, probe.name, target.host, vantage, wire.now()))

    try:
        await asyncio.wait_for(collect(), probe.deadline)
    except NotLooked as refusal:
        return Look(probe.name, target.host, (*records, gap(refusal.reason, refusal.detail)), complete=False)
    except TimeoutError:
        return Look(probe.name, target.host, (*records, gap(GapReason.BUDGET_SPENT)), complete=False)
    except Exception as defect:
        log.exception("probe %s failed on %s", probe.name, target.host)
        record = gap(GapReason.DEFECT, type(defect).__name__)
        return Look(probe.name, target.host, (*records, record), complete=False, defect=True)
    return Look(probe.name, target.host, tuple(records), complete=True)


async def sweep(
    probe: Probe,
    targets: Iterable[Target],
    vantage: str,
    wire_for: Callable[[Target], Wire],
    *,
    concurrency: int = 64,
    batch_wire: BatchWire | None = None,
) -> AsyncIterator[Look]:
    """Run *probe* on every target it suits, at most *concurrency* at a time, yielding looks as they end.

    With a *batch_wire*, the probe's preparation comes before the looks it is made for.
    """
    waiting = _prepared(probe, [target for target in targets if probe.suits(target)], batch_wire)
    running: set[asyncio.Task[Look]] = set()
    try:
        while True:
            while len(running) < concurrency and (target := await anext(waiting, None)) is not None:
                running.add(asyncio.create_task(look(probe, target, vantage, wire_for(target))))
            if not running:
                return
            done, running = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                yield task.result()
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await waiting.aclose()


async def _prepared(probe: Probe, targets: Sequence[Target], wire: BatchWire | None) -> AsyncGenerator[Target, None]:
    """Yield *targets*, each after the preparation of those around it."""
    for start in range(0, len(targets), TOGETHER):
        some = targets[start : start + TOGETHER]
        if probe.prepare is not None and wire is not None:
            try:
                await probe.prepare(some, wire)
            except Exception:
                # The looks do without it.
                log.exception("probe %s failed to prepare %d looks", probe.name, len(some))
        for target in some:
            yield target


async def in_hand(looks: Iterable[Callable[[], Awaitable[Sighting]]], most: int) -> AsyncIterator[Sighting]:
    """Yield what *looks* at parts of one target bring, in their order, with at most *most* of them under way.

    One that waits for an answer does not keep the others waiting; one that breaks ends them all.
    """
    waiting = iter(looks)
    begun: deque[asyncio.Task[Sighting]] = deque()
    try:
        while True:
            for look in islice(waiting, most - len(begun)):
                begun.append(asyncio.ensure_future(look()))
            if not begun:
                return
            yield await begun[0]
            begun.popleft()
    finally:
        for task in begun:
            task.cancel()
        await asyncio.gather(*begun, return_exceptions=True)


def stamp(sighting: Sighting, probe: str, target: str, vantage: str, at: dt.datetime) -> Record:
    """Turn what a probe yields into the record that is stored."""
    outcome = sighting.outcome
    if isinstance(outcome, GapReason):
        return Gap(probe, target, vantage, sighting.subject, at, outcome, sighting.detail)
    facts = outcome if isinstance(outcome, Facts) else None
    failure = outcome if isinstance(outcome, Failure) else None
    return Observation(probe, target, vantage, sighting.subject, at, sighting.seconds, facts, failure, sighting.detail)


def outcome_of(refusal: Unreached | NotLooked) -> Failure | GapReason:
    """Return what an exception of the wire says, as a sighting's outcome."""
    return refusal.failure if isinstance(refusal, Unreached) else refusal.reason


def refused(subject: Subject, refusal: Unreached | NotLooked) -> Sighting:
    """Return the sighting of *subject* that an exception of the wire makes."""
    seconds = refusal.seconds if isinstance(refusal, Unreached) else 0.0
    return Sighting(subject, outcome_of(refusal), seconds, refusal.detail)
