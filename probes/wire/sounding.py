"""What can be asked of a path with one crafted packet, and what can come of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probes.observation import Failure
from probes.target import Address, Family

LEAST = {Family.IPV4: 576, Family.IPV6: 1280}
"""Octets of a packet that every path of a family must carry, whole or in pieces. Source: RFC 791 3.1; RFC 8200 5."""
_HEADERS = {Family.IPV4: 28, Family.IPV6: 48}
"""Octets of the IP and UDP headers."""
USUAL = 1500
"""Octets of a packet that an Ethernet carries."""


class Carrier(StrEnum):
    """What a sounding is: an echo request, or a UDP datagram to a port on which nobody is expected."""

    ECHO = "echo"
    DATAGRAM = "datagram"


class Dressing(StrEnum):
    """How a sounding is wrapped: not at all, in two fragments, or behind an IPv6 header that asks for nothing."""

    PLAIN = "plain"
    FRAGMENTED = "fragmented"
    DESTINATION_OPTIONS = "destination_options"
    HOP_BY_HOP_OPTIONS = "hop_by_hop_options"


@dataclass(frozen=True, slots=True)
class Sounding:
    """One packet of *size* octets, IP header included, that no router may cut up.

    *flow* is the same for packets that routers should send the same way: identifier and checksum then are as well.
    """

    size: int = 80
    carrier: Carrier = Carrier.ECHO
    dressing: Dressing = Dressing.PLAIN
    hop_limit: int = 64
    flow: int = 0
    timeout: float = 1.0

    @property
    def packets(self) -> int:
        """How many packets it takes."""
        return 2 if self.dressing is Dressing.FRAGMENTED else 1

    def octets(self, family: Family) -> int:
        """Return how many octets it carries above UDP; none above ICMP."""
        return self.size - _HEADERS[family] if self.carrier is Carrier.DATAGRAM else 0


class Word(StrEnum):
    """What comes of a sounding.

    ANSWERED: the host itself replied. TOO_BIG: somebody on the way says so. EXPIRED: its hop limit ended on the way.
    UNREACHABLE: somebody says that it cannot go on. REFUSED: somebody does not understand its headers.
    """

    ANSWERED = "answered"
    TOO_BIG = "too_big"
    EXPIRED = "expired"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Sounded:
    """The first genuine *word* about a sounding and who said it, after how many *seconds*.

    *source* is None for silence, and where our own link already is too narrow. *mtu* comes with TOO_BIG, 0 when the
    one who says so does not tell; *failure* with UNREACHABLE.
    """

    word: Word
    source: Address | None = None
    seconds: float = 0.0
    mtu: int = 0
    failure: Failure | None = None


def flow_to(address: Address) -> int:
    """Return the flow of soundings to *address*: always the same, so that what changes is the way and not our share."""
    return int(address) % 0xFFF1
