"""One live look at one host with everything there is; only what was sent for it is recorded."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from monitor.bookkeeping import keeping
from monitor.configuration import Known
from monitor.halt import HaltFile
from monitor.outfit import equip, packet_process
from monitor.quiet import Rest, considerate
from monitor.sight import Sight
from monitor.stopping import halting
from monitor.store import Store
from monitor.switch import Switch
from monitor.tower import SELF
from probes.framework import Look, look
from probes.observation import Record
from probes.registry import Probe
from probes.target import Target
from probes.wire.sighted import SightedWire
from rules.facts import Seen
from rules.judge import judge
from rules.verdict import Verdict


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look met, in the order of its probes, and what follows from it."""

    target: Target
    records: tuple[Record, ...]
    verdicts: tuple[Verdict, ...]


async def look_at(
    directory: Path,
    known: Known,
    host: str,
    seen: Callable[[str, tuple[Record, ...]], None],
    halted: HaltFile,
    store: Store | None,
) -> Looked:
    """Look at *host* with every probe that suits it; *seen* is told of each probe's records as they come.

    Ourselves are looked at first, and again at the end: what we cannot see says nothing. Of all this the
    *store*, if there is one, is told only what was sent.

    Raises:
        Unequipped: what the configuration names cannot be read.
    """
    config, target = known.config, known.config.targets[host]
    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(packet_process(directory, Path(config.daemon.packets_socket)))
        outfit = equip(config, socket)
        outfit.live.surroundings = replace(outfit.live.surroundings, curious=True)
        switch = Switch()
        switch.govern(outfit.live.guard)
        await stack.enter_async_context(keeping(outfit.live.guard.ledger, store))
        await stack.enter_async_context(halting(halted, switch, outfit.packets))
        sight = Sight(config.vantage, known.probes[SELF], outfit.live.for_target)
        if (ourselves := await sight.prove(0.0)) is not None:
            seen(SELF, ourselves.records)
        wire = SightedWire(outfit.live.for_target(target), sight.unseen)
        rest = Rest(config.schedule.quiet, config.daemon.time_zone)

        def asleep(one: Target) -> bool:
            return rest.until(one, _utc()) is not None

        found: list[Look] = []
        for stage in _stages(known.probes, target):
            awake = [considerate(probe, asleep) for probe in stage]
            for done in asyncio.as_completed([look(probe, target, config.vantage.name, wire) for probe in awake]):
                found.append(await done)
                seen(found[-1].probe, found[-1].records)
        await sight.prove(0.0)
    records = tuple(sight.excuse(record) for each in found for record in each.records)
    return Looked(target, records, _verdicts(known, target, records, found))


def _stages(probes: Mapping[str, Probe], target: Target) -> Iterable[list[Probe]]:
    others = [probe for name, probe in probes.items() if name != SELF and probe.suits(target)]
    return [[probe for probe in others if probe.stage == stage] for stage in sorted({each.stage for each in others})]


def _verdicts(known: Known, target: Target, records: tuple[Record, ...], found: Iterable[Look]) -> tuple[Verdict, ...]:
    looked = frozenset(each.probe for each in found if each.complete)
    seen = Seen(target, known.config.vantage.name, records, looked)
    verdicts = judge(known.rules.values(), seen, known.config.policy, _utc())
    return tuple(sorted(verdicts, key=lambda verdict: (-verdict.outcome.gravity, verdict.rule, verdict.subject)))


def _utc() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
