"""Name servers: one endpoint for UDP and TCP, and the authoritative way of answering."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from probes.target import Address, Family
from tests.lab.zones import Zone

Respond = Callable[[bytes, bool], Awaitable[bytes | None]]
"""Answers one query, given whether it came over UDP; None stays silent."""

_LONGEST_CHAIN = 16
_SO_RCVBUFFORCE = 33
"""Known to Linux, not to Python."""


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        task = asyncio.get_running_loop().create_task(self._reply(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reply(self, query: bytes, peer: tuple[str, int]) -> None:
        reply = await self._respond(query, True)
        if reply is not None:
            self._transport.sendto(reply, peer)


async def listen(addresses: Sequence[Address], respond: Respond, *, tcp: bool = True) -> None:
    """Answer on port 53 of every address."""
    loop = asyncio.get_running_loop()

    async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(10):
                while True:
                    (size,) = struct.unpack("!H", await reader.readexactly(2))
                    reply = await respond(await reader.readexactly(size), False)
                    if reply is None:
                        continue
                    writer.write(struct.pack("!H", len(reply)) + reply)
                    await writer.drain()
        except (TimeoutError, asyncio.IncompleteReadError, OSError):
            writer.close()

    for address in addresses:
        await loop.create_datagram_endpoint(lambda: _Datagrams(respond), sock=_datagram_socket(address))
        if tcp:
            await asyncio.start_server(stream, str(address), 53, backlog=256)


def _datagram_socket(address: Address) -> socket.socket:
    """Return a bound socket with room for a burst of questions, where the kernel lets us have it."""
    made = socket.socket(Family.of(address).socket_family, socket.SOCK_DGRAM)
    with contextlib.suppress(OSError):
        made.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 4 << 20)
    made.bind((str(address), 53))
    made.setblocking(False)
    return made


def read(query: bytes) -> dns.message.QueryMessage | None:
    """Parse a query with one question; None when it is none."""
    try:
        message = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None
    if not isinstance(message, dns.message.QueryMessage) or message.flags & dns.flags.QR or len(message.question) != 1:
        return None
    return message


def pack(query: dns.message.Message, reply: dns.message.Message, *, udp: bool) -> bytes:
    """Return the wire form of *reply*; over UDP cut to what the client takes, with TC set."""
    limit = max(512, min(query.payload, 1232)) if udp else 65535
    try:
        return reply.to_wire(max_size=limit)
    except dns.exception.TooBig:
        short = dns.message.make_response(query, our_payload=1232)
        short.flags |= dns.flags.TC | (reply.flags & (dns.flags.AA | dns.flags.RA))
        short.set_rcode(reply.rcode())
        return short.to_wire()


def refusing() -> Respond:
    """Return the manner of a lame server: REFUSED to everything."""

    async def respond(query: bytes, udp: bool) -> bytes | None:
        message = read(query)
        if message is None:
            return None
        reply = dns.message.make_response(message, our_payload=1232)
        reply.set_rcode(dns.rcode.REFUSED)
        return pack(message, reply, udp=udp)

    return respond


def authoritative(zones: Sequence[Zone]) -> Respond:
    """Return the manner of an authoritative server for *zones*, refusing what is not in them."""
    deepest_first = sorted(zones, key=lambda zone: -len(zone.origin))

    async def respond(query: bytes, udp: bool) -> bytes | None:
        message = read(query)
        if message is None:
            return None
        reply = dns.message.make_response(message, our_payload=1232)
        name = message.question[0].name
        zone = next((zone for zone in deepest_first if name.is_subdomain(zone.origin)), None)
        if zone is None:
            reply.set_rcode(dns.rcode.REFUSED)
        else:
            _answer(zone, reply, name, message.question[0].rdtype)
        return pack(message, reply, udp=udp)

    return respond


def _answer(zone: Zone, reply: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
    for _ in range(_LONGEST_CHAIN):
        cut = next((cut for cut in zone.cuts if name.is_subdomain(cut)), None)
        if cut is not None:
            return _refer(zone, reply, cut)
        reply.flags |= dns.flags.AA
        alias = zone.records.get((name, dns.rdatatype.CNAME))
        found = zone.records.get((name, kind)) or (alias if kind != dns.rdatatype.CNAME else None)
        if found is None:
            return _deny(zone, reply, name, kind)
        reply.answer.append(found)
        if found is not alias:
            return None
        name = alias[0].target
        if not name.is_subdomain(zone.origin):
            return None
    return None


def _refer(zone: Zone, reply: dns.message.Message, cut: dns.name.Name) -> None:
    servers = zone.records[cut, dns.rdatatype.NS]
    if not reply.answer:
        reply.flags &= ~dns.flags.AA
    reply.authority.append(servers)
    for server in servers:
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            if glue := zone.records.get((server.target, kind)):
                reply.additional.append(glue)


def _deny(zone: Zone, reply: dns.message.Message, name: dns.name.Name, kind: dns.rdatatype.RdataType) -> None:
    """Add what the zone makes up for the name, or say that there is no such name or no such type."""
    invented = zone.invent(name, kind) if zone.invent else None
    if invented:
        reply.answer.extend(invented)
        return
    if invented is None and name not in zone.names:
        reply.set_rcode(dns.rcode.NXDOMAIN)
    reply.authority.append(zone.records[zone.origin, dns.rdatatype.SOA])
