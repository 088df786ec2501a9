"""DNS messages: what goes out as bytes, and what a datagram or stream message that came back is worth.

dnspython reads and writes the format; which answer belongs to which question, and what is wrong with one that
does not, is decided here.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from probes.observation import GapReason
from probes.text import clean
from probes.wire import DnsAnswer, DnsQuery, DnsRecord, NotLooked

PAYLOAD = 1232
"""Bytes of UDP answer we say we take. Source: DNS flag day 2020; RFC 6891 6.2.5."""
RECORDS = 500
"""Records kept of each section."""
_HEADER, _TYPE_CLASS = struct.Struct("!6H"), struct.Struct("!HH")
_RESPONSE, _OPCODE, _TRUNCATED = 0x8000, 0x7800, 0x0200
_RECURSION_DESIRED, _AUTHENTICATED, _CHECKING_DISABLED = 0x0100, 0x0020, 0x0010
QUERY_FLAGS = _RECURSION_DESIRED | _AUTHENTICATED
"""The flags of a question to a resolver."""
OPT = b"\0" + struct.pack("!HHIH", 41, PAYLOAD, 0, 0)
"""The EDNS record of a question."""
_MAY_OMIT_QUESTION = frozenset({dns.rcode.FORMERR, dns.rcode.SERVFAIL, dns.rcode.NOTIMP, dns.rcode.REFUSED})


class Oddity(StrEnum):
    """What a message is when it is no answer."""

    STRAY = "stray"
    """Another ID: not ours, or forged."""
    MISMATCHED = "mismatched"
    """Our ID, another question."""
    MALFORMED = "malformed"
    CUT = "cut"
    """Ours, and too long for the datagram."""


@dataclass(frozen=True, slots=True)
class Question:
    """A query as it goes out; *ident* is random."""

    ident: int
    wire: bytes
    name: dns.name.Name
    rdtype: dns.rdatatype.RdataType


def write(query: DnsQuery, *, edns: bool = True) -> Question:
    """Return *query* as bytes, with a fresh random ID.

    Raises:
        NotLooked: the name or type cannot be asked for at all.
    """
    try:
        name = dns.name.from_text(query.name)
        rdtype = dns.rdatatype.from_text(query.rdtype)
    except (dns.exception.DNSException, ValueError) as fault:
        raise NotLooked(GapReason.ADDRESS_UNKNOWN, clean(f"{query.name} {query.rdtype}: {fault}")) from fault
    flags = QUERY_FLAGS if query.recursive else 0
    flags |= _CHECKING_DISABLED if query.checking_disabled else 0
    ident = secrets.randbelow(65536)
    head = _HEADER.pack(ident, flags, 1, 0, 0, int(edns))
    asked = name.to_digestable() + _TYPE_CLASS.pack(rdtype, dns.rdataclass.IN)
    return Question(ident, head + asked + (OPT if edns else b""), name, rdtype)


def read(data: bytes, question: Question, seconds: float, *, over_tcp: bool = False) -> DnsAnswer | Oddity:
    """Say what *data*, which came from the server asked, is."""
    if len(data) < _HEADER.size:
        return Oddity.MALFORMED
    ident, flags = struct.unpack_from("!HH", data)
    if ident != question.ident:
        return Oddity.STRAY
    if not flags & _RESPONSE or flags & _OPCODE:
        return Oddity.MALFORMED
    # Some servers cut a message anywhere, also inside a record: of one cut short only the question is read.
    cut = bool(flags & _TRUNCATED)
    try:
        message = dns.message.from_wire(data, ignore_trailing=True, question_only=cut)
        if not _asks(message, question):
            return Oddity.MISMATCHED
        return Oddity.CUT if cut else _answer(message, seconds, over_tcp=over_tcp)
    except (dns.exception.DNSException, ValueError):
        return Oddity.MALFORMED


def name_of(value: str) -> str:
    """Return the name a record's *value* holds, lower-case and without trailing dot, as `DnsRecord.owner` is."""
    return value.lower().removesuffix(".") or "."


def _asks(message: dns.message.Message, question: Question) -> bool:
    if not message.question:
        return message.rcode() in _MAY_OMIT_QUESTION
    asked = message.question[0]
    return (
        len(message.question) == 1
        and asked.name == question.name
        and asked.rdtype == question.rdtype
        and asked.rdclass == dns.rdataclass.IN
    )


def _answer(message: dns.message.Message, seconds: float, *, over_tcp: bool) -> DnsAnswer:
    code = dns.rcode.to_text(message.rcode())
    return DnsAnswer(
        rcode=code if not code.isdigit() else f"RCODE{code}",
        authoritative=bool(message.flags & dns.flags.AA),
        authenticated=bool(message.flags & dns.flags.AD),
        answer=_kept(message.answer),
        authority=_kept(message.authority),
        additional=_kept(message.additional),
        seconds=seconds,
        over_tcp=over_tcp,
    )


def _kept(section: Iterable[dns.rrset.RRset]) -> tuple[DnsRecord, ...]:
    return tuple(record for record, _ in zip(_records(section), range(RECORDS), strict=False))


def _records(section: Iterable[dns.rrset.RRset]) -> Iterator[DnsRecord]:
    for rrset in section:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        owner = name_of(clean(rrset.name.to_text()))
        rdtype = dns.rdatatype.to_text(rrset.rdtype)
        for rdata in rrset:
            yield DnsRecord(owner, rdtype, rrset.ttl, clean(rdata.to_text()))
