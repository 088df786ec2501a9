"""A name server on loopback that answers as a test tells it to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.rrset

Manner = Callable[[dns.message.Message, bool], bytes | list[bytes] | None]
"""Given a query and whether it came over UDP: the message or messages to send, or None for silence."""


@dataclass
class Server:
    host: str
    port: int
    queries: list[tuple[dns.message.Message, bool]] = field(default_factory=list)
    """Everything asked, and whether over UDP."""


def reply(query, *records, rcode=0, flags=dns.flags.AA, section="answer"):
    """Build an answer; a record is (owner, type, data...)."""
    message = dns.message.make_response(query)
    message.flags |= flags
    message.set_rcode(rcode)
    for owner, rdtype, *data in records:
        getattr(message, section).append(dns.rrset.from_text(owner, 60, "IN", rdtype, *data))
    return message


@contextlib.asynccontextmanager
async def serving(manner: Manner, host: str = "127.0.0.1", *, tcp: bool = True) -> AsyncIterator[Server]:
    """Serve on a free port of *host* until the end of the block."""
    loop = asyncio.get_running_loop()
    server = Server(host, 0)

    def told(wire: bytes, udp: bool) -> list[bytes]:
        query = dns.message.from_wire(wire)
        server.queries.append((query, udp))
        said = manner(query, udp)
        return said if isinstance(said, list) else [] if said is None else [said]

    class Datagrams(asyncio.DatagramProtocol):
        def connection_made(self, transport):
            self.transport = transport

        def datagram_received(self, data, addr):
            for message in told(data, True):
                self.transport.sendto(message, addr)

    class Stream(asyncio.Protocol):
        def connection_made(self, transport):
            self.transport, self.got = transport, b""
            connections.append(transport)

        def data_received(self, data):
            self.got += data
            if len(self.got) > 2 and len(self.got) >= 2 + int.from_bytes(self.got[:2]):
                for message in told(self.got[2:], False):
                    self.transport.write(len(message).to_bytes(2) + message)
                self.transport.close()

    connections: list[asyncio.Transport] = []
    transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=(host, 0))
    server.port = transport.get_extra_info("sockname")[1]
    listener = await loop.create_server(Stream, host, server.port) if tcp else None
    try:
        yield server
    finally:
        transport.close()
        for connection in connections:
            connection.abort()
        if listener is not None:
            listener.close()
            await listener.wait_closed()
        await asyncio.sleep(0)
