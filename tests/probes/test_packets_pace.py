"""The packet process's pace: never too many in any second, in all or to one address, whoever asks."""

import asyncio
from collections.abc import Sequence
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.observation import GapReason
from probes.wire import NotLooked
from probes.wire.packets.pace import QUEUE_LIMIT, Pace


class Clock:
    """Time that passes only when somebody sleeps, and then always a little more than asked."""

    def __init__(self, late: float = 0.0) -> None:
        self.now, self.late, self.sleeps = 1000.0, late, 0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.sleeps += 1
        due = self.now + seconds + self.late
        await asyncio.sleep(0)
        self.now = max(self.now, due)


async def sent(pace: Pace, clock: Clock, addresses: Sequence[int]) -> list[tuple[float, int]]:
    log: list[tuple[float, int]] = []

    async def one(address: int) -> None:
        async with pace.turn(ip_address(address)):
            log.append((clock.now, address))

    await asyncio.gather(*map(one, addresses))
    return log


def busiest(moments: Sequence[float]) -> int:
    return max(sum(start <= moment < start + 1 for moment in moments) for start in moments)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=60), st.sampled_from([7.0, 20.0, 100.0]), st.floats(0, 0.05))
def test_no_second_sees_more_than_its_due(addresses: list[int], overall: float, late: float) -> None:
    clock = Clock(late)
    pace = Pace(overall, 5.0, clock=clock, sleep=clock.sleep)
    log = asyncio.run(sent(pace, clock, addresses))
    assert len(log) == len(addresses)
    assert busiest([moment for moment, _ in log]) <= overall
    for address in set(addresses):
        assert busiest([moment for moment, to in log if to == address]) <= 5


async def scanned(pace: Pace, clock: Clock, addresses: Sequence[int], rounds: int) -> list[tuple[float, int]]:
    """Send *rounds* packets to each of *addresses* as a scan does, and return when each left."""
    log: list[tuple[float, int]] = []
    with pace.many(map(ip_address, addresses)) as slots:
        for _ in range(rounds):
            done = 0
            while done < len(slots):
                free, moment = pace.free(slots[done:])
                if not free:
                    await clock.sleep(max(1e-6, moment - clock.now))
                    continue
                granted = pace.claim(slots[done : done + await pace.burst(free)])
                log += [(clock.now, address) for address in addresses[done : done + granted]]
                done += granted
    return log


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=9, unique=True),
    st.lists(st.integers(1, 9), max_size=9),
    st.sampled_from([20.0, 100.0, 1000.0]),
    st.floats(0, 0.05),
)
def test_scans_and_single_packets_together_keep_the_pace(
    many: list[int], single: list[int], overall: float, late: float
) -> None:
    clock = Clock(late)
    pace = Pace(overall, 5.0, clock=clock, sleep=clock.sleep)

    async def both() -> list[tuple[float, int]]:
        logs = await asyncio.gather(scanned(pace, clock, many, 8), sent(pace, clock, single))
        return [each for log in logs for each in log]

    log = asyncio.run(both())
    assert len(log) == 8 * len(many) + len(single)
    assert busiest([moment for moment, _ in log]) <= overall
    for address in {*many, *single}:
        assert busiest([moment for moment, to in log if to == address]) <= 5


async def test_who_came_first_goes_first() -> None:
    clock = Clock()
    log = await sent(Pace(10.0, 10.0, clock=clock, sleep=clock.sleep), clock, [3, 1, 2, 5, 4])
    assert [address for _, address in log] == [3, 1, 2, 5, 4]


async def test_a_slow_address_does_not_hold_up_the_others() -> None:
    clock = Clock()
    log = await sent(Pace(100.0, 1.0, clock=clock, sleep=clock.sleep), clock, [1, 1, 1, 2, 3])
    assert [address for _, address in log][:3] == [1, 2, 3]


async def test_a_queue_too_long_is_refused_and_recovers() -> None:
    clock = Clock()
    pace = Pace(2.0, 1000.0, clock=clock, sleep=clock.sleep)
    outcomes = await asyncio.gather(*(sent(pace, clock, [address]) for address in range(1, 41)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, NotLooked)]
    assert {refusal.reason for refusal in refused} == {GapReason.OVERLOADED}
    assert len(outcomes) - len(refused) == pytest.approx(QUEUE_LIMIT * 2.0, abs=1)
    assert await sent(pace, clock, [99])


async def test_a_waiter_who_leaves_blocks_nobody() -> None:
    pace = Pace(1000.0, 20.0)
    address = ip_address("192.0.2.1")
    async with pace.turn(address):
        pass

    async def wait() -> None:
        async with pace.turn(address):
            raise AssertionError("it had left")

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0.01)
    waiting.cancel()
    async with asyncio.timeout(1), pace.turn(address):
        pass


async def test_addresses_are_forgotten_when_their_time_has_passed() -> None:
    clock = Clock()
    pace = Pace(1e9, 1e9, clock=clock, sleep=clock.sleep)
    for address in range(10_000):
        clock.now += 1
        async with pace.turn(ip_address(address)):
            pass
    assert len(pace._turns) <= 4097
