"""A campaign's tick: who is looked at, who is left alone, and when each is due again."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import pytest

from monitor.campaign import Campaigns, Plan
from monitor.revisit import Standing
from monitor.settings.schedule import Cadence, Schedule
from monitor.store import Store, StoreUnavailable, Trouble
from probes.registry import Probe
from probes.target import QuietHours, Target
from tests.monitor.watching import AT, FACTS, HandClock, probe, url

HOUR = 3600.0
NAME = "http_page"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


class Watcher:
    """Looks at nothing, and remembers at whom it should have."""

    def __init__(self, store: Store, *names: str, batch: int = 100, schedule: Schedule | None = None) -> None:
        self.clock = HandClock()
        self.batches: list[tuple[str, list[str]]] = []
        self.standings: dict[str, Standing] = {}
        self.fails: Exception | None = None
        self.asleep: set[str] = set()
        self.plan = Plan(
            targets={name: Target(name, "city") for name in names},
            probes={NAME: probe(NAME, every=HOUR)},
            schedule=schedule or Schedule(probes=MappingProxyType({NAME: Cadence(every=HOUR, jitter=0.0)})),
            zone=dt.UTC,
        )
        self.campaigns = Campaigns(store, self.plan, self.run, self.standing, self.clock, batch=batch)

    async def run(self, probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        self.batches.append((probe.name, list(hosts)))
        if self.fails is not None:
            raise self.fails
        return self.asleep

    def standing(self, host: str) -> Standing:
        return self.standings.get(host, Standing.CLEAN)

    async def tick(self, seconds: float = 0) -> list[str]:
        """Let *seconds* pass and tick; return who was looked at."""
        self.clock.pass_time(seconds)
        before = len(self.batches)
        await self.campaigns.tick(NAME)
        return [host for _, hosts in self.batches[before:] for host in hosts]

    async def begin(self) -> None:
        """Take up the plan, and let the first round fall due."""
        await self.campaigns.adopt(self.plan)
        self.clock.pass_time(300)


async def test_whoever_is_due_is_looked_at_as_one_batch(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    await watcher.begin()
    assert sorted(await watcher.tick()) == ["a.example", "b.example"]
    assert len(watcher.batches) == 1


async def test_a_clean_target_is_looked_at_again_after_the_usual_time(store: Store) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()
    await watcher.tick()
    assert await watcher.tick(HOUR - 1) == []
    assert await watcher.tick(1) == ["a.example"]


async def test_a_critical_target_is_looked_at_sooner_and_calms_down_slowly(store: Store) -> None:
    watcher = Watcher(store, "a.example")
    watcher.standings["a.example"] = Standing.CRITICAL
    await watcher.begin()
    await watcher.tick()
    assert await watcher.tick(HOUR / 4) == ["a.example"]
    watcher.standings.clear()
    assert await watcher.tick(HOUR / 4) == ["a.example"]
    assert await watcher.tick(HOUR / 4) == []
    assert await watcher.tick(HOUR / 4) == ["a.example"]
    assert store.standings(NAME, ["a.example"]) == {"a.example": "medium"}


async def test_after_a_long_pause_everyone_is_looked_at_once(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    await watcher.begin()
    await watcher.tick()
    assert sorted(await watcher.tick(6 * HOUR)) == ["a.example", "b.example"]
    assert await watcher.tick(1) == []


async def test_a_backlog_is_worked_off_in_batches_the_longest_overdue_first(store: Store) -> None:
    names = [f"h{number}.example" for number in range(5)]
    watcher = Watcher(store, *names, batch=2)
    await watcher.begin()
    seen = [await watcher.tick() for _ in range(4)]
    assert [len(batch) for batch in seen] == [2, 2, 1, 0]
    assert sorted(name for batch in seen for name in batch) == names


async def test_whoever_was_left_alone_is_due_soon_after_its_quiet_hours(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    watcher.standings["a.example"] = Standing.CRITICAL
    await watcher.begin()
    await watcher.tick()
    end = (AT + dt.timedelta(hours=2)).time()
    asleep = replace(watcher.plan.targets["a.example"], quiet=(QuietHours(AT.time(), end),))
    await watcher.campaigns.adopt(replace(watcher.plan, targets={**watcher.plan.targets, "a.example": asleep}))
    watcher.asleep = {"a.example"}
    assert await watcher.tick(HOUR) == ["a.example", "b.example"]
    watcher.asleep = set()
    assert store.standings(NAME, ["a.example"]) == {"a.example": "critical"}
    assert "a.example" not in await watcher.tick(HOUR - 301)
    assert "a.example" in await watcher.tick(301)


async def test_quiet_hours_of_the_schedule_are_everyones_and_in_local_time(store: Store) -> None:
    night = Schedule(quiet=(QuietHours(dt.time(15, 0), dt.time(17, 0)),))
    watcher = Watcher(store, "a.example", schedule=night)
    watcher.plan = replace(watcher.plan, zone=dt.timezone(dt.timedelta(hours=8)))
    watcher.asleep = {"a.example"}
    await watcher.begin()
    await watcher.tick()
    watcher.asleep = set()
    assert await watcher.tick(HOUR - 301) == []
    assert await watcher.tick(601) == ["a.example"]


async def test_a_defect_of_ours_is_counted_and_the_round_goes_on(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()
    watcher.fails = KeyError("ours")
    assert await watcher.tick() == ["a.example"]
    assert watcher.campaigns.defects == {NAME: 1}
    assert "KeyError" in caplog.text
    assert await watcher.tick(1) == []
    assert await watcher.tick(HOUR) == ["a.example"]


async def test_a_store_that_cannot_keep_a_batch_is_no_defect(store: Store) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()
    watcher.fails = StoreUnavailable(Trouble.FULL, "no space")
    await watcher.tick()
    assert watcher.campaigns.defects == {}


async def test_nobody_is_looked_at_twice_at_a_time_even_past_the_lease(store: Store) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()
    gate = asyncio.Event()

    async def slow(probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        watcher.batches.append((probe.name, list(hosts)))
        await gate.wait()
        return ()

    watcher.campaigns._run_batch = slow
    first = asyncio.create_task(watcher.campaigns.tick(NAME))
    while not watcher.batches:
        await asyncio.sleep(0.01)
    assert await watcher.tick(2 * HOUR) == []
    gate.set()
    await first
    assert await watcher.tick(HOUR) == ["a.example"]


async def test_a_batch_cut_short_stays_due(store: Store) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()

    async def endless(probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        watcher.batches.append((probe.name, list(hosts)))
        await asyncio.Event().wait()
        return ()

    watcher.campaigns._run_batch = endless
    task = asyncio.create_task(watcher.campaigns.tick(NAME))
    while not watcher.batches:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    watcher.campaigns._run_batch = watcher.run
    assert await watcher.tick() == ["a.example"]


@pytest.mark.parametrize("step", [dt.timedelta(days=1), dt.timedelta(days=-1)])
async def test_a_clock_that_was_set_causes_no_burst_and_no_silence(store: Store, step: dt.timedelta) -> None:
    watcher = Watcher(store, "a.example")
    await watcher.begin()
    await watcher.tick()
    watcher.clock.set_by(step.total_seconds())
    await watcher.campaigns.shift(step)
    assert await watcher.tick(HOUR - 1) == []
    assert await watcher.tick(1) == ["a.example"]


async def test_a_target_can_be_hastened_even_while_it_is_being_looked_at(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    await watcher.begin()

    async def confirm(probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        watcher.batches.append((probe.name, list(hosts)))
        await watcher.campaigns.hasten({"a.example": [NAME]}, watcher.clock.now() + dt.timedelta(seconds=60))
        return ()

    watcher.campaigns._run_batch = confirm
    await watcher.tick()
    watcher.campaigns._run_batch = watcher.run
    assert await watcher.tick(59) == []
    assert await watcher.tick(1) == ["a.example"]
    await watcher.campaigns.hasten({"b.example": [NAME]}, watcher.clock.now())
    assert await watcher.tick() == ["b.example"]


async def test_a_steady_probe_keeps_its_pace_whatever_it_finds_and_is_not_hastened(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    steady = replace(watcher.plan, probes={NAME: replace(probe(NAME, every=HOUR), steady=True)})
    watcher.standings = {"a.example": Standing.CRITICAL, "b.example": Standing.DARK}
    await watcher.campaigns.adopt(steady)
    watcher.clock.pass_time(300)
    await watcher.tick()
    await watcher.campaigns.hasten({"a.example": [NAME]}, watcher.clock.now())
    assert await watcher.tick(HOUR - 1) == []
    assert sorted(await watcher.tick(1)) == ["a.example", "b.example"]


async def test_a_probe_or_target_that_left_the_plan_is_looked_at_no_more(store: Store) -> None:
    watcher = Watcher(store, "a.example", "b.example")
    await watcher.begin()
    await watcher.campaigns.adopt(replace(watcher.plan, targets={"b.example": Target("b.example", "city")}))
    assert await watcher.tick() == ["b.example"]
    await watcher.campaigns.adopt(replace(watcher.plan, probes={}))
    assert await watcher.tick(HOUR) == []
