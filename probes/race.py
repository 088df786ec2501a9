"""The race of a client that has both families, run on paper: whom it tries when, and with whom it ends up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from probes.target import Address, Family

HEAD_START = 0.25
"""Seconds between two attempts. Source: RFC 8305 5 (Connection Attempt Delay, recommended)."""


@dataclass(frozen=True, slots=True)
class Racer:
    """An address, and the seconds a connection to it usually takes; None where it usually is not made."""

    address: Address
    seconds: float | None


def order(racers: Iterable[Racer]) -> list[Racer]:
    """Return *racers* in the order in which they are tried: IPv6 first, the families taking turns.

    Source: RFC 8305 4, with one address of the preferred family first.
    """
    waiting = list(racers)
    by_family = [
        [each for each in waiting if Family.of(each.address) is family] for family in (Family.IPV6, Family.IPV4)
    ]
    return [each for pair in zip_longest(*by_family) for each in pair if each is not None]


def winner(racers: Sequence[Racer]) -> Racer | None:
    """Return with whom the client ends up; None where it gets nowhere."""
    arrivals = [
        (place * HEAD_START + each.seconds, place, each)
        for place, each in enumerate(order(racers))
        if each.seconds is not None
    ]
    return min(arrivals, key=lambda arrival: arrival[:2])[2] if arrivals else None


def passed_over(racer: Racer, first: Racer | None) -> bool:
    """Say whether *racer*, of IPv6, loses against *first*, of IPv4, by being out of order or too late."""
    if first is None or first.seconds is None or Family.of(first.address) is Family.of(racer.address):
        return False
    return racer.address.version == 6 and (racer.seconds is None or racer.seconds > HEAD_START + first.seconds)
