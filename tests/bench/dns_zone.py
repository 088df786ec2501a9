"""A made-up zone of a city's names, its truth, and an NSD on loopback that serves it."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from itertools import pairwise
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from probes.wire import Presence

ZONE, OTHER = "bench.test", "other.test"
KINDS = ("A", "AAAA")
SINGLE, ALIASES, ELSEWHERE, NODATA = 58, 89, 94, 97
"""Of a hundred names, where those with both families begin, the aliases, those to the other zone, the empty ones."""
SERVER = ip_address("127.0.0.1")

CROWDED = 25
"""Names with more addresses than a datagram holds."""

Addresses = tuple[frozenset[str], frozenset[str]]
"""Those over IPv4, and those over IPv6."""
Truth = dict[str, tuple[Presence, frozenset[str], frozenset[str]]]
"""By name: what is there at all, and its addresses of either family."""


def zone(count: int) -> tuple[Truth, list[str], list[str]]:
    """Make a city's names: most with A only, a third dual, some aliases in and out of the zone, and odd ones.

    Returns what is true of each, and the records of both zones.
    """
    truth: Truth = {}
    lines: dict[str, list[str]] = {ZONE: [], OTHER: []}
    for number in range(count):
        name, part = f"h{number:05d}.{ZONE}", number % 100
        addresses = _addresses(number, crowded=number % (count // CROWDED) == 7)
        links = list(_links(name, number))
        lines[ZONE] += [f"{alias}. CNAME {target}." for alias, target in pairwise([name, *links])]
        last = links[-1] if links else name
        records = [f"{last}. {kind} {each}" for kind, mine in zip(KINDS, addresses, strict=True) for each in mine]
        lines[OTHER if last.endswith(OTHER) else ZONE] += records
        if part == NODATA:
            lines[ZONE].append(f'{name}. TXT "there is a name, and no address"')
        truth[name] = (_presence(addresses, part), *addresses)
    return truth, lines[ZONE], lines[OTHER]


def _addresses(number: int, *, crowded: bool) -> Addresses:
    part = number % 100
    if crowded:
        fours = (f"198.19.{number & 255}.{each}" for each in range(90))
        return frozenset(fours), frozenset(f"2001:db8:1::{number & 0xFFFF:x}:{each:x}" for each in range(60))
    four, six = f"198.18.{number >> 8 & 255}.{number & 255}", f"2001:db8::{number:x}"
    return frozenset({four} if part < NODATA else ()), frozenset({six} if SINGLE <= part < NODATA else ())


def _links(name: str, number: int) -> Iterator[str]:
    """Yield what a name is an alias of, one after the other."""
    part = number % 100
    if ALIASES <= part < ELSEWHERE:
        yield from (f"c{step}.{name}" for step in range(part - ALIASES + 1))
    elif ELSEWHERE <= part < NODATA:
        yield f"h{number}.{OTHER}"


def _presence(addresses: Addresses, part: int) -> Presence:
    if any(addresses):
        return Presence.PRESENT
    return Presence.NODATA if part == NODATA else Presence.NXDOMAIN


@contextmanager
def nsd(home: Path, lines: list[str], others: list[str]) -> Iterator[int]:
    """Serve the zones from *home* on loopback; yield the port."""
    port = _free_port()
    for apex, records in ((ZONE, lines), (OTHER, others)):
        soa = f"$ORIGIN {apex}.\n$TTL 300\n@ SOA ns1 hostmaster 1 3600 900 86400 60\n@ NS ns1\nns1 A 127.0.0.1\n"
        (home / f"{apex}.zone").write_text(soa + "\n".join(records) + "\n")
    zones = "".join(f'zone:\n name: "{apex}"\n zonefile: "{apex}.zone"\n' for apex in (ZONE, OTHER))
    (home / "nsd.conf").write_text(
        f'server:\n ip-address: {SERVER}\n port: {port}\n zonesdir: "{home}"\n username: ""\n pidfile: ""\n'
        f' database: ""\n xfrdfile: "{home}/xfrd"\n zonelistfile: "{home}/list"\n logfile: "{home}/log"\n'
        f" server-count: 1\n rrl-ratelimit: 0\n minimal-responses: yes\n"
        f"remote-control:\n control-enable: no\n{zones}"
    )
    server = subprocess.Popen([shutil.which("nsd") or "/usr/sbin/nsd", "-d", "-c", str(home / "nsd.conf")])
    try:
        _await_answer(port, server)
        yield port
    finally:
        server.terminate()
        server.wait()


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((str(SERVER), 0))
        return int(sock.getsockname()[1])


def _await_answer(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(100):
        if server.poll() is not None:
            raise SystemExit("nsd did not start")
        try:
            dns.query.udp(dns.message.make_query(ZONE, "SOA"), str(SERVER), timeout=0.2, port=port)
        except (dns.exception.Timeout, OSError):
            time.sleep(0.05)
        else:
            return
    raise SystemExit("nsd does not answer")
