"""Looking for open ports: the SYN engine beside masscan, zmap and nmap, each against the same hosts in the same run."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from probes.target import Address, Family
from probes.wire import PortState
from probes.wire.gathering import Swept
from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.scan_engine import AT_MOST, Engine, engine
from tests.bench.scan_peers import Scan, masscan, nmap, zmap
from tests.probes.syn_bed import BASES, OPEN, Bed, bed, truth

TITLE = Text("端口扫描：SYN 引擎与 masscan、zmap、nmap", "Port scans: the SYN engine beside masscan, zmap and nmap")
LIMIT = 900.0
HOSTS, PORTS = range(1000), range(1, 1001)
MANY, FEW_PORTS = 65_536, (22, 80, 81, 443, 445)
TOWN, TOWN_PORTS, DARK = 2000, range(1, 1001), 0.3
"""Hosts of both families, their ports, and the share of them that is silent."""
NMAP_TOWN = int(os.environ.get("NMAP_HOSTS", "200"))
"""How many hosts nmap is given, with the same share of silent ones: with all 2,000 it would take most of the time."""
PLANNED, PLANNED_PORTS = {Family.IPV4: 32 * AT_MOST, Family.IPV6: 64 * AT_MOST}, range(1, 1025)
PLANNED_RATE, PLANNED_FOR = 200.0, 15.0
RATES = (1_000, 10_000, 50_000, 100_000)
RATE_PORTS = range(2000, 3000)
"""Ports nothing listens on: every SYN that arrives is one of the scan's."""
WIDE = "198.19.0.0/16"
TOWNS = {Family.IPV4: IPv4Address("198.19.0.0"), Family.IPV6: BASES[Family.IPV6]}
SCOPE = ("198.18.80.0/22", WIDE, "2001:db8:80::/112")
WORDS = {Family.IPV4: "IPv4", Family.IPV6: "IPv6"}
TWO_CORES = Text(
    "被扫描的主机与扫描者共用两个核，机器当时还有别的重负载；我方另有 3 × 1.3 秒的等待，masscan 只等 1 秒",
    "the hosts share two cores with the scanner, and the machine had much other work; we wait three "
    "times 1.3 s, masscan for one second",
)
ONCE = Text(
    "每台主机都要查路由、记状态，沉默的端口至少问三遍；zmap 只问一遍，也不证实沉默",
    "each host costs a look at its route and a state of its own, and silence is asked for three times; zmap asks once "
    "and proves no silence",
)
WAITS = Text(
    "小规模时 3 × 1.3 秒的等待占大头；沉默须多次询问后才算数",
    "with few hosts the three waits of 1.3 s weigh most: silence counts only when it was asked again",
)
TIMER = Text(
    "一个包连同对方的应答约需 9 微秒处理器时间，两核还有别的负载",
    "a packet and its answer take about 9 µs of processor time, and the two cores had other work",
)


def run(folder: Path) -> Iterator[Figure]:
    """Bring the hosts up, and have everyone scan them."""

    async def all_of_them() -> list[Figure]:
        with bed() as hosts:
            hosts.theirs.run(f"ip route add local {WIDE} dev lo")
            hosts.ours.run(f"ip route add {WIDE} via 198.18.79.1")
            async with engine(hosts, folder, *SCOPE) as ours:
                parts = [part(hosts, ours) for part in (_masscan, _zmap, _nmap, _loss, _rates)]
                figures = [each for part in parts async for each in part]
            async with engine(hosts, folder, *SCOPE) as planning:
                return [*figures, await _planned(planning)]

    yield from asyncio.run(all_of_them())


