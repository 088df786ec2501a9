"""Bulk DNS against dnsperf, massdns and dnspython, at one NSD in one run: `python -m tests.bench.dns [NAMES] [TIMES]`.

Asks for the A and AAAA of every name of a made-up zone, compares every answer with that zone, and prints seconds of
wall clock and CPU; then the same as JSON. Needs Debian's nsd and dnsperf; massdns is taken from PATH or $MASSDNS, and
left out with a word where there is none. dnspython is asked for the first names only, being slow.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from ipaddress import ip_address
from math import inf
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from probes.target import Family
from probes.wire import Presence, Surroundings
from probes.wire.account import Account
from probes.wire.dns import Asker
from probes.wire.dns_bulk import Manner, ask
from probes.wire.dns_columns import Names
from probes.wire.foresight import Foresight
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.resolve import Resolver
from probes.wire.scope import Limits, Scope

ZONE, OTHER = "bench.test", "other.test"
SERVER = ip_address("127.0.0.1")
FEW = 1000
"""Names dnspython is asked for."""
LIMITS = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=8192, per_host_concurrent=8192)

Truth = dict[str, tuple[Presence, frozenset[str], frozenset[str]]]
"""By name: what is there at all, and its addresses of either family."""


@dataclass(frozen=True)
class Measure:
    """One client's run; *wrong* is None where its answers are not compared. Seconds."""

    client: str
    queries: int
    wall: float
    cpu: float
    wrong: int | None

    @property
    def per_query(self) -> float:
        """CPU microseconds for one query."""
        return 1e6 * self.cpu / self.queries


def zone(count: int) -> tuple[Truth, list[str], list[str]]:
    """Make a city's names: most with A only, a third dual, some aliases in and out of the zone, and odd ones."""
    lines, others, truth = [], [], {}
    for number in range(count):
        name, part = f"h{number:05d}.{ZONE}", number % 100
        four, six = f"198.18.{number >> 8 & 255}.{number & 255}", f"2001:db8::{number:x}"
        if number % (count // 25) == 7:
            fours = [f"198.19.{number & 255}.{each}" for each in range(90)]
            sixes = [f"2001:db8:1::{number & 0xFFFF:x}:{each:x}" for each in range(60)]
            addresses = frozenset(fours), frozenset(sixes)
        elif part < 58:
            addresses = frozenset({four}), frozenset()
        elif part < 97:
            addresses = frozenset({four}), frozenset({six})
        else:
            addresses = frozenset(), frozenset()
        here = name
        if 89 <= part < 94:
            for step in range(part - 88):
                lines.append(f"{here}. CNAME c{step}.{name}.")
                here = f"c{step}.{name}"
        elif 94 <= part < 97:
            lines.append(f"{here}. CNAME h{number}.{OTHER}.")
            here = f"h{number}.{OTHER}"
        where = others if here.endswith(OTHER) else lines
        where += [f"{here}. A {each}" for each in addresses[0]] + [f"{here}. AAAA {each}" for each in addresses[1]]
        if part == 97:
            lines.append(f'{name}. TXT "there is a name, and no address"')
        truth[name] = (_presence(addresses, part), *addresses)
    return truth, lines, others


def _presence(addresses: tuple[frozenset[str], frozenset[str]], part: int) -> Presence:
    if any(addresses):
        return Presence.PRESENT
    return Presence.NODATA if part == 97 else Presence.NXDOMAIN


@contextmanager
def nsd(lines: list[str], others: list[str]) -> Iterator[int]:
    """Serve the zones on loopback; yield the port."""
    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="bench-dns-") as folder:
        home = Path(folder)
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


def _own(port: int) -> tuple[Guard, Resolver]:
    own = Surroundings(resolvers=(SERVER,), resolver_port=port, control_name=ZONE)
    return Guard(Scope(), LIMITS, own), Resolver(own)


def engine(truth: Truth, port: int) -> Measure:
    """Measure the engine: names in, columns out; answers left to others are got by `product`, and not counted here."""
    guard, _ = _own(port)
    account = Account("bench")
    began, cpu = time.perf_counter(), time.process_time()
    names = Names.of(list(truth))
    run = ask(SERVER, port, names, lambda n: guard.admit(SERVER, port, What.DNS, account, packets=n), Manner())
    harvest = asyncio.run(run)
    settled = int((harvest.presence > 0).sum())
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    wrong = sum(_differs(truth[names.texts[number]], resolution) for number, resolution in harvest.resolutions())
    return Measure("diaolou engine", settled, wall, cpu, wrong)


