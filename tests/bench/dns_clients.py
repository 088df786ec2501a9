"""Those that ask for the A and AAAA of many names, each compared with the truth: ours, and the peers."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from math import inf
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype

from probes.target import Family
from probes.wire import Presence, Resolution, Surroundings
from probes.wire.account import Account
from probes.wire.dns import Asker
from probes.wire.dns_bulk import Manner, ask
from probes.wire.dns_columns import Names
from probes.wire.foresight import Foresight
from probes.wire.guard import Guard
from probes.wire.ledger import What
from probes.wire.resolve import Resolver
from probes.wire.scope import Limits, Scope
from tests.bench.dns_zone import KINDS, SERVER, ZONE, Truth

FEW = 1000
"""Names dnspython is asked for."""
LIMITS = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=8192, per_host_concurrent=8192)


@dataclass(frozen=True, slots=True)
class Measure:
    """One client's run; *wrong* is None where its answers are not compared. Seconds."""

    queries: int
    wall: float
    cpu: float
    wrong: int | None

    @property
    def per_query(self) -> float:
        """CPU microseconds for one query."""
        return 1e6 * self.cpu / self.queries


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
    return Measure(settled, wall, cpu, wrong)


def product(truth: Truth, port: int) -> Measure:
    """Measure what a probe gets: resolutions of all names by `Resolver`, the cut and odd ones asked one by one."""
    guard, resolver = _own(port)
    foresight, asker, account = Foresight(guard, resolver), Asker(), Account("bench")

    async def run() -> list[Resolution]:
        await foresight.resolve_all(truth)
        gate = lambda address, at: guard.admit(address, at, What.DNS, account)  # noqa: E731
        return [await resolver.resolve(name, lambda query: asker.ask(query, gate)) for name in truth]

    began, cpu = time.perf_counter(), time.process_time()
    found = asyncio.run(run())
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    wrong = sum(_differs(expected, resolution) for expected, resolution in zip(truth.values(), found, strict=True))
    return Measure(2 * len(truth), wall, cpu, wrong)


def _differs(expected: tuple[Presence, frozenset[str], frozenset[str]], found: Resolution) -> bool:
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
        for kind, wanted in zip(KINDS, truth[name][1:], strict=True):
            query = dns.message.make_query(name, kind, use_edns=0, payload=1232)
            answer, _ = dns.query.udp_with_fallback(query, str(SERVER), timeout=5, port=port)
            rdtype = dns.rdatatype.from_text(kind)
            wrong += {rdata.address for each in answer.answer if each.rdtype == rdtype for rdata in each} != wanted
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    return Measure(2 * len(names), wall, cpu, wrong)


def _child(queries: int, command: list[str]) -> tuple[Measure, str]:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measure(queries, wall, cpu, None), done.stdout


def dnsperf(truth: Truth, port: int) -> Measure:
    """Measure dnsperf, which looks at rcodes only, and asks nothing again over TCP."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as questions:
        questions.write("".join(f"{name} A\n{name} AAAA\n" for name in truth))
        questions.flush()
        command = ["dnsperf", "-s", str(SERVER), "-p", str(port), "-d", questions.name, "-e", "-n", "1"]
        return _child(2 * len(truth), command)[0]


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
        for index, kind in enumerate(KINDS, 1):
            fixed = ["-r", str(resolvers), "-t", kind, "-s", "500", "-o", "J", "-q", "--root", "-l", "/dev/null"]
            measure, said = _child(len(truth), [program, *fixed, str(names)])
            runs.append(measure)
            wrong += _massdns_wrong(truth, index, kind, said)
    return Measure(2 * len(truth), sum(run.wall for run in runs), sum(run.cpu for run in runs), wrong)


def _massdns_wrong(truth: Truth, index: int, kind: str, said: str) -> int:
    found: dict[str, set[str]] = {}
    for line in said.splitlines():
        told = json.loads(line)
        records = told.get("data", {}).get("answers", ())
        found[told["name"].rstrip(".")] = {each["data"] for each in records if each["type"] == kind}
    return sum(found.get(name) != set(entry[index]) for name, entry in truth.items())
