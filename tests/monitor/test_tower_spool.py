"""A tower whose store takes nothing for a while: it goes on from memory, and writes what it saw when it can."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from monitor.spool import Spool
from monitor.store import Store, StoreUnavailable, Trouble
from monitor.tower import Tower
from probes.observation import Gap, GapReason
from probes.target import Family
from rules.finding import Act, State
from tests.monitor.looking_tower import EDU, WWW, World, raise_tower


class Disk:
    """Makes a store's writes fail while *full*."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.full, write = False, store._write

        @contextmanager
        def writing() -> Iterator[Connection]:
            if self.full:
                raise StoreUnavailable(Trouble.FULL, "no space left")
            with write() as connection:
                yield connection

        monkeypatch.setattr(store, "_write", writing)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def tower(tmp_path: Path, world: World) -> Iterator[Tower]:
    tower, store, _ = raise_tower(tmp_path, world)
    with store:
        yield tower


@pytest.fixture
def disk(tower: Tower, monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(tower.store, monkeypatch)


def _subjects(tower: Tower, host: str) -> list[str]:
    posture = tower.city.host(host)
    assert posture is not None
    return [finding.key.subject for finding in posture.findings]


async def test_a_full_disk_stops_neither_looking_nor_judging(tower: Tower, world: World, disk: Disk) -> None:
    await tower.round()
    disk.full = True
    world.open[WWW] = (6379,)
    await tower.round()
    assert tower.spool.trouble is Trouble.FULL
    assert _subjects(tower, WWW) == ["tcp/6379/ipv4", "tcp/6379/ipv6"]
    assert tower.posture().city.score.risk > 0
    assert tower.store.findings() == []


async def test_what_was_seen_is_written_when_the_disk_takes_it_again(
    tmp_path: Path, tower: Tower, world: World, disk: Disk
) -> None:
    disk.full = True
    world.open[WWW] = (6379,)
    await tower.round()
    assert tower.spool.owed
    disk.full = False
    tower.spool.flush()
    assert (tower.spool.owed, tower.spool.trouble, tower.spool.lost) == (0, None, 0)
    findings = tower.store.findings(states=[State.OPEN])
    assert [finding.failures for finding in findings] == [2, 2]
    assert [event.act for event in tower.store.events()] == [Act.OPENED, Act.OPENED]
    assert {item.record.target for item in tower.store.state()} >= {WWW, EDU}
    later, _, _ = raise_tower(tmp_path, world, tower.store)
    await later.city.remember()
    assert later.city.host(WWW) == tower.city.host(WWW)


async def test_a_finding_mended_while_the_disk_was_full_closes_once(tower: Tower, world: World, disk: Disk) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    disk.full = True
    world.open[WWW] = (80,)
    await tower.round()
    assert _subjects(tower, WWW) == []
    disk.full = False
    await tower.round()
    acts = [event.act for event in tower.store.events()]
    assert sorted(acts) == [Act.CLOSED, Act.CLOSED, Act.OPENED, Act.OPENED]


async def test_a_new_configuration_stands_on_memory_too(tmp_path: Path, tower: Tower, world: World, disk: Disk) -> None:
    await tower.round()
    disk.full = True
    world.open[WWW] = (6379,)
    await tower.round()
    later, _, _ = raise_tower(tmp_path, world, tower.store, tower.spool)
    await later.city.remember()
    assert later.city.host(WWW) == tower.city.host(WWW)


async def test_blindness_counts_from_memory_too(tower: Tower, world: World, disk: Disk) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    disk.full = True
    world.blind, tower.lookout.sight._begun = set(Family), None
    world.open[WWW] = (80,)
    await tower.round()
    assert _subjects(tower, WWW) == ["tcp/6379/ipv4", "tcp/6379/ipv6"]
    assert tower.posture().city.score.coverage == 0
    disk.full = False
    tower.spool.flush()
    gaps = [item.gap for item in tower.store.state([WWW])]
    assert {gap.reason for gap in gaps if isinstance(gap, Gap)} == {GapReason.blind(family) for family in Family}


async def test_memory_is_bounded_and_the_newest_is_kept(tower: Tower, world: World, disk: Disk) -> None:
    tower.spool._most = 8
    disk.full = True
    for _ in range(20):
        await tower.lookout.look(tower.probes["tcp_ports"], [WWW, EDU])
    assert tower.spool.owed <= 8
    assert tower.spool.lost
    disk.full = False
    tower.spool.flush()
    assert tower.spool.owed == 0
    assert {item.record.target for item in tower.store.state([WWW, EDU])} == {WWW, EDU}


async def test_trouble_ends_with_the_first_write_that_works(tower: Tower, disk: Disk) -> None:
    spool: Spool = tower.spool
    disk.full = True
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    assert spool.trouble is Trouble.FULL
    disk.full = False
    await tower.lookout.look(tower.probes["tcp_ports"], [EDU])
    assert (spool.trouble, spool.owed) == (None, 0)
    assert {item.record.target for item in tower.store.state([WWW, EDU])} == {WWW, EDU}
