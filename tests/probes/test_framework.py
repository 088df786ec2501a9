"""A look ends in records whatever becomes of the probe, and a sweep neither hurries nor leaves anything behind."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address

import pytest

from probes.framework import TOGETHER, Look, in_hand, look, outcome_of, refused, stamp, sweep
from probes.observation import WHOLE, Facts, Failure, Gap, GapReason, Observation, Sighting, Subject
from probes.registry import Probe, ProbeFunction, load
from probes.target import Family, Kind, Target
from probes.wire import BatchWire, NotLooked, Unreached, Wire
from tests.probes.scripted_wire import AT, ScriptedWire

TARGET = Target("www.gov.test", "town", Kind.WEBSITE)
FOUR = Subject(family=Family.IPV4, address=ip_address("192.0.2.1"))


@dataclass(frozen=True, slots=True)
class Said(Facts):
    """What was said."""

    word: str


def probe_of(run: ProbeFunction, deadline: float = 5.0, kinds: frozenset[Kind] = frozenset()) -> Probe:
    return Probe("said", run, Said, 60.0, deadline, 2, kinds)


async def seen_by(run: ProbeFunction, deadline: float = 5.0) -> Look:
    return await look(probe_of(run, deadline), TARGET, "tower", ScriptedWire())


async def test_what_a_probe_yields_is_stamped() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(FOUR, Said("yes"), 0.25, "so")
        yield Sighting(FOUR, Failure.TLS_ALERT, 0.5)
        yield Sighting(FOUR, GapReason.DENIED, detail="no")

    seen = await seen_by(run)
    assert seen.complete
    assert not seen.defect
    assert seen.records == (
        Observation("said", TARGET.host, "tower", FOUR, AT, 0.25, Said("yes"), None, "so"),
        Observation("said", TARGET.host, "tower", FOUR, AT, 0.5, None, Failure.TLS_ALERT),
        Gap("said", TARGET.host, "tower", FOUR, AT, GapReason.DENIED, "no"),
    )


async def test_a_probe_that_sees_nothing_has_looked_all_the_same() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        for nothing in tuple[Sighting, ...]():
            yield nothing

    assert await seen_by(run) == Look("said", TARGET.host, (), complete=True)


async def test_being_kept_from_looking_keeps_what_was_seen_and_ends_incomplete() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(FOUR, Said("yes"))
        raise NotLooked(GapReason.STOPPED, "by hand")

    seen = await seen_by(run)
    first, last = seen.records
    assert isinstance(first, Observation)
    assert last == Gap("said", TARGET.host, "tower", WHOLE, AT, GapReason.STOPPED, "by hand")
    assert (seen.complete, seen.defect) == (False, False)


async def test_the_deadline_is_our_budget_and_not_the_target_s_fault() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(FOUR, Said("yes"))
        await asyncio.sleep(60)

    seen = await seen_by(run, deadline=0.02)
    assert [type(record) for record in seen.records] == [Observation, Gap]
    assert isinstance(seen.records[1], Gap)
    assert seen.records[1].reason is GapReason.BUDGET_SPENT
    assert not seen.complete


@pytest.mark.parametrize("defect", [ZeroDivisionError(), KeyError("x"), Unreached(Failure.TLS_ALERT), OSError(5, "x")])
async def test_our_own_bug_has_a_name_and_a_traceback(defect: Exception, caplog: pytest.LogCaptureFixture) -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(FOUR, Said("yes"))
        raise defect

    with caplog.at_level(logging.ERROR):
        seen = await seen_by(run)
    assert seen.records[1] == Gap("said", TARGET.host, "tower", WHOLE, AT, GapReason.DEFECT, type(defect).__name__)
    assert (seen.complete, seen.defect) == (False, True)
    (told,) = caplog.records
    assert told.exc_info is not None
    assert "probe said failed on www.gov.test" in told.getMessage()


def test_an_observation_is_stamped_with_the_time_it_is_given() -> None:
    later = AT + dt.timedelta(seconds=1)
    assert stamp(Sighting(WHOLE, Said("a")), "said", "t", "v", later).at == later


@pytest.mark.parametrize(
    ("refusal", "sighting"),
    [
        (Unreached(Failure.TLS_ALERT, "40", 1.5), Sighting(FOUR, Failure.TLS_ALERT, 1.5, "40")),
        (NotLooked(GapReason.DENIED, "why"), Sighting(FOUR, GapReason.DENIED, 0.0, "why")),
    ],
)
def test_a_refusal_of_the_wire_is_a_sighting(refusal: Unreached | NotLooked, sighting: Sighting) -> None:
    assert refused(FOUR, refusal) == sighting
    assert outcome_of(refusal) is sighting.outcome


# --- a whole batch


def targets(count: int, kind: Kind = Kind.WEBSITE) -> list[Target]:
    return [Target(f"h{number}.test", "town", kind) for number in range(count)]


async def test_a_sweep_looks_at_everyone_once_and_never_at_too_many_at_a_time() -> None:
    running, most = 0, 0

    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        yield Sighting(WHOLE, Said(target.host))

    found = [seen async for seen in sweep(probe_of(run), targets(50), "tower", lambda _: ScriptedWire(), concurrency=7)]
    assert sorted(seen.target for seen in found) == sorted(target.host for target in targets(50))
    assert most == 7


async def test_a_sweep_leaves_out_whom_the_question_does_not_suit() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(WHOLE, Said("x"))

    probe = probe_of(run, kinds=frozenset({Kind.DNS}))
    everyone = [*targets(2), Target("ns1.test", "town", Kind.DNS)]
    assert [seen.target async for seen in sweep(probe, everyone, "tower", lambda _: ScriptedWire())] == ["ns1.test"]


async def test_a_slow_target_holds_up_nobody() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        await asyncio.sleep(0.2 if target.host == "h0.test" else 0)
        yield Sighting(WHOLE, Said("x"))

    found = [seen.target async for seen in sweep(probe_of(run), targets(5), "v", lambda _: ScriptedWire())]
    assert found[-1] == "h0.test"


async def test_one_defect_does_not_end_the_sweep() -> None:
    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        if target.host == "h1.test":
            raise ZeroDivisionError
        yield Sighting(WHOLE, Said("x"))

    found = {seen.target: seen.defect async for seen in sweep(probe_of(run), targets(3), "v", lambda _: ScriptedWire())}
    assert found == {"h0.test": False, "h1.test": True, "h2.test": False}


async def test_a_sweep_that_is_left_early_leaves_nothing_running() -> None:
    ended: list[str] = []

    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        try:
            await asyncio.sleep(0 if target.host == "h0.test" else 60)
            yield Sighting(WHOLE, Said("x"))
        finally:
            ended.append(target.host)

    sweeping = sweep(probe_of(run), targets(4), "v", lambda _: ScriptedWire(), concurrency=4)
    async with contextlib.aclosing(sweeping):  # type: ignore[type-var]
        async for seen in sweeping:
            assert seen.target == "h0.test"
            break
    assert sorted(ended) == ["h0.test", "h1.test", "h2.test", "h3.test"]


class Ahead:
    """A batch's network that only notes the names."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def resolve_all(self, names: Iterable[str]) -> None:
        self.names += names