async def _masscan(hosts: Bed, ours: Engine) -> AsyncIterator[Figure]:
    for family in Family:
        asked = _hosts(family, HOSTS)
        scan, swept = await ours.scan(list(asked), PORTS)
        key, word = f"thousand.{family}", f"1,000 × 1,000 {WORDS[family]}"
        answering = sum(truth(index, port) is not PortState.FILTERED for index in HOSTS for port in PORTS)
        yield figure(f"{key}.wall", f"{word}：用时", f"{word}: time", scan.wall, "s")
        yield figure(f"{key}.rate", f"{word}：包", f"{word}: packets", scan.packets / scan.wall, "/s")
        yield figure(
            f"{key}.wrong", f"{word}：不符", f"{word}: ports not as they are", _wrong(swept, asked, PORTS), "", 0
        )
        if (peer := await _beside(masscan, hosts, list(asked), PORTS, 1e6)) is None:
            continue
        truly = {(str(BASES[family] + index), port) for index in HOSTS for port in OPEN}
        truly = {each for each in truly if each in scan.found}
        recall = len(peer.found & truly) / len(truly)
        yield figure(f"{key}.masscan.recall", f"{word}：masscan 找到的开放端口", f"{word}: masscan's recall", recall)
        for what, zh, en, own, other in (
            ("wall", "用时", "time", scan.wall, peer.wall),
            ("cpu", "处理器时间", "CPU", scan.cpu, peer.cpu),
        ):
            ratio = (own / answering) / (other / (answering * recall))
            zh, en = (
                f"{word}：每个有应答的探测的{zh}与 masscan 之比",
                f"{word}: {en} per answered probe, ratio to masscan",
            )
            yield figure(f"{key}.masscan.{what}", zh, en, ratio, "×", 1 / 1.5, TWO_CORES)
    zh, en = "发包进程内存峰值（每次一百万个探测）", "peak memory of the packet process, a million probes at a time"
    yield figure("memory", zh, en, ours.peak_mb, "MB", 200)


async def _zmap(hosts: Bed, ours: Engine) -> AsyncIterator[Figure]:
    wide = [TOWNS[Family.IPV4] + index for index in range(MANY)]
    scan, _ = await ours.scan(wide, FEW_PORTS)
    word = "65,536 × 5 IPv4"
    yield figure("wide.wall", f"{word}：用时", f"{word}: time", scan.wall, "s")
    true = sum(truth(index, port) is PortState.OPEN for index in range(MANY) for port in FEW_PORTS)
    yield figure("wide.missed", f"{word}：漏掉的开放端口", f"{word}: open ports missed", true - len(scan.found), "", 0)
    if (peer := await _beside(zmap, hosts, WIDE, FEW_PORTS, 100_000)) is None:
        return
    recall = len(peer.found & scan.found) / len(scan.found)
    yield figure("wide.zmap.recall", f"{word}：zmap 找到的开放端口", f"{word}: zmap's recall", recall)
    for what, zh, en, own, other in (
        ("wall", "用时", "time", scan.wall, peer.wall),
        ("cpu", "处理器时间", "CPU", scan.cpu, peer.cpu),
    ):
        zh, en = f"{word}：{zh}与 zmap 之比", f"{word}: {en}, ratio to zmap"
        yield figure(f"wide.zmap.{what}", zh, en, own / other * recall, "×", 1 / 1.5, ONCE)


async def _nmap(hosts: Bed, ours: Engine) -> AsyncIterator[Figure]:
    """A town whole by us; and by both of us as many of its hosts as nmap is given."""
    for key, count in (("town", TOWN), ("inventory", NMAP_TOWN)):
        places, own, wrong = _town(count), 0.0, 0
        for family in Family:
            asked = _hosts(family, places, TOWNS)
            scan, swept = await ours.scan(list(asked), TOWN_PORTS)
            own, wrong = own + scan.wall, wrong + _wrong(swept, asked, TOWN_PORTS)
        word = f"{count:,} × 1,000 IPv4 + IPv6"
        zh, en = f"{word}，三成沉默：用时", f"{word}, 30 % silent: time"
        yield figure(f"{key}.wall", zh, en, own, "s")
        yield figure(f"{key}.wrong", f"{word}：不符", f"{word}: wrong", wrong, "", 0)
    peers = [await _beside(nmap, hosts, list(_hosts(family, places, TOWNS)), TOWN_PORTS) for family in Family]
    if all(peers):
        other = sum(peer.wall for peer in peers if peer is not None)
        zh, en = f"{word}：用时与 nmap -sS -T5 之比", f"{word}: time, ratio to nmap -sS -T5"
        yield figure("inventory.nmap.wall", zh, en, own / other, "×", 1 / 15, WAITS)