def product(truth: Truth, port: int) -> Measure:
    """Measure what a probe gets: resolutions of all names by `Resolver`, the cut and odd ones asked one by one."""
    guard, resolver = _own(port)
    foresight, asker, account = Foresight(guard, resolver), Asker(), Account("bench")

    async def run() -> list[object]:
        await foresight.resolve_all(truth)
        gate = lambda address, at: guard.admit(address, at, What.DNS, account)  # noqa: E731
        return [await resolver.resolve(name, lambda query: asker.ask(query, gate)) for name in truth]

    began, cpu = time.perf_counter(), time.process_time()
    found = asyncio.run(run())
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    wrong = sum(_differs(expected, resolution) for expected, resolution in zip(truth.values(), found, strict=True))
    return Measure("diaolou resolutions", 2 * len(truth), wall, cpu, wrong)


def _differs(expected: tuple[Presence, frozenset[str], frozenset[str]], found) -> bool:
    presence, *addresses = expected
    for family, wanted in zip((Family.IPV4, Family.IPV6), addresses, strict=True):
        told = found[family]
        there = presence if wanted or presence is not Presence.PRESENT else Presence.NODATA
        if told.presence is not there or {str(address) for address in told.addresses} != wanted:
            return True
    return False


def dnspython(truth: Truth, port: int) -> Measure:
    """Measure dnspython asking one after another, and TCP where an answer is cut short."""
    names, wrong = list(truth)[:FEW], 0
    began, cpu = time.perf_counter(), time.process_time()
    for name in names:
        for kind, wanted in zip(("A", "AAAA"), truth[name][1:], strict=True):
            query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
            answer, _ = dns.query.udp_with_fallback(query, str(SERVER), timeout=5, port=port)
            rdtype = dns.rdatatype.from_text(kind)
            wrong += {rdata.address for each in answer.answer if each.rdtype == rdtype for rdata in each} != wanted
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Measure("dnspython", 2 * len(names), wall, cpu, wrong)


def _child(client: str, queries: int, command: list[str]) -> tuple[Measure, str]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measure(client, queries, wall, cpu, None), done.stdout


def dnsperf(truth: Truth, port: int) -> Measure:
    """Measure dnsperf, which looks at rcodes only, and asks nothing again over TCP."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as questions:
        questions.write("".join(f"{name} A\n{name} AAAA\n" for name in truth))
        questions.flush()
        command = ["dnsperf", "-s", str(SERVER), "-p", str(port), "-d", questions.name, "-e", "-n", "1"]
        return _child("dnsperf", 2 * len(truth), command)[0]


def massdns(truth: Truth, port: int) -> Measure | None:
    """Measure massdns writing JSON; it takes one type a run, so there are two."""
    program = os.environ.get("MASSDNS") or shutil.which("massdns")
    if program is None:
        return None
    runs, wrong = [], 0
    with tempfile.TemporaryDirectory(prefix="bench-dns-") as folder:
        resolvers, names = Path(folder) / "resolvers", Path(folder) / "names"
        resolvers.write_text(f"{SERVER}:{port}\n")
        names.write_text("\n".join(truth) + "\n")
        for index, kind in enumerate(("A", "AAAA"), 1):
            fixed = ["-r", str(resolvers), "-t", kind, "-s", "500", "-o", "J", "-q", "--root", "-l", "/dev/null"]
            measure, said = _child("massdns", len(truth), [program, *fixed, str(names)])
            runs.append(measure)
            wrong += _massdns_wrong(truth, index, kind, said)
    return Measure("massdns", 2 * len(truth), sum(run.wall for run in runs), sum(run.cpu for run in runs), wrong)


def _massdns_wrong(truth: Truth, index: int, kind: str, said: str) -> int:
    found: dict[str, set[str]] = {}
    for line in said.splitlines():
        told = json.loads(line)
        records = told.get("data", {}).get("answers", ())
        found[told["name"].rstrip(".")] = {each["data"] for each in records if each["type"] == kind}
    return sum(found.get(name) != set(entry[index]) for name, entry in truth.items())


def main(count: int = 50_000, times: int = 3) -> None:
    """Run everyone in turn, *times* times, and tell the best of each."""
    truth, lines, others = zone(count)
    runs: dict[str, list[Measure]] = {}
    with nsd(lines, others) as port:
        for number in range(times):
            clients = [engine, product, dnsperf, massdns, *([dnspython] if number == 0 else [])]
            for measure in [client(truth, port) for client in clients]:
                if measure is not None:
                    runs.setdefault(measure.client, []).append(measure)
    best = {client: min(measures, key=lambda each: each.per_query) for client, measures in runs.items()}
    for each in best.values():
        rate = each.queries / min(measure.wall for measure in runs[each.client])
        wrong = "not compared" if each.wrong is None else f"{max(m.wrong or 0 for m in runs[each.client])} wrong"
        spent = f"{each.wall:>7.2f} s {rate:>9.0f}/s {each.per_query:>7.1f} µs CPU"
        print(f"{each.client:<20} {each.queries:>7} queries {spent}  {wrong}")
    if "massdns" not in best:
        print("massdns is not here: set MASSDNS to its path", file=sys.stderr)
    print(json.dumps({client: [asdict(measure) for measure in measures] for client, measures in runs.items()}))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
