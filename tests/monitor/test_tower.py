from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from monitor import lookout
from monitor.judgement import Judge
from monitor.quiet import considerate
from monitor.settings import Config
from monitor.store import RunId, Store
from monitor.tower import Tower
from probes.observation import Gap, GapReason, Sighting
from probes.target import Family, QuietHours, Target
from probes.wire import BatchWire, Wire
from rules.finding import Act, State
from rules.verdict import Outcome
from tests.monitor.looking_tower import EDU, WWW, World, raise_tower
from tests.monitor.watching import AT


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def tower(tmp_path: Path, world: World) -> Iterator[Tower]:
    tower, store, _ = raise_tower(tmp_path, world)
    with store:
        yield tower


def _open(tower: Tower) -> list[str]:
    return sorted(finding.key.subject for finding in tower.store.findings(states=[State.OPEN]))


def _gaps(store: Store, host: str) -> list[GapReason]:
    return [item.gap.reason for item in store.state([host]) if isinstance(item.gap, Gap)]


async def test_what_is_wrong_is_looked_at_again_before_it_is_told(tower: Tower, world: World) -> None:
    world.open[WWW] = (80, 443, 6379)
    await tower.round()
    assert _open(tower) == ["tcp/6379/ipv4", "tcp/6379/ipv6"]
    assert world.looks == {WWW: 2, EDU: 1}
    assert {finding.failures for finding in tower.store.findings()} == {2}


async def test_what_one_look_alone_met_is_never_told(tower: Tower, world: World) -> None:
    world.open[WWW] = (80, 6379)
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    assert set(await tower.city.judge([WWW])) == {WWW}
    del world.open[WWW]
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    assert await tower.city.judge([WWW]) == {}
    assert tower.store.findings() == []
    assert tower.store.events() == []


async def test_a_finding_closes_by_two_looks_too(tower: Tower, world: World) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    world.open[WWW] = (80,)
    await tower.round()
    assert _open(tower) == []
    assert sorted(event.act for event in tower.store.events()) == [Act.CLOSED, Act.CLOSED, Act.OPENED, Act.OPENED]


async def test_a_blind_vantage_opens_and_closes_nothing(tower: Tower, world: World) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    before, events = tower.store.findings(), tower.store.events()
    world.blind = set(Family)
    world.open, tower.lookout.sight._begun = {WWW: (80,), EDU: (3306,)}, None
    await tower.round()
    assert (tower.store.findings(), tower.store.events()) == (before, events)
    assert set(_gaps(tower.store, WWW)) == {GapReason.VANTAGE_BLIND_IPV4, GapReason.VANTAGE_BLIND_IPV6}
    assert {item.verdict.outcome for item in tower.store.verdicts()} == {Outcome.UNKNOWN}
    assert tower.lookout.sight.health().families == {Family.IPV4: False, Family.IPV6: False}
    posture = tower.posture()
    assert posture.city.score.coverage == 0
    assert all(row.rank is None for row in posture.agencies)


async def test_sight_lost_while_we_looked_is_not_the_targets_fault(tower: Tower, world: World) -> None:
    await tower.round()
    world.cut_during = {Family.IPV6}
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW, EDU])
    assert _gaps(tower.store, WWW) == [GapReason.VANTAGE_BLIND_IPV6]
    failures = [item.record.failure for item in tower.store.state([WWW, EDU]) if not isinstance(item.record, Gap)]
    assert set(failures) == {None}


async def test_what_targets_shared_while_sight_was_lost_is_measured_again(tower: Tower, world: World) -> None:
    ports = tower.probes["tcp_ports"]
    await tower.lookout.look(ports, [WWW])
    assert world.forgotten == 0
    world.cut_during = {Family.IPV6}
    await tower.lookout.look(ports, [WWW])
    assert world.forgotten == 1
    await tower.lookout.look(ports, [WWW])
    assert world.forgotten == 1


async def test_what_a_vantage_saw_under_its_old_name_decides_nothing_now_and_still_what_was(
    tower: Tower, world: World, tmp_path: Path
) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    moment = world.now()

    def renamed(config: Config) -> Config:
        return replace(config, vantage=replace(config.vantage, name="belvedere"))

    after, store, config = raise_tower(tmp_path, world, tower.store, change=renamed)
    judge = Judge(config, after.rules, store)
    assert {verdict for host in judge.standing([WWW], world.now()).values() for verdict in host.verdicts} == {
        Outcome.UNKNOWN
    }
    assert Outcome.FAIL in judge.as_of(moment)[WWW].verdicts
    await after.round()
    assert {item.verdict.vantage for item in store.verdicts()} == {"belvedere"}
    world.open[WWW] = (80,)
    await after.round()
    assert _open(after) == []


