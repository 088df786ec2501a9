"""One configuration follows another while everything runs: the pace, the switch and the counts stay the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from monitor.campaign import Plan
from monitor.configuration import read
from monitor.in_force import InForce
from monitor.spool import Spool
from monitor.store import Store, StoreUnavailable, Trouble
from monitor.switch import Switch
from probes.observation import GapReason
from probes.wire import NotLooked
from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.ledger import What
from tests.monitor.operator import Desk
from tests.monitor.watching import HandClock, url

LIMITS = "limits: {overall: 10, per_agency: 10}\n"


class Adopting:
    """Adopts plans, or cannot."""

    def __init__(self) -> None:
        self.plans: list[Plan] = []
        self.trouble: Exception | None = None

    async def __call__(self, plan: Plan) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.plans.append(plan)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    desk = Desk(tmp_path / "config")
    desk.change("diaolou.yaml", "scope: ", LIMITS + "scope: ")
    return desk


@pytest.fixture
def switch() -> Switch:
    return Switch()


@pytest.fixture
def in_force(tmp_path: Path, desk: Desk, switch: Switch) -> Iterator[InForce]:
    with Store.open(url(tmp_path)) as store:
        yield InForce(desk.directory, read(desk.directory), store, Spool(store), HandClock().now, switch)


async def _send(guard: Guard, number: int) -> float:
    address = ip_address(f"192.0.2.{number}")
    async with guard.admit(address, 80, What.HTTP, Account(f"host{number}", "city")):
        return asyncio.get_running_loop().time()


async def test_the_pace_is_kept_by_what_goes_before_and_after_a_reload_together(in_force: InForce, desk: Desk) -> None:
    old = in_force.outfit.live.guard
    assert await in_force.reload(Adopting())
    new = in_force.outfit.live.guard
    assert new is not old
    began = asyncio.get_running_loop().time()
    went = await asyncio.gather(*(_send(guard, number) for guard in (old, new) for number in range(1, 5)))
    assert max(went) - began >= 0.65
    assert in_force.ledger.counts == {What.HTTP: 8}


async def test_a_new_pace_holds_for_what_was_under_way_too(in_force: InForce, desk: Desk) -> None:
    old = in_force.outfit.live.guard
    waiting = [asyncio.create_task(_send(old, number)) for number in range(1, 31)]
    await asyncio.sleep(0)
    desk.change("diaolou.yaml", LIMITS, "limits: {overall: 1000, per_agency: 1000}\n")
    began = asyncio.get_running_loop().time()
    assert await in_force.reload(Adopting())
    assert max(await asyncio.gather(*waiting)) - began < 2.0


async def test_what_began_under_the_old_scope_ends_within_both(in_force: InForce, desk: Desk) -> None:
    old = in_force.outfit.live.guard
    desk.change("diaolou.yaml", "192.0.2.0/24", "198.51.100.0/24")
    assert await in_force.reload(Adopting())
    with pytest.raises(NotLooked) as refusal:
        await _send(old, 1)
    assert refusal.value.reason is GapReason.OUT_OF_SCOPE


async def test_a_stop_holds_for_whatever_comes_into_force_after_it(in_force: InForce, switch: Switch) -> None:
    switch.stop()
    assert await in_force.reload(Adopting())
    with pytest.raises(NotLooked) as refusal:
        await _send(in_force.outfit.live.guard, 1)
    assert refusal.value.reason is GapReason.STOPPED
    switch.resume()
    await _send(in_force.outfit.live.guard, 1)


@pytest.mark.parametrize("wrong", ["mistake", "authority", "store"])
async def test_what_cannot_come_into_force_changes_nothing_and_is_told(
    in_force: InForce, desk: Desk, wrong: str, caplog: pytest.LogCaptureFixture
) -> None:
    tower, known, adopting = in_force.tower, in_force.known, Adopting()
    if wrong == "mistake":
        desk.change("targets.yaml", "agency: education", "agency: nobody")
    elif wrong == "authority":
        desk.write("ca.pem", "junk")
        desk.change("diaolou.yaml", "city: city", "city: city\nauthorities: [ca.pem]")
    else:
        adopting.trouble = StoreUnavailable(Trouble.FULL, "no space left")
    caplog.set_level(logging.ERROR)
    assert not await in_force.reload(adopting)
    assert (in_force.tower, in_force.known, in_force.valid) == (tower, known, False)
    assert "was not taken up" in caplog.text


async def test_the_next_good_one_comes_into_force(in_force: InForce, desk: Desk) -> None:
    adopting = Adopting()
    adopting.trouble = StoreUnavailable(Trouble.FULL, "no space left")
    await in_force.reload(adopting)
    adopting.trouble = None
    desk.targets("{host: www.city.example, agency: city, kind: website, zones: [internet]}")
    assert await in_force.reload(adopting)
    assert in_force.valid
    assert [list(plan.targets) for plan in adopting.plans] == [["www.city.example"]]
    assert in_force.tower.lookout.defects is in_force.defects
    assert in_force.tower.city.host("www.city.example") is not None
