"""Flows are told only where two readings prove them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from probes.link import Counters, Flow, counters, flow
from probes.wire.snmp import SnmpCell, SnmpTable

BEFORE = Counters(1000, {1: (0, 0)}, {1: 0}, {(1, 1): 0, (2, 1): 0})
AFTER = Counters(2000, {1: (1000, 500)}, {1: 0}, {(1, 1): 300, (2, 1): 100})


def test_octets_are_told_as_bits_by_the_clock_of_the_device() -> None:
    assert flow(BEFORE, AFTER, 1) == Flow(800.0, 400.0, 0.25)


def test_a_device_that_began_anew_says_nothing() -> None:
    assert flow(AFTER, BEFORE, 1) == Flow()
    assert flow(replace(BEFORE, ticks=None), AFTER, 1) == Flow()
    assert flow(BEFORE, replace(AFTER, ticks=1000), 1) == Flow()


def test_counters_that_began_anew_say_nothing() -> None:
    assert flow(BEFORE, replace(AFTER, breaks={1: 1500}), 1) == Flow()


def test_without_octets_by_version_the_share_is_not_known() -> None:
    assert flow(BEFORE, replace(AFTER, versions={(1, 1): 300}), 1) == Flow(800.0, 400.0, None)
    assert flow(replace(BEFORE, versions={}), replace(AFTER, versions={}), 1) == Flow(800.0, 400.0, None)
    assert flow(BEFORE, replace(AFTER, versions=BEFORE.versions), 1).ipv6_share is None


def test_where_ipv6_alone_is_counted_its_share_is_not_known() -> None:
    before, after = replace(BEFORE, versions={(2, 1): 0}), replace(AFTER, versions={(2, 1): 300})
    assert flow(before, after, 1) == Flow(800.0, 400.0, None)


def test_an_interface_that_came_or_went_between_is_not_known() -> None:
    assert flow(BEFORE, AFTER, 2) == Flow()


@given(*[st.tuples(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))] * 2)
def test_a_flow_is_never_negative(old: tuple[int, int], new: tuple[int, int]) -> None:
    met = flow(replace(BEFORE, octets={1: old}), replace(AFTER, octets={1: new}), 1)
    assert (met.in_bits is None) == (new[0] < old[0] or new[1] < old[1])
    assert met.in_bits is None or met.in_bits >= 0


def test_a_reading_takes_whole_rows_only() -> None:
    interfaces = SnmpTable(
        (SnmpCell(0, (0,), 77), SnmpCell(1, (1,), 5), SnmpCell(2, (1,), 6), SnmpCell(3, (1,), 9), SnmpCell(1, (2,), 8))
    )
    versions = SnmpTable((SnmpCell(0, (2, 1), 3), SnmpCell(1, (2, 1), 4), SnmpCell(0, (1, 1), 3)))
    assert counters(interfaces, versions) == Counters(77, {1: (5, 6)}, {1: 9}, {(2, 1): 7})
