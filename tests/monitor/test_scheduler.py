"""When campaigns tick, by a real scheduler with a short beat."""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from monitor.campaign import Campaigns, Plan
from monitor.revisit import Standing
from monitor.scheduler import Beat, Scheduler
from monitor.settings.schedule import Schedule
from monitor.store import Store
from probes.registry import Probe
from probes.target import Target
from tests.monitor.watching import AT, FACTS, HandClock, probe, url

NAME = "http_page"
TICK = 0.05


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(url(tmp_path), facts=FACTS) as opened:
        yield opened


def plan(*names: str, probes: Sequence[str] = (NAME,)) -> Plan:
    return Plan(
        targets={name: Target(name, "city") for name in names},
        probes={name: probe(name) for name in probes},
        schedule=Schedule(),
        zone=dt.UTC,
    )


def scheduler(
    store: Store,
    plan: Plan,
    run: Callable[[Probe, Sequence[str]], Awaitable[None]],
    clock: HandClock,
    jumped: Callable[[], None] = lambda: None,
) -> Scheduler:
    async def batch(probe: Probe, hosts: Sequence[str]) -> Collection[str]:
        await run(probe, hosts)
        return ()

    return Scheduler(Campaigns(store, plan, batch, lambda _: Standing.CLEAN, clock), jumped, tick=TICK)


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


async def test_campaigns_run_by_themselves_and_stop_at_once(store: Store) -> None:
    batches: list[tuple[str, list[str]]] = []

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        batches.append((probe.name, list(hosts)))

    clock = HandClock()
    running = scheduler(store, plan("a.example", probes=(NAME, "tcp_ports")), run, clock)
    await running.start()
    clock.pass_time(300)
    await until(lambda: len(batches) == 2)
    assert sorted(batches) == [(NAME, ["a.example"]), ("tcp_ports", ["a.example"])]
    await running.stop()
    clock.pass_time(7200)
    await asyncio.sleep(3 * TICK)
    assert len(batches) == 2


async def test_a_slow_batch_is_never_run_beside_itself_and_the_ticks_it_cost_are_counted(store: Store) -> None:
    at_once, most = 0, 0

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(5 * TICK)
        at_once -= 1

    clock = HandClock()
    running = scheduler(store, plan("a.example"), run, clock)
    await running.start()
    clock.pass_time(300)
    await until(lambda: running.missed[NAME] >= 2)
    await running.stop()
    assert most == 1


async def test_stopping_cuts_a_batch_short_quickly_and_gives_its_targets_back(store: Store) -> None:
    begun = asyncio.Event()

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        begun.set()
        await asyncio.Event().wait()

    clock = HandClock()
    running = scheduler(store, plan("a.example"), run, clock)
    await running.start()
    clock.pass_time(300)
    await asyncio.wait_for(begun.wait(), 10)
    before = time.monotonic()
    await running.stop()
    assert time.monotonic() - before < 2.0
    assert store.due(NAME, clock.now(), 10) == ["a.example"]


async def test_a_paused_tower_looks_at_nobody_and_catches_up_once(store: Store) -> None:
    batches: list[list[str]] = []

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        batches.append(list(hosts))

    clock = HandClock()
    running = scheduler(store, plan("a.example"), run, clock)
    await running.start()
    running.pause()
    clock.pass_time(300)
    await asyncio.sleep(4 * TICK)
    assert batches == []
    running.resume()
    await until(lambda: batches)
    await running.stop()
    assert batches == [["a.example"]]


async def test_another_plan_is_taken_up_while_running(store: Store) -> None:
    batches: list[tuple[str, list[str]]] = []

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        batches.append((probe.name, list(hosts)))

    clock = HandClock()
    running = scheduler(store, plan("a.example"), run, clock)
    await running.start()
    await running.adopt(replace(plan("b.example"), probes={"tcp_ports": probe("tcp_ports")}))
    clock.pass_time(300)
    await until(lambda: batches)
    await running.stop()
    assert batches == [("tcp_ports", ["b.example"])]


@pytest.mark.parametrize("step", [86400.0, -86400.0])
async def test_a_clock_that_is_set_while_running_causes_neither_burst_nor_silence(store: Store, step: float) -> None:
    batches: list[dt.datetime] = []
    clock = HandClock()

    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        batches.append(clock.now())

    told: list[dt.datetime] = []
    running = scheduler(store, plan("a.example"), run, clock, lambda: told.append(clock.now()))
    await running.start()
    clock.set_by(step)
    await until(lambda: running.jumps == 1)
    await asyncio.sleep(4 * TICK)
    assert batches == []
    assert told == [AT + dt.timedelta(seconds=step)]
    clock.pass_time(300)
    await until(lambda: batches)
    await running.stop()
    assert len(batches) == 1


async def test_a_tick_that_fails_is_counted_and_the_next_one_comes(
    store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    async def run(probe: Probe, hosts: Sequence[str]) -> None:
        raise AssertionError("nobody is due")

    clock = HandClock()
    running = scheduler(store, plan("a.example"), run, clock)
    campaigns = running._campaigns
    ticks = 0

    async def broken(name: str) -> None:
        nonlocal ticks
        ticks += 1
        raise KeyError("ours")

    campaigns.tick = broken  # type: ignore[method-assign]
    await running.start()
    await until(lambda: ticks >= 2)
    await running.stop()
    assert campaigns.defects[NAME] >= 2
    assert "KeyError" in caplog.text


def test_a_beat_that_was_missed_for_years_is_found_again_at_once() -> None:
    beat = Beat(seconds=5, timezone=dt.UTC)
    long_ago = dt.datetime(1970, 1, 1, 0, 0, 2, tzinfo=dt.UTC)
    following = beat.get_next_fire_time(long_ago, AT)
    assert dt.timedelta(0) < following - AT <= dt.timedelta(seconds=5)
    assert (following - long_ago) % dt.timedelta(seconds=5) == dt.timedelta(0)


def test_a_beat_in_time_is_steady() -> None:
    beat = Beat(seconds=5, timezone=dt.UTC)
    assert beat.get_next_fire_time(AT, AT) == AT + dt.timedelta(seconds=5)
