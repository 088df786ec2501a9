"""An emergency from the command line to the verdicts: on for whom it says, and over by itself."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from monitor.affairs import Affairs
from monitor.campaign import Plan
from monitor.cli import app
from monitor.commands.emergency import BadEnd, NotNow, lift, order
from monitor.revisit import Standing
from monitor.settings import Schedule
from monitor.tower import Tower
from rules.deed import Deed, Move
from rules.emergency import ABOUT, USUAL, Terms
from rules.finding import State
from rules.policy import Change, Circle, Level, Profile
from rules.text import Text
from tests.monitor.found_city import found_city
from tests.monitor.looking_tower import EDU, RULE, WWW, World, raise_tower
from tests.monitor.operator import Desk
from tests.monitor.watching import AT

DAY = AT.date()


def by(move: Move) -> Deed:
    return Deed(move, "李敏", AT, "两会", about=ABOUT)


def run(desk: Desk, *words: str) -> Result:
    place = [str(desk.directory)] if words[0] in ("show", "status") else ["-c", str(desk.directory)]
    group = [] if words[0] == "status" else ["emergency"]
    return CliRunner().invoke(app, [*group, *words, *place])


@pytest.mark.parametrize(("host", "opened"), [(WWW, State.OPEN), (EDU, State.PENDING)])
def test_one_failure_opens_a_finding_of_those_concerned_alone(tmp_path: Path, host: str, opened: State) -> None:
    world = World(open={host: (80, 6379)})
    tower, store, _ = raise_tower(tmp_path, world, change=lambda config: replace(config, emergency=USUAL))
    with store:
        order(store, Terms(targets=frozenset({WWW})), DAY, by(Move.EMERGENCY_BEGUN), DAY)
        asyncio.run(_once(tower, host))
        assert {finding.state for finding in store.findings([host])} == {opened}


async def _once(tower: Tower, host: str) -> None:
    for stage in sorted({probe.stage for probe in tower.probes.values()}):
        for probe in tower.probes.values():
            if probe.stage == stage:
                await tower.lookout.look(probe, [host])
    await tower.city.judge([host])


def test_the_profile_it_pins_counts_for_those_concerned_until_it_is_lifted(tmp_path: Path) -> None:
    changes = {RULE: Change(level=Level.LOW)}
    strict = Profile("strict", Text("严", "strict"), Circle(agencies=frozenset({"nobody"})), changes=changes)
    world = World(open={WWW: (80, 6379), EDU: (80, 6379)})
    tower, store, _ = raise_tower(
        tmp_path, world, change=lambda config: replace(config, policy=replace(config.policy, profiles=(strict,)))
    )

    def levels() -> dict[str, Level]:
        asyncio.run(tower.round())
        return {finding.key.target: finding.level for finding in store.findings()}

    with store:
        terms = Terms(agencies=frozenset({"education"}), profile="strict")
        order(store, terms, DAY, by(Move.EMERGENCY_BEGUN), DAY)
        assert levels() == {WWW: Level.CRITICAL, EDU: Level.LOW}
        lift(store, by(Move.EMERGENCY_LIFTED), DAY)
        assert levels() == {WWW: Level.CRITICAL, EDU: Level.CRITICAL}


def test_its_targets_are_looked_at_sooner_until_it_is_over(tmp_path: Path) -> None:
    tower, store, config = raise_tower(tmp_path, World())
    with store:
        order(store, Terms(targets=frozenset({WWW}), revisit=0.1), DAY, by(Move.EMERGENCY_BEGUN), DAY)
        plan = Plan(config.watched, tower.probes, Schedule(jitter=0), dt.UTC, haste=tower.haste)

        def wait(host: str, now: dt.datetime) -> float:
            due = plan.next_due("tcp_ports", host, Standing.CLEAN, now, plan.haste(now))
            return (due - now).total_seconds()

        assert [wait(host, AT) for host in (WWW, EDU)] == [360, 3600]
        assert wait(WWW, AT + dt.timedelta(days=2)) == 3600
        # A clock that went far ahead and came back leaves it on.
        assert wait(WWW, AT) == 360
        lift(store, by(Move.EMERGENCY_LIFTED), DAY)
        assert wait(WWW, AT) == 3600


def test_its_end_is_noted_once_and_nobody_can_lift_what_is_over(tmp_path: Path) -> None:
    tower, store, config = raise_tower(tmp_path, World())
    later = AT + dt.timedelta(days=2)
    with store:
        with pytest.raises(BadEnd):
            order(store, USUAL, DAY - dt.timedelta(days=1), by(Move.EMERGENCY_BEGUN), DAY)
        order(store, USUAL, DAY, by(Move.EMERGENCY_BEGUN), DAY)
        for now in (AT, later, later):
            tower.expire(now)
        moves = [entry.deed.move for entry in store.deeds(about=ABOUT)]
        assert moves == [Move.EMERGENCY_BEGUN, Move.EMERGENCY_EXPIRED]
        with pytest.raises(NotNow):
            lift(store, by(Move.EMERGENCY_LIFTED), later.date())
        affairs = Affairs(config, store)
        assert affairs.emergency(later) is None
        assert affairs.emergency_at(AT + dt.timedelta(hours=1)) is not None
        assert affairs.emergency_at(AT - dt.timedelta(hours=1)) is None


def test_from_the_command_line_it_is_ordered_shown_and_lifted(tmp_path: Path) -> None:
    desk = found_city(tmp_path).desk
    until = (dt.datetime.now(dt.UTC) + dt.timedelta(days=3)).date().isoformat()
    done = run(desk, "on", "--until", until, "--agency", "education", "--why", "两会", "--by", "李敏")
    assert done.exit_code == 0, done.stderr
    shown = json.loads(run(desk, "show", "--json").stdout)
    assert (shown["until"], shown["agencies"], shown["order"]["why"]) == (until, ["education"], "两会")
    assert until in run(desk, "status").stdout
    assert json.loads(run(desk, "status", "--json").stdout)["emergency_until"] == until
    assert run(desk, "off").exit_code == 0
    assert json.loads(run(desk, "show", "--json").stdout) is None
    assert run(desk, "off").exit_code == 1


@pytest.mark.parametrize(
    ("words", "status"),
    [
        (("--until", "2020-01-01", "--why", "x"), 78),
        (("--until", "2999-01-01", "--why", "x"), 78),
        (("--until", "2026-12-01"), 1),
        (("--until", "2026-12-01", "--why", "x", "--profile", "nowhere"), 78),
        (("--until", "2026-12-01", "--why", "x", "--agency", "mars"), 78),
        (("--until", "2026-12-01", "--why", "x", "--target", "mars.example"), 78),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(tmp_path: Path, words: tuple[str, ...], status: int) -> None:
    desk = Desk(tmp_path / "settings")
    desk.change("diaolou.yaml", "city: city", f"city: city\nstore: {{url: 'sqlite:///{tmp_path}/diaolou.db'}}")
    _, store, _ = raise_tower(tmp_path, World())
    store.close()
    assert run(desk, "on", *words).exit_code == status
