"""A name server that answers every name in another wrong way, and the truth about each."""

from __future__ import annotations

import asyncio
import os
import struct
from dataclasses import dataclass

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from probes.observation import Failure
from tests.lab import city
from tests.lab.dns_server import Respond, pack, read
from tests.lab.model import SUFFIX, ipv4, ipv6
from tests.lab.zones import ODD_SERVERS, ODD_ZONE

GOOD4, GOOD6 = ipv4(city.HOSTILE, city.HONEST), ipv6(city.HOSTILE, city.HONEST)
"""An honest web server that the names which do have addresses point to."""

_A, _AAAA, _CNAME = dns.rdatatype.A, dns.rdatatype.AAAA, dns.rdatatype.CNAME
_SOA, _NS, _TXT = dns.rdatatype.SOA, dns.rdatatype.NS, dns.rdatatype.TXT
_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Odd:
    """What is true of a name's AAAA: asked of the server itself, and of the city's resolver.

    The words are ok, nodata, nxdomain, the names of failures, and `bogus:WHY` for an address that has no place in
    public DNS; any of several may be said.
    """

    direct: tuple[str, ...]
    resolver: tuple[str, ...]


def _odd(*direct: str, resolver: tuple[str, ...] = ()) -> Odd:
    return Odd(direct, resolver or direct)


_SERVFAIL = (str(Failure.DNS_SERVFAIL),)
BOGUS = {
    "mapped": ("::ffff:198.18.20.10", "mapped"),
    "loopback": ("::1", "loopback"),
    "linklocal": ("fe80::1", "link_local"),
    "sixtofour": ("2002:c612:140a::1", "six_to_four"),
    "ula": ("fd00:18::1", "ula"),
    "multicast": ("ff02::1", "multicast"),
    "unspecified": ("::", "unspecified"),
}
_RCODES = {
    "nxdomain-aaaa": dns.rcode.NXDOMAIN,
    "servfail-aaaa": dns.rcode.SERVFAIL,
    "refused-aaaa": dns.rcode.REFUSED,
    "notimp-aaaa": dns.rcode.NOTIMP,
    "formerr-aaaa": dns.rcode.FORMERR,
}

TRUTH: dict[str, Odd] = {
    "plain": _odd("ok"),
    "many": _odd("ok"),
    "slow-aaaa": _odd("ok"),
    "ttl0": _odd("ok"),
    "formerr-edns": _odd("ok"),
    "empty": _odd("nodata"),
    "escape": _odd("nodata"),
    "huge-txt": _odd("nodata"),
    "cname-noaaaa": _odd("nodata"),
    "cname-dangling": _odd("nxdomain"),
    "cname-long": _odd("ok", Failure.DNS_CNAME_LOOP),
    "cname-loop": _odd(Failure.DNS_CNAME_LOOP, resolver=_SERVFAIL),
    "nxdomain-aaaa": _odd("nxdomain"),
    "servfail-aaaa": _odd(Failure.DNS_SERVFAIL),
    "refused-aaaa": _odd(Failure.DNS_REFUSED, resolver=_SERVFAIL),
    "notimp-aaaa": _odd(Failure.DNS_NOTIMP, resolver=_SERVFAIL),
    "formerr-aaaa": _odd(Failure.DNS_FORMERR, resolver=_SERVFAIL),
    "drop-aaaa": _odd(Failure.DNS_TIMEOUT, resolver=_SERVFAIL),
    "wrong-id": _odd(Failure.DNS_TIMEOUT, Failure.DNS_MISMATCH, resolver=_SERVFAIL),
    "wrong-question": _odd(Failure.DNS_MISMATCH, Failure.DNS_TIMEOUT, resolver=_SERVFAIL),
    "truncated": _odd(Failure.DNS_TRUNCATED, resolver=_SERVFAIL),
    "garbage": _odd(Failure.DNS_MALFORMED, resolver=_SERVFAIL),
    "compress-loop": _odd(Failure.DNS_MALFORMED, resolver=_SERVFAIL),
    "trailing-junk": _odd("ok", Failure.DNS_MALFORMED, resolver=("ok", *_SERVFAIL)),
    **{name: _odd(f"bogus:{why}") for name, (_, why) in BOGUS.items()},
}


def respond() -> Respond:
    """Return the manner of the odd server."""
    origin = dns.name.from_text(f"{ODD_ZONE}.")

    async def answer(query: bytes, udp: bool) -> bytes | None:
        message = read(query)
        if message is None:
            return None
        question = message.question[0]
        reply = dns.message.make_response(message, our_payload=1232)
        if not question.name.is_subdomain(origin):
            reply.set_rcode(dns.rcode.REFUSED)
            return pack(message, reply, udp=udp)
        reply.flags |= dns.flags.AA
        label = question.name.relativize(origin).to_text().lower()
        if label == "truncated" and question.rdtype == _AAAA and not udp:
            return None
        if label == "slow-aaaa" and question.rdtype == _AAAA:
            await asyncio.sleep(0.6)
        if label == "formerr-edns" and message.edns >= 0:
            reply = dns.message.make_response(message)
            reply.use_edns(False)
            reply.set_rcode(dns.rcode.FORMERR)
            return reply.to_wire()
        _fill(reply, question.name, label, question.rdtype)
        return _twist(label, message, reply, udp=udp)

    return answer


