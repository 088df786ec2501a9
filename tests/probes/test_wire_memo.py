"""Shared measurements."""

import asyncio

import pytest

from probes.wire.memo import Memo


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def counting(results):
    calls = []

    async def measure():
        calls.append(None)
        await asyncio.sleep(0)
        result = results[len(calls) - 1]
        if isinstance(result, Exception):
            raise result
        return result

    return measure, calls


async def test_whoever_asks_while_it_runs_shares_one_measurement():
    measure, calls = counting(["once"])
    memo = Memo()
    assert await asyncio.gather(*(memo.once(("zone", "a"), measure) for _ in range(50))) == ["once"] * 50
    assert len(calls) == 1


async def test_a_result_is_kept_for_its_lifetime_and_no_longer():
    measure, calls = counting(["first", "second"])
    clock = Clock()
    memo = Memo(lifetime=60.0, clock=clock)
    assert await memo.once(("k",), measure) == "first"
    clock.now = 59.9
    assert await memo.once(("k",), measure) == "first"
    clock.now = 60.0
    assert await memo.once(("k",), measure) == "second"
    assert len(calls) == 2


async def test_what_raised_reaches_all_who_wait_and_is_not_kept():
    measure, calls = counting([ValueError("no"), "yes"])
    memo = Memo()
    first = await asyncio.gather(*(memo.once(("k",), measure) for _ in range(3)), return_exceptions=True)
    assert [type(result) for result in first] == [ValueError] * 3
    assert await memo.once(("k",), measure) == "yes"
    assert len(calls) == 2


async def test_one_impatient_asker_does_not_spoil_it_for_the_others():
    release = asyncio.Event()

    async def measure():
        await release.wait()
        return "done"

    memo = Memo()
    impatient = asyncio.create_task(memo.once(("k",), measure))
    patient = asyncio.create_task(memo.once(("k",), measure))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    release.set()
    assert await patient == "done"


async def test_a_measurement_nobody_waits_for_is_ended():
    ended = asyncio.Event()

    async def measure():
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    memo = Memo()
    asker = asyncio.create_task(memo.once(("k",), measure))
    await asyncio.sleep(0.01)
    asker.cancel()
    await asyncio.wait_for(ended.wait(), 1)
    with pytest.raises(asyncio.CancelledError):
        await asker


async def test_the_oldest_results_make_room():
    memo = Memo(size=2)
    measures = {key: counting([key, key]) for key in "abc"}
    for key in "abca":
        await memo.once((key,), measures[key][0])
    assert {key: len(calls) for key, (_, calls) in measures.items()} == {"a": 2, "b": 1, "c": 1}


async def test_what_is_forgotten_is_measured_again():
    measure, calls = counting([1, 2, 3])
    memo = Memo()
    for forget in (None, ("k",), ("other",)):
        await memo.once(("k",), measure)
        memo.forget(forget)
    assert await memo.once(("k",), measure) == 3
    assert len(calls) == 3


async def test_what_is_given_to_keep_is_as_good_as_measured_and_as_old():
    now = [0.0]
    memo = Memo(lifetime=10, size=2, clock=lambda: now[0])
    memo.keep(("k",), 1)
    measure, calls = counting([2])
    assert memo.knows(("k",))
    assert await memo.once(("k",), measure) == 1
    now[0] = 10.0
    assert not memo.knows(("k",))
    assert await memo.once(("k",), measure) == 2
    assert len(calls) == 1
    memo.keep(("a",), 1)
    memo.keep(("b",), 1)
    assert not memo.knows(("k",)), "the oldest made room"
    memo.forget()
    assert not memo.knows(("b",))
