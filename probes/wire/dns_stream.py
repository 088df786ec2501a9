"""The TCP side of a DNS exchange: one connection, one question. Source: RFC 7766."""

from __future__ import annotations

import asyncio
import socket
import time

from probes.observation import Failure
from probes.wire import DnsAnswer, DnsQuery, Unreached
from probes.wire.dns_codec import Oddity, Question, read
from probes.wire.dns_socket import from_there, open_towards


async def converse(query: DnsQuery, question: Question, timeout: float) -> tuple[DnsAnswer, int]:
    """Connect, ask, and return the answer and the octets read.

    Raises:
        Unreached: no connection, no answer, or none that can be used.
        NotLooked: nothing could be sent.
    """
    began, waiting_for = time.monotonic(), Failure.CONNECTION_TIMEOUT
    loop = asyncio.get_running_loop()
    sock, connected = open_towards(query, socket.SOCK_STREAM)
    with sock:
        try:
            async with asyncio.timeout(timeout):
                if not connected:
                    await loop.sock_connect(sock, (str(query.server), query.port))
                waiting_for = Failure.DNS_TIMEOUT
                await loop.sock_sendall(sock, len(question.wire).to_bytes(2) + question.wire)
                return await _answer(sock, question, began)
        except TimeoutError:
            raise Unreached(waiting_for, seconds=time.monotonic() - began) from None
        except OSError as fault:
            raise from_there(fault, time.monotonic() - began) from fault


async def _answer(sock: socket.socket, question: Question, began: float) -> tuple[DnsAnswer, int]:
    message = await _exactly(sock, int.from_bytes(await _exactly(sock, 2, began)), began)
    seconds = time.monotonic() - began
    # A long message may be made to be slow to read; meanwhile other exchanges go on.
    reading = await asyncio.to_thread(read, message, question, seconds, over_tcp=True)
    if isinstance(reading, DnsAnswer):
        return reading, len(message) + 2
    # The connection is ours alone: there is no later and better message to wait for.
    other = reading is Oddity.STRAY or reading is Oddity.MISMATCHED
    raise Unreached(Failure.DNS_MISMATCH if other else Failure.DNS_MALFORMED, f"{reading} over TCP", seconds)


async def _exactly(sock: socket.socket, size: int, began: float) -> bytes:
    loop, got = asyncio.get_running_loop(), bytearray()
    while len(got) < size:
        part = await loop.sock_recv(sock, size - len(got))
        if not part:
            raise Unreached(Failure.CONNECTION_CLOSED, f"{len(got)} of {size} octets", time.monotonic() - began)
        got += part
    return bytes(got)
