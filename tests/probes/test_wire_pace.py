"""The pacer keeps every limit in every second, is fair, and leaves nobody waiting for nothing."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import replace
from ipaddress import ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.wire.gate import PATIENCE, SLOWEST, Gate
from probes.wire.pace import Pacer, Ticket
from probes.wire.scope import Limits

LIMITS = Limits(overall=50, per_host=5, per_agency=20, concurrent=12, per_host_concurrent=2)


class World:
    """A pacer, a clock that jumps to the next event, and exchanges that take their time."""

    def __init__(self, limits: Limits) -> None:
        self.pacer, self.now = Pacer(limits), 0.0
        self.sent: list[tuple[float, str, str, str]] = []
        self.busy: list[tuple[float, Ticket, str, str]] = []
        self.most: Counter[str] = Counter()

    def want(self, address: str, host: str, agency: str, lasting: float = 0.0) -> Ticket:
        def call() -> None:
            self.sent.append((self.now, address, host, agency))
            self.busy.append((self.now + lasting, ticket, address, host))
            for key in ("", address, host):
                at_once = sum(key in ("", *entry[2:]) for entry in self.busy)
                self.most[key] = max(self.most[key], at_once)

        ticket = self.pacer.ticket(ip_address(address), host, agency, 1, call)
        self.pacer.enqueue(ticket)
        return ticket

    def run(self, until: float = 1e9) -> None:
        while True:
            self.pacer.turns(self.now)
            times = [entry[0] for entry in self.busy]
            if (soon := self.pacer.next_at()) is not None:
                times.append(soon)
            if not times or min(times) > until:
                return
            self.now = max(self.now, *([min(times)] if times else []))
            for entry in [entry for entry in self.busy if entry[0] <= self.now]:
                self.busy.remove(entry)
                self.pacer.release(entry[1])

    def most_in_a_second(self, column: int) -> int:
        by_key: dict[str, list[float]] = defaultdict(list)
        for entry in self.sent:
            by_key[str(entry[column]) if column else ""].append(entry[0])
        return max(
            sum(start <= at < start + 1.0 - 1e-6 for at in times) for times in by_key.values() for start in times
        )


wishes = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 4), st.integers(0, 2), st.floats(0.0, 3.0)), min_size=1, max_size=120
)


@settings(deadline=None, max_examples=60)
@given(wishes)
def test_every_limit_holds_in_every_second_and_everyone_gets_a_turn(wanted: list[tuple[int, int, int, float]]) -> None:
    world = World(LIMITS)
    for address, host, agency, lasting in wanted:
        world.want(f"192.0.2.{address}", f"host{host}", f"agency{agency}", lasting)
    world.run()
    assert len(world.sent) == len(wanted)
    assert world.most_in_a_second(0) <= LIMITS.overall
    assert world.most_in_a_second(1) <= LIMITS.per_host
    assert world.most_in_a_second(2) <= LIMITS.per_host
    assert world.most_in_a_second(3) <= LIMITS.per_agency
    assert world.most[""] <= LIMITS.concurrent
    assert max(world.most.values(), default=0) <= LIMITS.concurrent
    for key, most in world.most.items():
        assert key == "" or most <= LIMITS.per_host_concurrent


@settings(deadline=None, max_examples=40)
@given(wishes, wishes, st.floats(0.0, 4.0))
def test_limits_adopted_under_way_hold_together_with_what_went_before(
    before: list[tuple[int, int, int, float]], after: list[tuple[int, int, int, float]], then: float
) -> None:
    world = World(LIMITS)
    for wanted in (before, after):
        for address, host, agency, lasting in wanted:
            world.want(f"192.0.2.{address}", f"host{host}", f"agency{agency}", lasting)
        if wanted is before:
            world.run(until=then)
            world.now = max(world.now, then)
            world.pacer.adopt(replace(LIMITS, overall=10, per_host=2, per_agency=5))
            world.pacer.adopt(LIMITS)
    world.run()
    assert len(world.sent) == len(before) + len(after)
    assert world.most_in_a_second(0) <= LIMITS.overall
    assert world.most_in_a_second(1) <= LIMITS.per_host
    assert world.most_in_a_second(3) <= LIMITS.per_agency
    assert world.most[""] <= LIMITS.concurrent


def test_those_who_wait_already_are_held_to_limits_adopted_meanwhile() -> None:
    world = World(LIMITS)
    for number in range(100):
        world.want(f"192.0.2.{number}", f"host{number}", f"agency{number % 10}")
    world.run(until=1.0)
    went = len(world.sent)
    assert went >= 45
    world.pacer.adopt(replace(LIMITS, overall=2))
    world.run(until=6.0)
    assert len(world.sent) - went <= 11
    world.pacer.adopt(replace(LIMITS, overall=1000, per_agency=1000))
    world.run(until=7.0)
    assert len(world.sent) == 100


def test_both_families_of_one_host_share_its_pace() -> None:
    world = World(LIMITS)
    for _ in range(20):
        world.want("192.0.2.1", "www", "town")
        world.want("2001:db8::1", "www", "town")
    world.run(until=3.0)
    assert len(world.sent) == pytest.approx(3 * LIMITS.per_host, abs=1)
    by_address = Counter(entry[1] for entry in world.sent)
    assert abs(by_address["192.0.2.1"] - by_address["2001:db8::1"]) <= 1


def test_names_on_one_address_share_its_pace() -> None:
    world = World(LIMITS)
    for name in range(40):
        world.want("192.0.2.1", f"channel{name}", f"agency{name % 4}")
    world.run(until=2.0)
    assert len(world.sent) <= 2 * LIMITS.per_host + 1


def test_a_slow_host_keeps_nobody_else_waiting() -> None:
    world = World(LIMITS)
    for _ in range(1000):
        world.want("192.0.2.1", "slow", "town", lasting=10.0)
    world.want("192.0.2.2", "quick", "town")
    world.run(until=1.0)
    assert "quick" in {entry[2] for entry in world.sent}


def test_agencies_take_turns() -> None:
    world = World(replace(LIMITS, per_host=1000, per_agency=1000, concurrent=1000, per_host_concurrent=1000))
    for number in range(200):
        world.want(f"192.0.2.{number}", f"big{number}", "big")
    for number in range(10):
        world.want(f"198.51.100.{number}", f"small{number}", "small")
    world.run(until=0.45)
    assert Counter(entry[3] for entry in world.sent)["small"] == 10


def test_at_one_address_first_come_is_first_served() -> None:
    world = World(LIMITS)
    for number in range(30):
        world.want("192.0.2.1", f"host{number}", "town")
    world.run()
    assert [entry[2] for entry in world.sent] == [f"host{number}" for number in range(30)]


def test_who_has_left_costs_nothing() -> None:
    world = World(LIMITS)
    leaving = [world.want("192.0.2.1", "www", "town") for _ in range(50)]
    world.want("192.0.2.1", "www", "town")
    for ticket in leaving[1:]:
        ticket.gone = True
    world.run()
    assert [entry[0] for entry in world.sent] == [0.0, pytest.approx(0.184)]


def test_fifty_thousand_waiters_are_served_in_a_few_seconds_of_work() -> None:
    world = World(Limits(overall=1e5, per_host=10, per_agency=1e5, concurrent=10**6, per_host_concurrent=8))
    calls: list[int] = []
    for number in range(50_000):
        address = ip_address(0x0A000000 + number % 5000)
        ticket = world.pacer.ticket(address, f"host{number % 5000}", f"agency{number % 50}", 1, lambda: calls.append(1))
        world.pacer.enqueue(ticket)
    steps = 0
    while (soon := world.pacer.next_at()) is not None and soon < 0.9:
        world.now = max(world.now, soon)
        world.pacer.turns(world.now)
        steps += 1
    assert len(calls) == 5000 * 8
    assert steps < 100_000


def test_what_was_sent_without_asking_makes_others_wait() -> None:
    world = World(replace(LIMITS, per_host=1000, per_host_concurrent=1000, per_agency=10))
    first = world.want("192.0.2.1", "a", "town")
    world.want("192.0.2.2", "b", "town")
    world.want("192.0.2.3", "c", "village")
    world.pacer.turns(world.now)
    world.pacer.charge(first, 10, world.now)
    world.run()
    when = {entry[2]: entry[0] for entry in world.sent}
    assert when["a"] == 0.0
    assert when["c"] == pytest.approx(11 / LIMITS.overall, rel=0.2)
    assert when["b"] == pytest.approx(11 / 10, rel=0.2)


def test_forgetting_hosts_lets_nobody_go_sooner() -> None:
    world = World(LIMITS)
    world.want("192.0.2.1", "www", "town", lasting=0.0)
    world.run(until=0.01)
    world.pacer.forget(world.now)
    world.want("192.0.2.1", "www", "town")
    world.run()
    assert world.sent[1][0] - world.sent[0][0] >= 0.18
    world.now += 60
    world.pacer.forget(world.now)
    assert not world.pacer._hosts
    assert not world.pacer._addresses


def test_distress_slows_down_and_health_speeds_up_again() -> None:
    gate = Gate(10, 4)
    for _ in range(int(PATIENCE) - 1):
        gate.feel(1.0)
    assert gate.slowdown == 1.0
    for _ in range(100):
        gate.feel(1.0)
    assert gate.slowdown == SLOWEST
    for _ in range(3):
        gate.feel(0.0)
    assert gate.slowdown == 1.0


def test_a_slowed_address_is_asked_less_often() -> None:
    world = World(LIMITS)
    for _ in range(40):
        world.want("192.0.2.1", "www", "town")
    world.pacer._lanes[ip_address("192.0.2.1"), "town"].gate.slowdown = 4.0
    world.run(until=4.0)
    assert len(world.sent) == pytest.approx(4 * LIMITS.per_host / 4, abs=1)


@given(rate=st.floats(0.2, 2000), late=st.lists(st.floats(0, 0.1), min_size=5, max_size=200))
def test_a_gate_never_overruns_its_second_however_late_it_is_woken(rate: float, late: list[float]) -> None:
    gate, now, went = Gate(rate, 10**9), 0.0, []
    for delay in late:
        now = max(now, gate.ready_at) + delay
        while gate.ready_at <= now and len(went) < 5000:
            went.append(now)
            gate.take(now, 1)
    for place, start in enumerate(went):
        assert sum(at < start + 1.0 - 1e-6 for at in went[place:]) <= math.ceil(rate)
