"""SYN packets by the batch: a template for each host, and only what differs between its packets written anew."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from probes.target import Address, Family

Rows = NDArray[Any]
"""An array of records: packets, or socket addresses."""
Octets = NDArray[np.uint8]

_TCP: list[tuple[str, str]] = [
    ("source_port", ">u2"), ("port", ">u2"), ("sequence", ">u4"), ("acknowledged", ">u4"), ("offset", "u1"),
    ("flags", "u1"), ("window", ">u2"), ("checksum", ">u2"), ("urgent", ">u2"), ("option", ">u2"), ("mss", ">u2"),
]  # fmt: skip
_IPV4 = [
    ("version", "u1"), ("service", "u1"), ("length", ">u2"), ("identification", ">u2"), ("fragment", ">u2"),
    ("hops", "u1"), ("protocol", "u1"), ("header_checksum", ">u2"), ("source", "u1", 4), ("destination", "u1", 4),
]  # fmt: skip
_IPV6 = [
    ("version", ">u4"), ("length", ">u2"), ("protocol", "u1"), ("hops", "u1"), ("source", "u1", 16),
    ("destination", "u1", 16),
]  # fmt: skip
FRAME = {Family.IPV4: np.dtype([*_IPV4, *_TCP]), Family.IPV6: np.dtype([*_IPV6, *_TCP])}
"""A SYN with one option, the maximum segment size, from the IP header on."""
NAME = {
    Family.IPV4: np.dtype([("family", "u2"), ("port", ">u2"), ("address", "u1", 4), ("zero", "u1", 8)]),
    Family.IPV6: np.dtype(
        [("family", "u2"), ("port", ">u2"), ("flow", ">u4"), ("address", "u1", 16), ("zone", "u4")], align=True
    ),
}
"""struct sockaddr_in and sockaddr_in6."""
_SEGMENT = 24
_SYN = 0x02
_MSS = {Family.IPV4: 1460, Family.IPV6: 1440}


class Templates:
    """What is the same in every packet to a host; *sources* are our own addresses towards *hosts*, one for each."""

    def __init__(self, family: Family, hosts: Sequence[Address], sources: Sequence[Address]) -> None:
        self.frames = np.zeros(len(hosts), FRAME[family])
        self.names = np.zeros(len(hosts), NAME[family])
        self.frames["destination"] = self.names["address"] = octets(hosts)
        self.frames["source"] = octets(sources)
        self.names["family"] = family.socket_family
        self.frames["hops"], self.frames["protocol"] = 64, socket.IPPROTO_TCP
        if family is Family.IPV4:
            # The kernel writes identification and header checksum itself.
            self.frames["version"], self.frames["fragment"] = 0x45, 0x4000
            self.frames["length"] = FRAME[family].itemsize
        else:
            self.frames["version"], self.frames["length"] = 0x60000000, _SEGMENT
        self.frames["offset"], self.frames["flags"], self.frames["window"] = _SEGMENT // 4 << 4, _SYN, 64240
        self.frames["option"], self.frames["mss"] = 0x0204, _MSS[family]
        self._sums = self._partial_sums()

    def write(self, frames: Rows, hosts: NDArray[np.int64], source_port: int, ports: Rows, sequences: Rows) -> None:
        """Fill *frames* with one packet to each of *hosts*."""
        frames[:] = self.frames[hosts]
        frames["source_port"], frames["port"], frames["sequence"] = source_port, ports, sequences
        total = self._sums[hosts] + ports + source_port + (sequences >> 16) + (sequences & 0xFFFF)
        frames["checksum"] = ~_folded(total) & 0xFFFF

    def _partial_sums(self) -> NDArray[np.int64]:
        """Return the sums over pseudo header and constant words.

        Source: RFC 9293 3.1, RFC 8200 8.1.
        """
        whole = self.frames.view(np.uint8).reshape(len(self.frames), -1)
        words = np.concatenate(
            [whole[:, -_SEGMENT:], self.frames["source"], self.frames["destination"]], axis=1, dtype=np.uint8
        )
        sums: NDArray[np.int64] = words.view(">u2").sum(axis=1, dtype=np.int64) + socket.IPPROTO_TCP + _SEGMENT
        return sums


def octets(addresses: Sequence[Address]) -> Octets:
    """Return *addresses*, all of one family, as rows of octets."""
    return np.frombuffer(b"".join(address.packed for address in addresses), np.uint8).reshape(len(addresses), -1)


def _folded(total: NDArray[np.int64]) -> NDArray[np.int64]:
    for _ in range(2):
        total = (total >> 16) + (total & 0xFFFF)
    return total
