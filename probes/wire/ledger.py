"""What was sent to whom and when, minute by minute, for anyone who asks afterwards."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise

from probes.observation import GapReason
from probes.target import Address

PORTS = 1024
"""Ports remembered of one line."""


class What(StrEnum):
    """The class of what is sent."""

    DNS = "dns"
    TCP_CONNECT = "tcp_connect"
    SYN = "syn"
    HTTP = "http"
    TLS = "tls"
    ECHO = "echo"
    SOUNDING = "sounding"
    SNMP = "snmp"
    SOLICITATION = "solicitation"


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange as it is let out; *port* is 0 for ICMP, *packets* what it counts as in the pace."""

    what: What
    address: Address
    port: int
    target: str
    at: dt.datetime
    packets: int = 1


@dataclass(frozen=True, slots=True)
class Line:
    """What was sent within one minute, which begins *at*, to one address for one target, or *refused* by ourselves.

    *exchanges* are those that had their turn in it, *packets* the connections tried, datagrams, SYNs or echo requests
    that left, those sent again included; of SYNs to several addresses scanned together these are shared out. *sent* and
    *received* are octets above TCP or UDP. *ports* are written like "22, 80-82", and empty where none are known.
    """

    at: dt.datetime
    target: str
    address: Address
    what: What
    refused: GapReason | None
    exchanges: int
    packets: int
    sent: int
    received: int
    ports: str


_Key = tuple[dt.datetime, str, Address, What, GapReason | None]


@dataclass(slots=True)
class _Sums:
    exchanges: int = 0
    packets: int = 0
    sent: int = 0
    received: int = 0
    ports: set[int] = field(default_factory=set)


class Ledger:
    """Lines until they are taken, at most *most* of them, the oldest dropped first; and counts that are never dropped.

    *lost* counts the lines dropped.
    """

    def __init__(self, most: int = 100_000) -> None:
        self._most, self.lost = most, 0
        self._lines: dict[_Key, _Sums] = {}
        self._sent: Counter[What] = Counter()
        self._refused: Counter[GapReason] = Counter()

    def note(self, entry: Entry) -> None:
        """Write down that *entry* is let out."""
        self._sent[entry.what] += entry.packets
        sums = self._sums(entry)
        sums.exchanges += 1
        sums.packets += entry.packets
        self._port(sums, entry.port)

    def refuse(self, entry: Entry, reason: GapReason) -> None:
        """Write down that *entry* was not let out."""
        self._refused[reason] += 1
        sums = self._sums(entry, reason)
        sums.exchanges += 1
        sums.packets += entry.packets
        self._port(sums, entry.port)

    def resent(self, entry: Entry, packets: int) -> None:
        """Count *packets* sent again for *entry*; fewer than none were let out, and did not leave."""
        self._sent[entry.what] += packets
        self._sums(entry).packets += packets

    def passed(self, entry: Entry, *, sent: int = 0, received: int = 0) -> None:
        """Count octets that passed within the exchange *entry*."""
        sums = self._sums(entry)
        sums.sent += sent
        sums.received += received

    def take(self) -> tuple[Line, ...]:
        """Return the lines written since they were last taken, and forget them; what is under way gets new ones."""
        taken = tuple(self)
        self._lines = {}
        return taken

    @property
    def counts(self) -> Mapping[What, int]:
        """How many packets or connections of each class since the start; classes never sent are absent."""
        return {what: count for what, count in self._sent.items() if count}

    @property
    def refusals(self) -> Mapping[GapReason, int]:
        """How many exchanges were refused since the start, by reason."""
        return dict(self._refused)

    def __iter__(self) -> Iterator[Line]:
        for (at, target, address, what, refused), sums in self._lines.items():
            counted = sums.packets, sums.sent, sums.received
            if any(counted):
                yield Line(at, target, address, what, refused, sums.exchanges, *counted, spans(sums.ports))

    def _sums(self, entry: Entry, refused: GapReason | None = None) -> _Sums:
        key = entry.at.replace(second=0, microsecond=0), entry.target, entry.address, entry.what, refused
        sums = self._lines.get(key)
        if sums is None:
            sums = self._lines[key] = _Sums()
            if len(self._lines) > self._most:
                del self._lines[next(iter(self._lines))]
                self.lost += 1
        return sums

    def _port(self, sums: _Sums, port: int) -> None:
        if port and len(sums.ports) < PORTS:
            sums.ports.add(port)


def spans(ports: Iterable[int]) -> str:
    """Write *ports* like "22, 80-82"."""
    ordered = sorted(set(ports))
    firsts = ordered[:1] + [port for before, port in pairwise(ordered) if port != before + 1]
    lasts = [before for before, port in pairwise(ordered) if port != before + 1] + ordered[-1:]
    return ", ".join(
        str(first) if first == last else f"{first}-{last}" for first, last in zip(firsts, lasts, strict=True)
    )


def unspan(text: str) -> Iterator[int]:
    """Read what `spans` wrote."""
    for span in filter(None, text.split(", ")):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)
