"""Whether a network device answers SNMP, how well that is protected, and who it says it is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from probes.device import UPTIME, sends, walking, with_key
from probes.endpoint import addresses
from probes.framework import refused
from probes.observation import SAMPLE, Facts, Sighting, Subject
from probes.registry import probe
from probes.target import Address, Family, Kind, SnmpAccess, Target
from probes.text import clean
from probes.wire import NotLooked, Unreached, Wire
from probes.wire.snmp import PUBLIC, SnmpCell, SnmpWalk

DESCRIPTION, NAME = "1.3.6.1.2.1.1.1", "1.3.6.1.2.1.1.5"
_COLUMNS = (DESCRIPTION, UPTIME, NAME)
_ROW = (0,)


@dataclass(frozen=True, slots=True)
class SnmpSystem(Facts):
    """What the agent says of its device; *encrypted* is how it was asked: SNMPv3 with privacy, or in the clear.

    *public*: it also answers anyone who says "public" over SNMPv2c. *up_seconds* is how long ago it began, None where
    it does not say.
    """

    name: str
    description: str
    encrypted: bool
    public: bool
    up_seconds: float | None = field(metadata=SAMPLE)


_WORDS = {
    "name": ("设备名", "name"),
    "description": ("设备描述", "description"),
    "encrypted": ("加密", "encrypted"),
    "public": ("应答 public", "answers public"),
}


@probe(
    facts=SnmpSystem,
    words=_WORDS,
    doing=("询问网络设备", "asking network devices"),
    every=900.0,
    deadline=120.0,
    kinds=frozenset({Kind.NETWORK_DEVICE}),
    sends=sends(usual=4, most=10),
)
async def snmp_system(target: Target, wire: Wire) -> AsyncIterator[Sighting]:
    """Does the device answer SNMP on each address of both families, encrypted, and does it open to "public"?

    Only devices whose inventory entry has `snmp` are asked. An agent that does not answer "public" keeps silent; so
    that a lost packet does not read as that, the question is put twice.

    Source: RFC 3418; RFC 3414; RFC 3826; RFC 1901.
    """
    if target.snmp is None:
        return
    async for address in addresses(target, wire):
        yield address if isinstance(address, Sighting) else await _address(target.snmp, address, wire)


async def _address(access: SnmpAccess, address: Address, wire: Wire) -> Sighting:
    subject = Subject(family=Family.of(address), address=address)
    walk = walking(access, _COLUMNS, address, scalars=True)
    try:
        table = await wire.walk(walk)
        public = await _answers(with_key(walk, PUBLIC), wire)
    except (Unreached, NotLooked) as refusal:
        return refused(subject, refusal)
    row = table.rows().get(_ROW, {})
    ticks = row[1].number if 1 in row else None
    facts = SnmpSystem(
        name=_text(row.get(2)),
        description=_text(row.get(0)),
        encrypted=table.encrypted,
        public=public,
        up_seconds=None if ticks is None else ticks / 100,
    )
    return Sighting(subject, facts, table.seconds)


async def _answers(walk: SnmpWalk, wire: Wire) -> bool:
    try:
        return bool((await wire.walk(walk)).cells)
    except Unreached:
        return False


def _text(cell: SnmpCell | None) -> str:
    return "" if cell is None else clean(cell.octets, 256)
