"""Chores, and the page among them: none dies unseen, and each is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client import Counter as Raised

from exporters.chore import Chore
from exporters.posture import Posture
from monitor.chores import Chores
from monitor.pages import Pages
from monitor.store import StoreUnavailable, Trouble
from monitor.tally import Tally
from tests.exporters.city import city


class Failing:
    """Fails as often as it is told to, by raising what there is in *faults*."""

    def __init__(self, *faults: Exception) -> None:
        self.faults, self.done = list(faults), 0

    async def act(self) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.done += 1


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def test_a_chore_that_fails_by_our_fault_is_counted_told_and_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    chores, failing = Chores(), Failing(KeyError("ours"), ValueError("ours too"))
    task = asyncio.create_task(chores.repeat(Chore.AGE, failing.act, 0.001))
    await until(lambda: failing.done)
    task.cancel()
    assert chores.defects == dict.fromkeys(Chore, 0) | {Chore.AGE: 2}
    assert "KeyError" in caplog.text


async def test_a_store_that_does_not_answer_is_no_defect_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    chores = Chores()
    trouble = StoreUnavailable(Trouble.DISK, "gone")
    failing = Failing(trouble, trouble)
    assert [await chores.attempt(Chore.AGE, failing.act) for _ in range(3)] == [False, False, True]
    assert chores.defects == dict.fromkeys(Chore, 0)
    assert len(caplog.records) == 1
    assert not await chores.attempt(Chore.AGE, Failing(trouble).act)
    assert len(caplog.records) == 2


async def test_what_has_to_be_done_first_is_insisted_on() -> None:
    chores, failing = Chores(), Failing(KeyError("ours"), StoreUnavailable(Trouble.BUSY, ""))
    await chores.insist(Chore.PAGE, failing.act, 0.001)
    assert failing.done == 1


async def test_a_chore_can_be_woken_before_its_time() -> None:
    chores, failing, wake = Chores(), Failing(), asyncio.Event()
    task = asyncio.create_task(chores.repeat(Chore.AGE, failing.act, 3600, wake))
    await asyncio.sleep(0.01)
    assert failing.done == 0
    wake.set()
    await until(lambda: failing.done)
    await asyncio.sleep(0.01)
    task.cancel()
    assert failing.done == 1


async def test_a_page_that_cannot_be_drawn_is_a_defect_and_drawn_again() -> None:
    chores, drawings = Chores(), 0
    pages = Pages(ZoneInfo("Asia/Shanghai"), chores, pause=0.001)

    def posture() -> Posture:
        nonlocal drawings
        drawings += 1
        if drawings < 3:
            raise RuntimeError("ours")
        return city()

    task = asyncio.create_task(pages.keep_drawn(posture))
    await until(lambda: pages.seconds is not None)
    task.cancel()
    assert chores.defects == dict.fromkeys(Chore, 0) | {Chore.PAGE: 2}
    assert b"diaolou_agency_info" in pages.page.plain()


def test_counters_rise_by_what_was_counted_since_they_were_last_told() -> None:
    registry, counts = CollectorRegistry(), {"page": 0}
    raised = Raised("told", "told", ["chore"], registry=registry)
    tally = Tally((raised, lambda: counts))
    for counted in (0, 2, 2, 5):
        counts["page"] = counted
        tally.pass_on()
        assert registry.get_sample_value("told_total", {"chore": "page"}) == counted