async def test_a_batch_is_prepared_before_its_looks_and_only_for_those_it_suits() -> None:
    ahead, known = Ahead(), []

    async def prepare(some: Sequence[Target], wire: BatchWire) -> None:
        await wire.resolve_all([target.host for target in some])

    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        known.append(target.host in ahead.names)
        yield Sighting(WHOLE, Said("yes"))

    probe = replace(probe_of(run, kinds=frozenset({Kind.WEBSITE})), prepare=prepare)
    everyone = [*targets(TOGETHER + 5), Target("ns1.test", "town", Kind.DNS)]
    found = [seen async for seen in sweep(probe, everyone, "v", lambda _: ScriptedWire(), batch_wire=ahead)]
    assert len(found) == len(known) == TOGETHER + 5
    assert all(known)
    assert ahead.names == [target.host for target in everyone[:-1]]


async def test_a_preparation_that_breaks_leaves_the_looks_whole(caplog: pytest.LogCaptureFixture) -> None:
    async def prepare(some: Sequence[Target], wire: BatchWire) -> None:
        raise ValueError("ours")

    async def run(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        yield Sighting(WHOLE, Said("yes"))

    probe = replace(probe_of(run), prepare=prepare)
    with caplog.at_level(logging.ERROR):
        found = [seen async for seen in sweep(probe, targets(3), "v", lambda _: ScriptedWire(), batch_wire=Ahead())]
    assert [seen.complete for seen in found] == [True] * 3
    assert "probe said failed to prepare 3 looks" in caplog.text


async def test_the_addresses_of_a_batch_are_asked_for_at_once() -> None:
    ahead, everyone = Ahead(), targets(3)
    probe = load()["dns_address"]
    assert probe.prepare is not None
    await probe.prepare(everyone, ahead)
    assert ahead.names == [target.host for target in everyone]


async def _bring(which: int, seconds: float, log: list[int]) -> Sighting:
    log.append(which)
    await asyncio.sleep(seconds)
    return Sighting(Subject(port=which), Failure.CONNECTION_TIMEOUT)


async def test_looks_in_hand_come_in_their_order_and_never_too_many_at_once() -> None:
    begun: list[int] = []
    looks = [partial(_bring, which, 0.02 / which, begun) for which in range(1, 9)]
    most = 0
    order = []
    async for sighting in in_hand(looks, 3):
        order.append(sighting.subject.port)
        most = max(most, len(begun) - len(order) + 1)
    assert order == list(range(1, 9))
    assert most == 3


async def test_one_look_that_breaks_ends_those_in_hand() -> None:
    begun: list[int] = []

    async def broken() -> Sighting:
        raise RuntimeError("a defect")

    with pytest.raises(RuntimeError):
        async for _ in in_hand([broken, partial(_bring, 1, 60.0, begun), partial(_bring, 2, 60.0, begun)], 2):
            pass
    assert begun in ([], [1])
    assert len(asyncio.all_tasks()) == 1
