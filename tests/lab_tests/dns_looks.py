"""Our own eyes on the city's DNS: runs a probe in a namespace of it and prints what it saw as JSON, one look a line.

Run as `python -m tests.lab exec vantage -- python -m tests.lab_tests.dns_looks PROBE HOST...`; with `--record FILE`
it also writes down the first host's exchanges, which is how the recordings in tests/fixtures were made; with
`--config DIR` pings are sent, by a packet process that reads its bounds there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from contextlib import nullcontext
from ipaddress import IPv6Address, ip_address, ip_network
from pathlib import Path

from pydantic import TypeAdapter

from monitor.outfit import packet_process
from probes import registry
from probes.framework import look, sweep
from probes.observation import Observation
from probes.target import Kind, Target
from probes.wire import Surroundings
from probes.wire.dns import Asker
from probes.wire.foresight import Foresight
from probes.wire.guard import Guard
from probes.wire.live import LiveWire
from probes.wire.memo import Memo
from probes.wire.packets.client import PacketClient
from probes.wire.recording import RecordingWire
from probes.wire.resolve import Resolver
from probes.wire.scope import Limits, Scope
from tests.lab.city import RESOLVER
from tests.lab.config import controls, roots
from tests.lab.model import SUFFIX, ipv4, ipv6

NETWORKS = (ip_network("198.18.0.0/15"), ip_network("2001:db8::/32"))
RESOLVERS = (ipv4(RESOLVER, 53), ipv6(RESOLVER, 53))


def surroundings(resolvers=RESOLVERS) -> Surroundings:
    return Surroundings(
        resolvers=tuple(resolvers),
        control_name=f"www.{SUFFIX}",
        controls=controls(),
        native=NETWORKS,
        roots=tuple(IPv6Address(each) for each in roots()),
    )


def live(own: Surroundings, socket: Path, *, recording: bool) -> tuple[LiveWire, Foresight]:
    """Compose the wire; a recording must hold what the resolver would otherwise have shared unseen."""
    guard = Guard(Scope(allow=NETWORKS), Limits(overall=2000, per_host=200, per_agency=2000), own)
    memo = Memo()
    packets = PacketClient(socket)
    resolver = Resolver(own, None if recording else memo)
    wire = LiveWire(guard, own, asker=Asker(), resolver=resolver, echoer=packets, sweeper=packets, memo=memo)
    return wire, Foresight(guard, resolver)


def told(probe, seen) -> dict[str, object]:
    """Return a look as plain JSON: facts by subject, or a word for what there was instead."""
    facts = TypeAdapter(probe.facts)
    return {
        "target": seen.target,
        "complete": seen.complete,
        "seen": {
            str(record.subject): (
                facts.dump_python(record.facts, mode="json")
                if isinstance(record, Observation) and record.facts is not None
                else str(getattr(record, "failure", None) or getattr(record, "reason", None))
            )
            for record in seen.records
        },
    }


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("probe")
    parser.add_argument("hosts", nargs="+")
    parser.add_argument("--resolver", action="append", type=ip_address)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--ahead", action="store_true", help="let the probe prepare the batch")
    parser.add_argument("--config", type=Path)
    asked = parser.parse_args()
    nowhere = Path("/nonexistent")
    process = packet_process(asked.config, nowhere) if asked.config else nullcontext(nowhere)
    async with process as socket:
        await watch(asked, socket)


async def watch(asked: argparse.Namespace, socket: Path) -> None:
    wire, ahead = live(surroundings(asked.resolver or RESOLVERS), socket, recording=asked.record is not None)
    probe = registry.load()[asked.probe]
    targets = [Target(host, "lab", Kind.WEBSITE) for host in asked.hosts]
    if asked.record:
        recording = RecordingWire(wire.for_target(targets[0]))
        seen = await look(probe, targets[0], "lab", recording)
        recording.save(asked.record)
        print(json.dumps(told(probe, seen)))
        return
    async for seen in sweep(probe, targets, "lab", wire.for_target, batch_wire=ahead if asked.ahead else None):
        print(json.dumps(told(probe, seen)), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