def _fill(reply: dns.message.Message, name: dns.name.Name, label: str, kind: dns.rdatatype.RdataType) -> None:
    """Put in what the name has of *kind*, honestly apart from the values."""
    alias = _alias(label)
    own = {
        "@": {_SOA: [_soa()], _NS: [f"ns.{ODD_ZONE}."]},
        "ns": {_A: [str(ODD_SERVERS[0])], _AAAA: [str(ODD_SERVERS[1])]},
    }
    if label == f"chain{_CHAIN}":
        own[label] = {_A: [str(GOOD4)], _AAAA: [str(GOOD6)]}
    if alias:
        reply.answer.append(dns.rrset.from_text(name, 60, "IN", _CNAME, alias))
        return
    if label in TRUTH and not (kind == _AAAA and label in _RCODES):
        own[label] = {_A: [str(GOOD4)], _AAAA: _six(label), _TXT: _text(label)}
    values = own.get(label, {}).get(kind, [])
    if values:
        reply.answer.append(dns.rrset.from_text(name, 0 if label == "ttl0" else 60, "IN", kind, *values))
        return
    if label != "empty":
        reply.authority.append(dns.rrset.from_text(f"{ODD_ZONE}.", 60, "IN", _SOA, _soa()))
    reply.set_rcode(_RCODES.get(label, dns.rcode.NOERROR if label in own else dns.rcode.NXDOMAIN))


def _soa() -> str:
    return f"ns.{ODD_ZONE}. hostmaster.{ODD_ZONE}. 1 3600 600 86400 60"


def _alias(label: str) -> str:
    if label.startswith("chain") and label[5:].isdigit() and int(label[5:]) < _CHAIN:
        return f"chain{int(label[5:]) + 1}.{ODD_ZONE}."
    return {
        "cname-loop": f"loop1.{ODD_ZONE}.",
        "loop1": f"cname-loop.{ODD_ZONE}.",
        "cname-long": f"chain1.{ODD_ZONE}.",
        "cname-noaaaa": f"www.edu.{SUFFIX}.",
        "cname-dangling": f"nobody.{SUFFIX}.",
    }.get(label, "")


def _six(label: str) -> list[str]:
    if label in BOGUS:
        return [BOGUS[label][0]]
    if label == "many":
        return [str(GOOD6), *(f"2001:db8:18:{city.HOSTILE}::a:{number:x}" for number in range(199))]
    return [] if label in ("empty", "escape", "huge-txt") else [str(GOOD6)]


def _text(label: str) -> list[str]:
    if label == "escape":
        return ['"\\027]0;owned\\007\\027[2J<script>alert(1)</script>"']
    return [f'"{"x" * 250}{number}"' for number in range(200)] if label == "huge-txt" else []


def _twist(label: str, query: dns.message.Message, reply: dns.message.Message, *, udp: bool) -> bytes | None:
    """Return the bytes of *reply*, spoilt as the name promises for AAAA; None for silence."""
    if query.question[0].rdtype != _AAAA:
        return pack(query, reply, udp=udp)
    if label == "drop-aaaa":
        return None
    if label == "truncated":
        reply.answer.clear()
        reply.flags |= dns.flags.TC
    if label == "wrong-question":
        reply.question[0] = dns.rrset.from_text(f"plain.{ODD_ZONE}.", 0, "IN", _AAAA)
        reply.answer = [dns.rrset.from_text(f"plain.{ODD_ZONE}.", 60, "IN", _AAAA, str(GOOD6))]
    if label == "compress-loop":
        return _pointer_to_itself(query)
    wire = pack(query, reply, udp=udp)
    if label == "wrong-id":
        return struct.pack("!H", query.id ^ 0x5555) + wire[2:]
    if label == "garbage":
        return wire[:2] + b"\x84\x00" + b"\xff" * 8 + os.urandom(32)
    return wire + b"\0" * 40 if label == "trailing-junk" else wire


def _pointer_to_itself(query: dns.message.Message) -> bytes:
    """Return an answer whose owner name is a compression pointer to that pointer. Source: RFC 1035 4.1.4."""
    asked = query.question[0].name.to_wire()
    assert asked is not None
    question = asked + struct.pack("!HH", _AAAA, 1)
    head = struct.pack("!HHHHHH", query.id, 0x8400, 1, 1, 0, 0)
    here = 0xC000 | (len(head) + len(question))
    return head + question + struct.pack("!HHHIH", here, _AAAA, 1, 60, 16) + GOOD6.packed
