"""What really leaves a vantage of the city: `python -m tests.lab_tests.capture` until its input ends.

Prints "ready" when it listens, and at the end one line of JSON: by address, the SYNs, datagrams, echo requests and
parts of these that left, and the octets they and TCP connections carried, those sent again left out. Pings are echo
requests of one size. What the SYN engine sends is counted apart.
"""

from __future__ import annotations

import json
import select
import socket
import sys
from collections import defaultdict
from ipaddress import ip_address

OUTGOING, IPV4, IPV6 = 4, 0x0800, 0x86DD
EVERYTHING = 3
SYN, ACK = 0x02, 0x10
SCANNING = range(61000, 65536)
"""Source ports of the SYN engine."""
ECHO = {1: 8, 58: 128}
PING = 24
"""Octets of a ping of ours, from its ICMP header on; soundings are longer."""
OPTIONS, FRAGMENT = (0, 60), 44
FORCED_BUFFER = 33
BUFFER = 64 * 1024 * 1024


class Counts:
    """What has left, by address."""

    def __init__(self) -> None:
        nothing = {"packets": 0, "octets": 0, "echoes": 0, "scanned": 0}
        self.by_address: defaultdict[str, dict[str, int]] = defaultdict(nothing.copy)
        self._carried: set[tuple[str, bytes]] = set()

    def add(self, packet: bytes, kind: int) -> None:
        """Count one packet of Ethernet's *kind*."""
        if kind == IPV4:
            begin, protocol, there = (packet[0] & 15) * 4, packet[9], str(ip_address(packet[16:20]))
            body = packet[begin : int.from_bytes(packet[2:4])]
            if int.from_bytes(packet[6:8]) & 0x1FFF:
                self.by_address[there]["packets"] += 1
                return
        else:
            protocol, there = packet[6], str(ip_address(packet[24:40]))
            body = packet[40 : 40 + int.from_bytes(packet[4:6])]
            if protocol in (*OPTIONS, FRAGMENT):
                # Listening for multicast is told of behind such a header too.
                self.by_address[there]["packets"] += not there.startswith("ff")
                return
        counts = self.by_address
        if protocol == socket.IPPROTO_UDP:
            counts[there]["packets"] += 1
            counts[there]["octets"] += len(body) - 8
        elif protocol == socket.IPPROTO_TCP:
            begins = body[13] & (SYN | ACK) == SYN
            counts[there]["scanned" if int.from_bytes(body[:2]) in SCANNING else "packets"] += begins
            counts[there]["octets"] += self._fresh(there, body)
        elif protocol in ECHO and body[0] == ECHO[protocol]:
            counts[there]["packets"] += 1
            counts[there]["echoes"] += len(body) == PING

    def _fresh(self, there: str, segment: bytes) -> int:
        """Return the octets a TCP segment carries for the first time: ports and sequence number tell."""
        octets = len(segment) - (segment[12] >> 4) * 4
        place = there, segment[:8]
        if not octets or place in self._carried:
            return 0
        self._carried.add(place)
        return octets


def main() -> None:
    """Count what leaves."""
    counts = Counts()
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(EVERYTHING)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, FORCED_BUFFER, BUFFER)
        listener.setblocking(False)
        print("ready", flush=True)
        ended = False
        while not ended:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            ended = sys.stdin in ready
            _drain(listener, counts)
    print(json.dumps({there: counted for there, counted in counts.by_address.items() if any(counted.values())}))


def _drain(listener: socket.socket, counts: Counts) -> None:
    while True:
        try:
            packet, (interface, kind, way, *_) = listener.recvfrom(65536)
        except BlockingIOError:
            return
        if way == OUTGOING and interface != "lo" and kind in (IPV4, IPV6):
            counts.add(packet, kind)


if __name__ == "__main__":
    main()
