"""Every bundled rule, from sighting to finding: stored, read back, judged by the sample policy, confirmed, opened."""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from monitor.configuration import Known, read
from monitor.store import Store
from monitor.tower import SELF, Tower
from probes.framework import stamp
from probes.observation import Sighting, Subject
from probes.registry import Probe
from probes.target import Family, Target
from probes.vantage_self import ECHO, Proof, VantageSelf
from probes.wire import Surroundings, Wire
from rules.finding import State
from rules.rule import Status
from rules.verdict import Outcome
from tests.generated import ROOT
from tests.monitor.looking_tower import World
from tests.monitor.operator import Desk
from tests.monitor.two_cities import AILING, DEVICE, HEALTHY, OFFICE, Seen, facts_in


class Replayed(World):
    """A world in which every probe meets what was written down."""

    def __init__(self, city: Mapping[str, Seen]) -> None:
        super().__init__(surroundings=Surroundings((), {}))
        self.city = city

    def probe(self, of: Probe) -> Probe:
        """Return *of*, asked of this world."""

        async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
            for sighting in self.city[target.host].get(of.name, ()):
                yield sighting

        async def ourselves(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
            for family in Family:
                for scheme in ("", ECHO):
                    alive = VantageSelf(True, Proof.CONTROLS, ("tcp",), (), None)
                    yield Sighting(Subject(family=family, scheme=scheme), alive)

        return replace(of, run=ourselves if of.name == SELF else run, prepare=None)


async def judged(folder: Path, city: Mapping[str, Seen]) -> tuple[Known, Store]:
    """Look at every host of *city* until all is confirmed, by the sample policy."""
    desk = Desk(folder / "config")
    shutil.copyfile(ROOT / "config" / "policy.yaml", desk.directory / "policy.yaml")
    kinds = {OFFICE: "link", DEVICE: "network_device"}
    desk.targets(*(f"{{host: {host}, agency: city, kind: {kinds.get(host, 'website')}}}" for host in city))
    known = read(desk.directory)
    world = Replayed(city)
    probes = {name: world.probe(probe) for name, probe in known.probes.items()}
    store = Store.open(f"sqlite:///{folder / 'diaolou.db'}")
    wire = cast(Wire, world)
    for name, probe in probes.items():
        if probe.steady:
            pass_a_week(store, known.config.vantage.name, name, city, world.now())
    tower = Tower(known.config, store, known.rules, probes, lambda _: wire, world.now, world.forget)
    await tower.round()
    return known, store


def pass_a_week(store: Store, vantage: str, probe: str, city: Mapping[str, Seen], now: dt.datetime) -> None:
    """Have a steady probe meet each hour of the last eight days what it meets now."""
    for hours in range(1, 8 * 24):
        at = now - dt.timedelta(hours=hours)
        run = store.begin_run(probe, vantage, at, len(city))
        records = [stamp(each, probe, host, vantage, at) for host in city for each in city[host].get(probe, ())]
        store.record(run, records, list(city))
        store.end_run(run, at, complete=True)


async def test_every_bundled_rule_opens_a_finding_where_it_is_broken(tmp_path: Path) -> None:
    known, store = await judged(tmp_path, AILING)
    with store:
        opened = {finding.key.rule for finding in store.findings(states=[State.OPEN])}
        silent = {rule.id for rule in known.rules.values() if rule.status is Status.STABLE} - opened
        assert silent == set(), "give tests/monitor/two_cities.py facts that break these"


async def test_nothing_is_held_against_a_host_that_is_well(tmp_path: Path) -> None:
    _, store = await judged(tmp_path, HEALTHY)
    with store:
        assert [(found.key.rule, found.reason) for found in store.findings()] == []


async def test_every_bundled_rule_is_kept_somewhere(tmp_path: Path) -> None:
    kept: set[str] = set()
    for name, city in (("healthy", HEALTHY), ("ailing", AILING)):
        known, store = await judged(tmp_path / name, city)
        with store:
            kept |= {stored.verdict.rule for stored in store.verdicts() if stored.verdict.outcome is Outcome.PASS}
    assert known.rules.keys() - kept == set(), "give tests/monitor/two_cities.py facts that keep these"


@pytest.mark.parametrize("city", [HEALTHY, AILING], ids=["healthy", "ailing"])
def test_the_cities_hold_facts_of_every_probe(city: Mapping[str, Seen], tmp_path: Path) -> None:
    probes = read(Desk(tmp_path).directory).probes
    assert facts_in(city) == {probe.facts for name, probe in probes.items() if name != SELF}
