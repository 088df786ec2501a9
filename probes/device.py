"""What the probes of network devices share: asking the agent where the inventory says it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from probes.outlook import Outlook, Sending, Sends, remembering
from probes.target import Address, SnmpAccess
from probes.wire.ledger import What
from probes.wire.snmp import SnmpWalk

UPTIME = "1.3.6.1.2.1.1.3"
"""sysUpTime, in hundredths of a second. Source: RFC 3418."""


def walking(access: SnmpAccess, columns: tuple[str, ...], address: Address, *, scalars: bool = False) -> SnmpWalk:
    """Return the walk over *columns* of the agent at *address*."""
    return SnmpWalk(address, access.port, access.credentials, columns, scalars=scalars)


def with_key(walk: SnmpWalk, key: str) -> SnmpWalk:
    """Return *walk* with the credentials named *key*."""
    return replace(walk, key=key)


def sends(usual: int, most: int) -> Sends:
    """Return what says what a look sends that takes so many questions at each address of a device with an agent."""

    def said(outlook: Outlook) -> Iterator[Sending]:
        if outlook.target.snmp is not None:
            yield remembering()
            yield Sending(What.SNMP, usual, most).times(outlook.places)

    return said