async def test_a_host_that_is_dead_while_we_see_is_dead(tower: Tower, world: World) -> None:
    world.dead = {EDU}
    await tower.round()
    assert _gaps(tower.store, EDU) == []
    assert all(item.record.failure for item in tower.store.state([EDU]) if not isinstance(item.record, Gap))


async def test_what_was_met_is_kept_only_under_a_proof_that_came_after_it(tower: Tower, world: World) -> None:
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW, EDU])
    assert world.proofs == 2


async def test_our_own_defect_is_counted_and_leaves_the_question_open(tower: Tower, world: World) -> None:
    world.defect = RuntimeError("ours")
    await tower.round()
    assert tower.lookout.defects == {"tcp_ports": 2}
    assert {item.verdict.outcome for item in tower.store.verdicts()} == {Outcome.UNKNOWN}
    assert tower.store.campaigns()[0].defects == 2


async def test_a_round_over_one_host_leaves_the_others_alone(tower: Tower, world: World) -> None:
    await tower.round([EDU])
    assert world.looks == {EDU: 1}


async def test_judgements_at_the_same_time_tell_of_a_finding_once(tower: Tower, world: World) -> None:
    world.open[WWW] = (6379,)
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    await tower.city.judge([WWW])
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    await asyncio.gather(*(tower.city.judge([WWW]) for _ in range(8)))
    assert [event.act for event in tower.store.events()] == [Act.OPENED, Act.OPENED]


async def test_a_new_tower_stands_where_the_old_one_stood(tmp_path: Path, tower: Tower, world: World) -> None:
    world.open[WWW] = (6379,)
    await tower.round()
    later, _, _ = raise_tower(tmp_path, world, tower.store)
    assert later.city.host(WWW) is None
    await later.city.remember()
    posture = later.city.host(WWW)
    assert posture is not None
    assert posture == tower.city.host(WWW)


async def test_the_past_is_judged_by_what_was_known_then(tmp_path: Path, tower: Tower, world: World) -> None:
    await tower.round()
    then = world.now()
    world.open[WWW] = (6379,)
    await tower.round()
    judge = Judge(tower.config, tower.rules, tower.store)
    assert judge.as_of(then)[WWW].findings == ()
    assert [f.key.subject for f in judge.as_of(world.now())[WWW].findings] == ["tcp/6379/ipv4", "tcp/6379/ipv6"]


async def test_a_look_cut_short_is_told_as_partial(tower: Tower, world: World) -> None:
    world.silence = asyncio.Event()
    looking = asyncio.create_task(tower.lookout.look(tower.probes["tcp_ports"], [WWW]))
    while not world.looks:
        await asyncio.sleep(0.01)
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
    (campaign,) = [each for each in tower.store.campaigns() if each.probe == "tcp_ports"]
    assert (campaign.complete, campaign.finished is not None) == (False, True)


def _quiet(host: str, *spans: QuietHours) -> Callable[[Config], Config]:
    def change(config: Config) -> Config:
        targets = dict(config.targets)
        targets[host] = replace(targets[host], quiet=spans)
        return replace(config, targets=targets)

    return change


ALWAYS = QuietHours(dt.time(0), dt.time(12)), QuietHours(dt.time(12), dt.time(0))


async def test_a_round_leaves_targets_in_quiet_hours_alone(tmp_path: Path, world: World) -> None:
    tower, store, _ = raise_tower(tmp_path, world, change=_quiet(EDU, *ALWAYS))
    with store:
        assert await tower.round() == {EDU}
        assert world.looks == {WWW: 1}
        reasons = {item.record.reason for item in store.state([EDU]) if isinstance(item.record, Gap)}
        assert reasons == {GapReason.QUIET_HOURS}
        assert {item.verdict.outcome for item in store.verdicts([EDU])} == {Outcome.UNKNOWN}


