"""Reading what a scan has drawn: TCP answers by the batch, and the ICMP errors that quote a SYN of ours."""

from __future__ import annotations

import socket
import struct
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from probes.observation import Failure
from probes.target import Address, Family
from probes.wire.packets.icmp import read_quote
from probes.wire.packets.syn.frames import Octets

LONGEST = {Family.IPV4: 80, Family.IPV6: 60}
"""Octets looked at of an answer: IP header, with options in IPv4, and TCP header without."""

_RST, _SYN, _ACK = 0x04, 0x02, 0x10
_PORTS = struct.Struct("!HHI")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Columns of one batch: who answered from which port, to which of ours, and acknowledging what."""

    hosts: Octets
    ports: NDArray[np.int64]
    own_ports: NDArray[np.int64]
    acknowledged: NDArray[np.int64]
    opens: NDArray[np.bool_]
    at: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.ports)

    def later(self, seconds: float) -> Answers:
        """Return the same by a clock that is ahead by *seconds*."""
        return replace(self, at=self.at + seconds)

    def where(self, mask: NDArray[np.bool_]) -> Answers:
        """Return the rows of *mask* alone."""
        return Answers(
            self.hosts[mask],
            self.ports[mask],
            self.own_ports[mask],
            self.acknowledged[mask],
            self.opens[mask],
            self.at[mask],
        )


@dataclass(frozen=True, slots=True)
class Unreachable:
    """A router or host says why the SYN with *sequence* did not arrive."""

    host: Address
    port: int
    own_port: int
    sequence: int
    failure: Failure


def read(family: Family, packets: Octets, lengths: NDArray[np.int64], at: NDArray[np.float64]) -> Answers:
    """Return the answers among *packets*, rows that begin with the IP header and are padded; the rest is dropped.

    Checksums are not looked at: a network card or a virtual link may leave them to be filled in later.
    """
    if family is Family.IPV4:
        begin, hosts, protocol = (packets[:, 0].astype(np.int64) & 0x0F) * 4, packets[:, 12:16], packets[:, 9]
    else:
        begin, hosts, protocol = np.full(len(packets), 40), packets[:, 8:24], packets[:, 6]
    whole = (begin >= (20 if family is Family.IPV4 else 40)) & (lengths >= begin + 20)
    packets, begin, hosts, at = packets[whole], begin[whole], hosts[whole], at[whole]
    segments = np.take_along_axis(packets, begin[:, None] + np.arange(20), axis=1).astype(np.int64)
    flags = segments[:, 13]
    opens = flags & (_SYN | _ACK | _RST) == _SYN | _ACK
    closed = flags & (_SYN | _ACK | _RST) == _ACK | _RST
    return Answers(
        hosts,
        segments[:, 0] << 8 | segments[:, 1],
        segments[:, 2] << 8 | segments[:, 3],
        segments[:, 8] << 24 | segments[:, 9] << 16 | segments[:, 10] << 8 | segments[:, 11],
        opens,
        at,
    ).where((opens | closed) & (protocol[whole] == socket.IPPROTO_TCP))


def read_error(source: Address, packet: bytes) -> Unreachable | None:
    """Read *packet* as a raw ICMP socket of the family of *source* hands it over; None for all that is not for us."""
    told = read_quote(source, packet, socket.IPPROTO_TCP)
    if told is None or len(told.body) < _PORTS.size:
        return None
    own_port, port, sequence = _PORTS.unpack_from(told.body)
    return Unreachable(told.address, port, own_port, sequence, told.failure)


def as_answers(error: Unreachable, at: float) -> Answers:
    """Return *error* as a batch of one, to be matched like any answer."""
    return Answers(
        np.frombuffer(error.host.packed, np.uint8).reshape(1, -1),
        np.array([error.port]),
        np.array([error.own_port]),
        np.array([(error.sequence + 1) & 0xFFFFFFFF]),
        np.zeros(1, np.bool_),
        np.array([at]),
    )
