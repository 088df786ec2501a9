"""The pulse of our own loop: what held it up is told of every span it fell into; beginners wait till it recovers."""

from __future__ import annotations

import asyncio
import time

import pytest

from probes.wire import LAG_BORNE, Phases
from probes.wire.pulse import BEAT, LATE, PATIENCE, TURNS, Pulse
from tests.probes.test_wire_http import fetch
from tests.probes.wire_world import V4, saying

HELD = 0.25
"""Seconds a loop is held up here: much more than any machine is late by itself."""


async def test_what_holds_the_loop_up_is_told_of_the_span_it_falls_into_and_of_no_other() -> None:
    pulse = Pulse()
    with pulse.felt() as before:
        await asyncio.sleep(2 * BEAT)
    with pulse.felt() as meanwhile:
        await asyncio.sleep(2 * BEAT)
        time.sleep(HELD)
        await asyncio.sleep(0)
    with pulse.felt() as after:
        await asyncio.sleep(0)
    assert meanwhile.lag > HELD - 2 * BEAT
    assert max(before.lag, after.lag) < HELD - 2 * BEAT


async def test_a_span_that_ends_while_the_loop_is_held_up_has_felt_it() -> None:
    with Pulse().felt() as span:
        time.sleep(HELD)
    assert span.lag > HELD - 2 * BEAT


async def test_no_pulse_is_felt_while_nothing_is_timed() -> None:
    pulse = Pulse()
    with pulse.felt():
        await asyncio.sleep(0)
    await asyncio.sleep(3 * BEAT)
    assert not pulse._beating
    began = time.monotonic()
    await pulse.turn()
    assert time.monotonic() - began < BEAT


async def _begun(pulse: Pulse, count: int) -> list[float]:
    """Return when each of *count* beginners got its turn, in the order they came."""

    async def begin() -> float:
        await pulse.turn()
        return time.monotonic()

    return await asyncio.gather(*(begin() for _ in range(count)))


async def test_beginners_wait_for_a_loop_that_is_late_and_begin_a_few_at_a_time_in_their_order() -> None:
    pulse = Pulse()
    with pulse.felt():
        pulse._lag = 2 * LATE
        came = time.monotonic()
        turns = await _begun(pulse, 2 * TURNS + 1)
    assert turns == sorted(turns)
    assert turns[0] > came
    assert turns[-1] - turns[0] > BEAT
    assert turns[-1] - came < PATIENCE + 1.0


async def test_nobody_waits_for_ever_for_a_loop_that_stays_late() -> None:
    pulse = Pulse()

    async def busy() -> None:
        while True:
            time.sleep(2 * LATE)
            await asyncio.sleep(0)

    with pulse.felt():
        pulse._lag = 2 * LATE
        working = asyncio.ensure_future(busy())
        began = time.monotonic()
        await _begun(pulse, 100)
        took = time.monotonic() - began
        working.cancel()
    assert took < 2 * PATIENCE + 1.0


async def test_one_who_leaves_the_line_holds_nobody_up() -> None:
    pulse = Pulse()
    with pulse.felt():
        pulse._lag = 2 * LATE
        leaver = asyncio.ensure_future(pulse.turn())
        await asyncio.sleep(0)
        leaver.cancel()
        await asyncio.wait_for(_begun(pulse, 1), PATIENCE)


async def test_a_fetch_says_how_late_the_loop_was() -> None:
    async def hold() -> None:
        time.sleep(HELD)

    async def held(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4096)
        await asyncio.sleep(2 * BEAT)
        await hold()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    assert (await fetch(held)).phases.lag > HELD - 2 * BEAT
    assert (await fetch(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), V4)).phases.lag >= 0


@pytest.mark.parametrize(
    ("lag", "first_byte", "timely"),
    [(0.0, 0.01, True), (LAG_BORNE, 0.01, True), (0.06, 0.01, False), (0.06, 5.0, True), (0.3, 5.0, False)],
)
def test_times_count_unless_the_lag_weighs_in_them(lag: float, first_byte: float, timely: bool) -> None:
    assert Phases(0.001, 0.001, first_byte, 0.001, lag).timely is timely