async def test_a_round_that_runs_into_quiet_hours_leaves_the_rest_alone(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookout, "looks_at_once", lambda _: 1)
    begin = (AT + dt.timedelta(hours=8, minutes=1)).time()
    night = QuietHours(begin, dt.time(23))

    def everyone(config: Config) -> Config:
        return replace(config, schedule=replace(config.schedule, quiet=(night,)))

    tower, store, _ = raise_tower(tmp_path, world, change=everyone)

    async def long(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        async for sighting in world.ports(target, wire):
            yield sighting
        world.seconds += 60

    probe = replace(tower.probes["tcp_ports"], run=long)
    with store:
        assert await tower.lookout.look(probe, [WWW, EDU]) == {EDU}
        assert world.looks == {WWW: 1}
        assert [item.record.reason for item in store.state([EDU]) if isinstance(item.record, Gap)] == [
            GapReason.QUIET_HOURS
        ]
        assert not [item for item in store.state([WWW]) if isinstance(item.record, Gap)]


async def test_the_sleeping_are_not_prepared_for_either(tower: Tower, world: World) -> None:
    prepared: list[list[str]] = []

    async def prepare(targets: Sequence[Target], wire: BatchWire) -> None:
        prepared.append([target.host for target in targets])

    probe = considerate(replace(tower.probes["tcp_ports"], prepare=prepare), lambda target: target.host == EDU)
    assert probe.prepare is not None
    await probe.prepare(list(tower.config.targets.values()), cast(BatchWire, None))
    assert prepared == [[WWW]]


async def test_a_target_to_be_seen_from_elsewhere_is_unknown_to_us(tmp_path: Path, world: World) -> None:
    def elsewhere(config: Config) -> Config:
        targets = dict(config.targets)
        targets[EDU] = replace(targets[EDU], zones=frozenset({"intranet"}))
        return replace(config, targets=targets)

    tower, store, config = raise_tower(tmp_path, world, change=elsewhere)
    with store:
        assert list(config.watched) == [WWW]
        await tower.round()
        assert world.looks == {WWW: 1}
        there = tower.city.host(EDU)
        assert there is not None
        assert there.score.coverage == 0
        assert set(there.verdicts) == {Outcome.UNKNOWN}


async def test_what_is_known_grows_old_by_itself(tower: Tower, world: World) -> None:
    world.open[WWW] = (80, 6379)
    await tower.round()
    before = tower.city.host(WWW)
    assert before is not None
    assert before.score.coverage == 1
    world.seconds += 8 * 86400
    await tower.city.grow_old()
    after = tower.city.host(WWW)
    assert after is not None
    assert (after.score.coverage, after.looks, after.readiness.stage) == (0, (), None)
    assert [finding.key for finding in after.findings] == [finding.key for finding in before.findings]
    assert {item.verdict.outcome for item in tower.store.verdicts([WWW])} == {Outcome.UNKNOWN}


async def test_growing_old_confirms_nothing(tower: Tower, world: World) -> None:
    world.open[WWW] = (80, 6379)
    await tower.lookout.look(tower.probes["tcp_ports"], [WWW])
    await tower.city.judge([WWW])
    for _ in range(3):
        await tower.city.grow_old()
    assert {finding.failures for finding in tower.store.findings()} == {1}
    assert tower.store.events() == []


async def test_a_new_tower_knows_how_old_its_memories_are(tmp_path: Path, tower: Tower, world: World) -> None:
    await tower.round()
    world.seconds += 8 * 86400
    later, _, _ = raise_tower(tmp_path, world, tower.store)
    await later.city.remember()
    assert later.posture().city.score.coverage == 0


async def test_memories_do_not_undo_a_judgement_made_meanwhile(tmp_path: Path, tower: Tower, world: World) -> None:
    await tower.round()
    later, _, _ = raise_tower(tmp_path, world, tower.store)
    await later.city.judge([WWW])
    judged = later.city.host(WWW)
    await later.city.remember()
    assert later.city.host(WWW) is judged
    assert later.city.host(EDU) is not None


async def test_a_round_tells_how_far_it_has_come(tower: Tower) -> None:
    told: list[tuple[str, int]] = []

    class Watching:
        def begin(self, what: str, planned: int) -> None:
            told.append((what, planned))

        def step(self, what: str, done: int = 1) -> None:
            told.append((what, -done))

    await tower.round(watch=Watching())
    assert told == [("tcp_ports", 2), ("tcp_ports", -1), ("tcp_ports", -1), ("judge", 2), ("judge", -2)]


async def test_a_look_that_is_ended_while_its_run_begins_leaves_no_run_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tower, store, _ = raise_tower(tmp_path, World())
    begin, begun = store.begin_run, threading.Event()

    def slowly(probe: str, vantage: str, at: dt.datetime, planned: int) -> RunId:
        begun.set()
        time.sleep(0.2)
        return begin(probe, vantage, at, planned)

    monkeypatch.setattr(store, "begin_run", slowly)
    with store:
        for turn in range(2):
            # The first run is the vantage's proof of itself, the second one the look's.
            begun.clear()
            look = asyncio.create_task(tower.lookout.look(tower.probes["tcp_ports"], [WWW]))
            await asyncio.to_thread(begun.wait)
            if turn:
                await asyncio.sleep(0.25)
            look.cancel()
            with pytest.raises(asyncio.CancelledError):
                await look
        with closing(sqlite3.connect(tmp_path / "diaolou.db")) as raw:
            assert raw.execute("SELECT count(*) FROM run WHERE finished IS NULL").fetchone() == (0,)
