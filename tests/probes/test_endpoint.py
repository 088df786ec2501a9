"""Where a target's services are: in the same order every time, and never more than a host can stand."""

from __future__ import annotations

import random
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.endpoint import ADDRESS_LIMIT, addresses
from probes.observation import Failure, GapReason, Sighting, Subject
from probes.target import Address, Family, Target
from probes.wire import Resolution
from tests.probes.scripted_wire import ScriptedWire, addressed, unresolved


async def walk(resolution: Resolution) -> list[Address | Sighting]:
    return [each async for each in addresses(Target("www", "a"), ScriptedWire({"www": resolution}))]


def four(number: int) -> Address:
    return ip_address(f"192.0.2.{number}")


def six(number: int) -> Address:
    return ip_address(f"2001:db8::{number:x}")


async def test_families_take_turns() -> None:
    assert await walk(addressed(six(2), six(1), four(1), six(3))) == [four(1), six(1), six(2), six(3)]


@given(st.integers(0, 40), st.integers(0, 40), st.randoms(use_true_random=False))
async def test_a_server_that_shuffles_changes_nothing(fours: int, sixes: int, chance: random.Random) -> None:
    known = [*map(four, range(fours)), *map(six, range(sixes))]
    shuffled = list(known)
    chance.shuffle(shuffled)
    assert await walk(addressed(*shuffled)) == await walk(addressed(*known))


async def test_addresses_beyond_the_limit_are_one_gap() -> None:
    found = await walk(addressed(four(1), *map(six, range(1, 201))))
    assert found[:2] == [four(1), six(1)]
    assert found[2:-1] == list(map(six, range(2, ADDRESS_LIMIT + 1)))
    assert found[-1] == Sighting(
        Subject(family=Family.IPV6), GapReason.BUDGET_SPENT, detail=f"{200 - ADDRESS_LIMIT} further addresses"
    )


async def test_exactly_as_many_as_the_limit_leave_no_gap() -> None:
    assert await walk(addressed(*map(six, range(ADDRESS_LIMIT)))) == list(map(six, range(ADDRESS_LIMIT)))


async def test_a_name_without_addresses_has_none() -> None:
    assert await walk(addressed()) == []


@pytest.mark.parametrize(
    ("told", "reason", "detail"),
    [
        (Failure.DNS_SERVFAIL, GapReason.ADDRESS_UNKNOWN, "dns_servfail"),
        (GapReason.RESOLVER_FAILED, GapReason.RESOLVER_FAILED, "as told"),
        (GapReason.STOPPED, GapReason.STOPPED, "as told"),
    ],
)
async def test_addresses_that_are_not_known_are_a_gap_with_its_reason(
    told: Failure | GapReason, reason: GapReason, detail: str
) -> None:
    gaps = [Sighting(Subject(family=family), reason, detail=detail) for family in Family]
    assert await walk(unresolved(told)) == gaps


async def test_one_family_unknown_leaves_the_other_to_be_looked_at() -> None:
    half = {**addressed(four(1)), Family.IPV6: unresolved(Failure.DNS_TIMEOUT)[Family.IPV6]}
    gap, address = await walk(half)
    assert isinstance(gap, Sighting)
    assert gap.subject.family is Family.IPV6
    assert address == four(1)
