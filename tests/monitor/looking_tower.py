"""A tower over a world in memory: two hosts, whose open ports and whose silence the test decides."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import cast

from monitor import packs
from monitor.settings import Config
from monitor.spool import Spool
from monitor.store import Store
from monitor.tower import SELF, Tower
from probes.framework import refused
from probes.observation import Facts, Failure, Sighting, Subject
from probes.registry import Probe
from probes.target import Address, Family, Target
from probes.tcp_ports import TcpPorts
from probes.vantage_self import Proof, VantageSelf
from probes.wire import NotLooked, Surroundings, Unreached, Wire
from tests.monitor.operator import Desk
from tests.monitor.watching import AT

WWW, EDU = "www.city.example", "www.education.example"
ADDRESSES: dict[str, tuple[Address, ...]] = {
    WWW: (ip_address("192.0.2.10"), ip_address("2001:db8::10")),
    EDU: (ip_address("192.0.2.20"), ip_address("2001:db8::20")),
}
RULE = "no_dangerous_port_open"


@dataclass
class World:
    """What there is to see. *blind* families are cut off at the vantage, and *cut_during* those of the first look;
    *silence* is what every look waits for."""

    open: dict[str, tuple[int, ...]] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    blind: set[Family] = field(default_factory=set)
    looks: Counter[str] = field(default_factory=Counter)
    seconds: int = 0
    proofs: int = 0
    forgotten: int = 0
    started: dt.datetime = AT
    defect: Exception | None = None
    silence: asyncio.Event | None = None
    cut_during: set[Family] = field(default_factory=set)
    surroundings: Surroundings = field(default_factory=lambda: Surroundings((), {}))

    def forget(self) -> None:
        """Count how often what targets share is to be measured again."""
        self.forgotten += 1

    def now(self) -> dt.datetime:
        self.seconds += 1
        return self.started + dt.timedelta(seconds=self.seconds)

    async def connect(self, address: Address, port: int, *, timeout: float = 4.0) -> float:
        if Family.of(address) in self.blind:
            raise Unreached(Failure.NETWORK_UNREACHABLE)
        return 0.01

    async def ourselves(self, target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        """Say which families the vantage has."""
        self.proofs += 1
        for family in Family:
            alive = family not in self.blind
            yield Sighting(Subject(family=family), VantageSelf(alive, Proof.CONTROLS, ("tcp",), (), None))

    async def ports(self, target: Target, wire: Wire) -> AsyncIterator[Sighting]:
        """Say which ports are open."""
        self.looks[target.host] += 1
        if self.defect is not None:
            raise self.defect
        if self.silence is not None:
            await self.silence.wait()
        self.blind |= self.cut_during
        for address in ADDRESSES[target.host]:
            subject = Subject(family=Family.of(address), address=address)
            try:
                if target.host in self.dead:
                    raise Unreached(Failure.CONNECTION_TIMEOUT)
                await wire.connect(address, 80)
            except (Unreached, NotLooked) as refusal:
                yield refused(subject, refusal)
                continue
            yield Sighting(subject, TcpPorts(self.open.get(target.host, (80, 443)), (), (), ()))


def _probe(name: str, run: object, facts: type[Facts], stage: int) -> Probe:
    return Probe(name, run, facts, 3600.0, 5.0, stage, frozenset())  # type: ignore[arg-type]


def raise_tower(
    folder: Path,
    world: World,
    store: Store | None = None,
    spool: Spool | None = None,
    change: Callable[[Config], Config] = lambda config: config,
) -> tuple[Tower, Store, Config]:
    """Return a tower over *world*, with a store in *folder*, by the settings of the desk as *change* leaves them."""
    config = change(Desk(folder / "config").load())
    opened = store or Store.open(f"sqlite:///{folder / 'diaolou.db'}")
    probes = {
        SELF: _probe(SELF, world.ourselves, VantageSelf, 0),
        "tcp_ports": _probe("tcp_ports", world.ports, TcpPorts, 2),
    }
    rules = {RULE: packs.load()[RULE]}
    wire = cast(Wire, world)
    return Tower(config, opened, rules, probes, lambda _: wire, world.now, world.forget, spool), opened, config
