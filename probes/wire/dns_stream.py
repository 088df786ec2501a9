"""The TCP side of a DNS exchange: one connection, one question. Source: RFC 7766."""

from __future__ import annotations

import asyncio

from probes.observation import Failure
from probes.wire import DnsAnswer, Unreached
from probes.wire.dns_codec import Oddity, Question, read
from probes.wire.errand import Errand
from probes.wire.stream import Stream
from probes.wire.tcp import Dialer
from probes.wire.watch import watched


async def converse(dialer: Dialer, errand: Errand, question: Question, timeout: float) -> DnsAnswer:
    """Connect to the admitted server, ask, and return the answer.

    Raises:
        Unreached: no connection, no answer, or none that can be used.
        NotLooked: nothing could be sent.
    """
    async with watched(timeout) as watch:
        stream = await dialer.dial(errand)
        watch.stage = Failure.DNS_TIMEOUT
        try:
            await stream.write(len(question.wire).to_bytes(2) + question.wire)
            message = await _message(stream)
            stream.finish()
        finally:
            stream.close()
        return await _answer(message, question, watch.seconds)


async def _answer(message: bytes, question: Question, seconds: float) -> DnsAnswer:
    # A long message may be made to be slow to read; meanwhile other exchanges go on.
    reading = await asyncio.to_thread(read, message, question, seconds, over_tcp=True)
    if isinstance(reading, DnsAnswer):
        return reading
    # The connection is ours alone: there is no later and better message to wait for.
    other = reading is Oddity.STRAY or reading is Oddity.MISMATCHED
    raise Unreached(Failure.DNS_MISMATCH if other else Failure.DNS_MALFORMED, f"{reading} over TCP", seconds)


async def _message(stream: Stream) -> bytes:
    got = b""
    while len(got) < 2 or len(got) < 2 + int.from_bytes(got[:2]):
        part = await stream.read()
        if not part:
            raise Unreached(Failure.CONNECTION_CLOSED, f"after {len(got)} octets")
        got += part
    return got[2 : 2 + int.from_bytes(got[:2])]
