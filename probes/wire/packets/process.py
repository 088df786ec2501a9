"""The packet process: the only program here that may hold CAP_NET_RAW, and all it does with it."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import pwd
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

from probes.target import Family
from probes.wire import NotLooked
from probes.wire.link import Speaker
from probes.wire.notify import Notifier, listening
from probes.wire.packets.bounds import Bounds, Unusable, from_directory, from_words
from probes.wire.packets.echoes import Echoes
from probes.wire.packets.link_ear import LinkEar
from probes.wire.packets.links import Links
from probes.wire.packets.pace import Pace
from probes.wire.packets.raw import RawSocket
from probes.wire.packets.server import Server
from probes.wire.packets.soundings import Soundings
from probes.wire.packets.syn.outlet import Outlet
from probes.wire.packets.syn.ring import OWN_PORTS, Ring
from probes.wire.packets.syn.routes import Routes
from probes.wire.packets.syn.scanner import Scanner
from probes.wire.packets.whole import WholePackets
from probes.wire.scope import Limits

log = logging.getLogger(__name__)

Named = TypeVar("Named")
Opened = TypeVar("Opened")

EX_CONFIG = 78
_AT_ONCE = 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the packet process until it is told to end; return its exit status."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    try:
        bounds = (
            from_directory(options.config)
            if options.config
            else from_words(options.allow, options.deny, options.overall, options.per_host, options.control)
        )
        welcome = frozenset(map(_user, options.user)) | {os.geteuid()}
    except Unusable as mistake:
        print(f"diaolou-packets: 配置不可用 unusable configuration: {mistake}", file=sys.stderr)
        return EX_CONFIG
    asyncio.run(_run(bounds, welcome, options.socket))
    return 0


@dataclass(slots=True)
class Mishaps:
    """Defects of ours that a callback ended with: what it had in hand, such as answers, is lost."""

    count: int = 0

    def note(self, loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """Count one, and have it logged as usual."""
        self.count += 1
        loop.default_exception_handler(context)


async def _run(bounds: Bounds, welcome: frozenset[int], path: Path) -> None:
    loop, ending, notifier = asyncio.get_running_loop(), asyncio.Event(), Notifier()
    outlets = {family: _open(RawSocket, family) for family in Family}
    pace = Pace(bounds.overall, bounds.per_address)
    echoes = Echoes(bounds.pingable, pace, outlets)
    source_ports = bounds.source_ports or OWN_PORTS
    rings = {family: _open(partial(Ring, ports=source_ports), family) for family in Family}
    ears = {
        family: [ear for ear in (outlets[family], rings[family]) if not isinstance(ear, NotLooked)] for family in Family
    }

    mishaps = Mishaps()
    loop.set_exception_handler(mishaps.note)

    def lost(family: Family) -> int:
        return mishaps.count + sum(ear.dropped for ear in ears[family])

    ways = {family: _way(family, ring) for family, ring in rings.items()}
    scanner = Scanner(bounds.scope, pace, ways, lost, Routes(), bounds.controls, source_ports)
    exits = {family: _exit(family, outlet) for family, outlet in outlets.items()}
    soundings = Soundings(bounds.scope, pace, exits, lost)
    link_ears = {interface: _open(LinkEar, interface) for interface in bounds.links}
    links = Links(link_ears, pace)
    server = Server(echoes, soundings, links, scanner, welcome)
    for interface, ear in link_ears.items():
        if isinstance(ear, LinkEar):
            loop.add_reader(ear.fileno(), _overhear, interface, ear, links)
    for ring in rings.values():
        if isinstance(ring, Ring):
            loop.add_reader(ring.fileno(), _hear, ring, scanner)
    for outlet in outlets.values():
        if isinstance(outlet, RawSocket):
            loop.add_reader(outlet.fileno(), _drain, outlet, echoes, soundings, scanner)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ending.set)
    listener = await _listen(server, path)
    alive = loop.create_task(notifier.keep_alive())
    notifier.ready(_state(outlets))
    log.info("ready: %s; %d prefixes allowed", _state(outlets), len(bounds.scope.allow))
    await ending.wait()
    notifier.stopping()
    listener.close()
    await server.close()
    alive.cancel()


async def _listen(server: Server, path: Path) -> asyncio.Server:
    """Listen where the service manager says, or else at *path*, for owner and group alone."""
    if given := listening():
        return await asyncio.start_unix_server(server.converse, sock=given[0])
    before = os.umask(0o117)
    try:
        return await asyncio.start_unix_server(server.converse, path=path)
    finally:
        os.umask(before)


def _open(kind: Callable[[Named], Opened], named: Named) -> Opened | NotLooked:
    try:
        return kind(named)
    except NotLooked as refusal:
        return refusal


def _way(family: Family, ring: Ring | NotLooked) -> Outlet | NotLooked:
    """Return where SYNs leave; without an ear for their answers, why not."""
    return ring if isinstance(ring, NotLooked) else _open(Outlet, family)


def _exit(family: Family, ear: RawSocket | NotLooked) -> WholePackets | NotLooked:
    """Return where soundings leave; without an ear for their answers, why not."""
    return ear if isinstance(ear, NotLooked) else _open(WholePackets, family)


def _hear(ring: Ring, scanner: Scanner) -> None:
    """Take in the answers that have come, as `_drain` does."""
    for _ in range(_AT_ONCE):
        if (answers := ring.receive()) is None:
            return
        scanner.received(answers)


def _overhear(interface: str, ear: LinkEar, links: Links) -> None:
    """Take in who offers something on a link, as `_drain` does."""
    for _ in range(_AT_ONCE):
        if not (met := ear.receive()):
            return
        if isinstance(met, Speaker):
            links.received(interface, met)


def _drain(outlet: RawSocket, echoes: Echoes, soundings: Soundings, scanner: Scanner) -> None:
    """Read what has come, but not for ever: a flood must not keep the process from its other work."""
    for _ in range(_AT_ONCE):
        if (heard := outlet.receive()) is None:
            return
        echoes.received(heard.source, heard.packet, heard.age)
        soundings.received(heard.source, heard.packet, heard.age)
        scanner.received_error(heard.source, heard.packet, heard.age)


def _state(outlets: Mapping[Family, RawSocket | NotLooked]) -> str:
    return ", ".join(
        f"{family} {outlet if isinstance(outlet, NotLooked) else 'ok'}" for family, outlet in outlets.items()
    )


def _user(name: str) -> int:
    if name.isdecimal():
        return int(name)
    try:
        return pwd.getpwnam(name).pw_uid
    except KeyError as error:
        raise Unusable(f"no user {name!r}") from error


def _parser() -> argparse.ArgumentParser:
    gentle = Limits()
    parser = argparse.ArgumentParser(
        prog="diaolou-packets",
        description="碉楼发包进程：唯一持有 CAP_NET_RAW 的程序。 "
        "Diaolou's packet process, the only holder of CAP_NET_RAW.",
    )
    parser.add_argument(
        "--socket",
        type=Path,
        default=Path("/run/diaolou/packets.sock"),
        metavar="PATH",
        help="监听的 Unix 套接字；由 systemd 传入时不用 Unix socket to listen at; unused when systemd passes one in",
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="DIR",
        help="从此目录的 diaolou.yaml 读取范围与速率 read scope and pace from diaolou.yaml in this directory",
    )
    parser.add_argument(
        "--allow", action="append", default=[], metavar="PREFIX", help="允许的网段，可重复 prefix to allow, repeatable"
    )
    parser.add_argument(
        "--deny", action="append", default=[], metavar="PREFIX", help="禁止的网段，优先 prefix to deny, which wins"
    )
    parser.add_argument(
        "--control",
        action="append",
        default=[],
        metavar="ADDRESS:PORT",
        help="必有应答之处，用来证明线路通，可重复 a place that answers, to prove our own way out; repeatable",
    )
    parser.add_argument(
        "--overall", type=float, default=gentle.overall, metavar="RATE", help="每秒总包数 packets a second in all"
    )
    parser.add_argument(
        "--per-host",
        type=float,
        default=gentle.per_host,
        metavar="RATE",
        help="每地址每秒包数 packets a second to one address",
    )
    parser.add_argument(
        "--user",
        action="append",
        default=[],
        metavar="NAME",
        help="可连接的用户，可重复 user who may connect, repeatable",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
