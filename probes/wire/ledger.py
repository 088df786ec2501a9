"""What was sent to whom and when, for anyone who asks afterwards."""

from __future__ import annotations

import datetime as dt
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from probes.target import Address


class What(StrEnum):
    """The class of what is sent."""

    DNS = "dns"
    TCP_CONNECT = "tcp_connect"
    SYN = "syn"
    HTTP = "http"
    TLS = "tls"
    ECHO = "echo"
    SOUNDING = "sounding"


@dataclass(frozen=True, slots=True)
class Entry:
    """One exchange that was let out; *port* is 0 for ICMP, *packets* what it counts as in the pace."""

    what: What
    address: Address
    port: int
    target: str
    at: dt.datetime
    packets: int = 1


class Ledger:
    """A bounded log, oldest entries dropped first, and counts that are never dropped."""

    def __init__(self, size: int = 50_000) -> None:
        self._entries: deque[Entry] = deque(maxlen=size)
        self._sent: Counter[What] = Counter()

    def note(self, entry: Entry) -> None:
        """Write one entry down."""
        self._entries.append(entry)
        self._sent[entry.what] += entry.packets

    def resent(self, what: What, packets: int) -> None:
        """Count packets that the kernel sent again by itself."""
        self._sent[what] += packets

    @property
    def counts(self) -> Mapping[What, int]:
        """How many packets or connections of each class since the start; classes never sent are absent."""
        return dict(self._sent)

    def __iter__(self) -> Iterator[Entry]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
