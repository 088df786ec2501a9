"""The jumps of the clock on the wall."""

from __future__ import annotations

import datetime as dt

from monitor.clock import Jumps, SystemClock
from tests.monitor.watching import HandClock


def test_time_that_passes_is_no_jump_however_much_of_it() -> None:
    clock = HandClock()
    jumps = Jumps(clock)
    clock.pass_time(6 * 3600)
    assert jumps.glance() is None
    assert jumps.count == 0


def test_a_clock_that_was_set_is_noticed_once() -> None:
    clock = HandClock()
    jumps = Jumps(clock)
    clock.pass_time(10)
    clock.set_by(-86400)
    assert jumps.glance() == dt.timedelta(days=-1)
    assert jumps.glance() is None
    assert jumps.count == 1


def test_a_clock_that_is_slewed_drifts_without_jumping() -> None:
    clock = HandClock()
    jumps = Jumps(clock)
    for _ in range(100):
        clock.pass_time(1)
        clock.set_by(0.5)
        assert jumps.glance() is None


def test_the_clock_of_the_machine_goes_on() -> None:
    clock = SystemClock()
    before = clock.now(), clock.elapsed()
    assert clock.now() >= before[0]
    assert clock.elapsed() >= before[1]
    assert clock.now().tzinfo is dt.UTC