async def _loss(hosts: Bed, ours: Engine) -> AsyncIterator[Figure]:
    for family in Family:
        with hosts.losing(10):
            asked = _hosts(family, range(100))
            _, swept = await ours.scan(list(asked), PORTS, 50_000)
        answering = sum(truth(index, port) is not PortState.FILTERED for index in range(100) for port in PORTS)
        missed, word = _wrong(swept, asked, PORTS) / answering, WORDS[family]
        zh, en = f"每个方向丢包一成 {word}：漏掉", f"a tenth lost each way, {word}: missed"
        yield figure(f"loss.{family}", zh, en, missed * 1000, "‰", 1.0)


async def _rates(hosts: Bed, ours: Engine) -> AsyncIterator[Figure]:
    """The rate is what arrives, between two moments a good way into the scan."""
    for rate in RATES:
        ports = RATE_PORTS[: max(8, rate * 5 // len(HOSTS))]
        asked = _hosts(Family.IPV4, HOSTS)
        scanning = asyncio.create_task(ours.scan(list(asked), ports, rate))
        await asyncio.sleep(1.0)
        first, began = hosts.counted("arrived"), time.perf_counter()
        await asyncio.sleep(2.5)
        arrived, seconds = hosts.counted("arrived") - first, time.perf_counter() - began
        _, swept = await scanning
        word = f"{rate:,}"
        wrong = _wrong(swept, asked, ports)
        yield figure(f"rate.{rate}.wrong", f"每秒 {word} 包：不符", f"{word} packets a second: wrong", wrong, "", 0)
        off = abs(arrived / seconds / rate - 1) * 100
        yield figure(
            f"rate.{rate}",
            f"要求每秒 {rate:,} 包：偏差",
            f"{rate:,} packets a second asked: off by",
            off,
            "%",
            2,
            TIMER,
        )


def _hosts(family: Family, places: Iterable[int], bases: Mapping[Family, Address] = BASES) -> dict[Address, int]:
    """Return the addresses of hosts, and the place of each."""
    return {bases[family] + place: place for place in places}


async def _planned(ours: Engine) -> Figure:
    """What a hundred million probes take while they are under way or wait for their turn: all asked for at once."""
    parts = [
        _hosts(family, range(at, at + AT_MOST), TOWNS) for family, n in PLANNED.items() for at in range(0, n, AT_MOST)
    ]
    asking = [asyncio.create_task(ours.scan(list(part), PLANNED_PORTS, PLANNED_RATE)) for part in parts]
    await asyncio.sleep(PLANNED_FOR)
    for each in asking:
        each.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    zh, en = (
        "计划一亿个探测，头 15 秒：发包进程内存峰值",
        "100 M probes planned, the first 15 s: peak memory of the packet process",
    )
    return figure("planned", zh, en, ours.peak_mb, "MB", 200)


def _town(count: int) -> list[int]:
    """Return the places of so many hosts, of which a share is silent."""
    silent = [place for place in range(0x10000) if truth(place, 80) is PortState.FILTERED][: int(count * DARK)]
    others = [place for place in range(0x10000) if truth(place, 80) is not PortState.FILTERED][: count - len(silent)]
    return sorted(silent + others)


def _wrong(swept: Swept, truly: Mapping[Address, int], ports: Sequence[int]) -> int:
    """Return how many ports are said to be what they are not, or not told; *truly* has the place of each address."""
    return sum(
        len(ports) - sum(look.state is truth(place, look.port) for look in swept.looks.get(address, ()))
        for address, place in truly.items()
    )


async def _beside(scanner: Callable[..., Scan], *asked: object) -> Scan | None:
    """Run a peer while we are still; None where it is not installed."""
    if shutil.which(scanner.__name__) is None:
        print(f"{scanner.__name__} is not here: apt-get install {scanner.__name__}", file=sys.stderr)
        return None
    return await asyncio.to_thread(scanner, *asked)
