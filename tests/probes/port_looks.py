"""Ports of addresses as the wire tells them, on the standard output: `python -m tests.probes.port_looks SOCKET`.

Reads `[addresses, ports]` from the standard input. With a packet process at SOCKET it scans, without one it connects.
"""

from __future__ import annotations

import asyncio
import json
import sys
from ipaddress import ip_address, ip_network
from math import inf

from probes.wire.account import Account
from probes.wire.guard import Guard
from probes.wire.packets.client import PacketClient
from probes.wire.scan import PortScanner
from probes.wire.scope import Limits, Scope
from probes.wire.tcp import Dialer, TcpConnector

FREE = Limits(overall=inf, per_host=inf, per_agency=inf, concurrent=512, per_host_concurrent=64, syn=True)


async def main(path: str, addresses: list[str], ports: list[int]) -> dict[str, list[str]]:
    guard = Guard(Scope(allow=(ip_network("198.18.0.0/15"), ip_network("2001:db8::/32"))), FREE)
    client = PacketClient(path)
    scanner = PortScanner(guard, client, TcpConnector(guard, Dialer()))
    told = await asyncio.gather(*(scanner.scan(ip_address(each), ports, Account(each)) for each in addresses))
    await client.close()
    return {address: [look.state for look in looks] for address, looks in zip(addresses, told, strict=True)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(sys.argv[1], *json.load(sys.stdin)))))
