"""A recursive resolver on loopback for made-up names, each of which it answers well or in a way of its own."""

from __future__ import annotations

from dataclasses import dataclass, field

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset

ZONE = "kp.gov.test"
WAYS = (
    "well",
    "servfail",
    "refused",
    "formerr",
    "cut",
    "cut then silent",
    "malformed",
    "other question",
    "no question",
    "wrong id",
    "upper case",
    "two answers",
    "no soa",
    "referral",
    "alias alone",
    "trailing octets",
    "many records",
    "twice the same",
    "other class",
)


@dataclass(frozen=True)
class Entry:
    """What is at one name: its addresses by type, the names it leads through, and how the server tells of it."""

    addresses: dict[str, tuple[str, ...]] = field(default_factory=dict)
    chain: tuple[str, ...] = ()
    way: str = "well"
    exists: bool = True


def answer(query: dns.message.Message, udp: bool, entries: dict[str, Entry]) -> bytes | list[bytes] | None:
    """Answer as the entry of the name asked for wants it; the control name of the zone is always fine."""
    asked = query.question[0]
    name = asked.name.to_text(omit_final_dot=True).lower()
    entry = entries.get(name, Entry(exists=name == ZONE))
    if name == ZONE:
        entry = Entry({"A": ("198.18.0.1",)})
    message = _truth(query, entry)
    return _spoil(message, query, udp, entry)


def _truth(query: dns.message.Message, entry: Entry) -> dns.message.Message:
    message = dns.message.make_response(query, recursion_available=True)
    asked = query.question[0]
    kind = dns.rdatatype.to_text(asked.rdtype)
    here = asked.name
    for target in entry.chain:
        message.answer.append(dns.rrset.from_text(here, 60, "IN", "CNAME", f"{target}."))
        here = dns.name.from_text(target)
    addresses = entry.addresses.get(kind, ())
    if addresses:
        message.answer.append(dns.rrset.from_text(here, 30, "IN", kind, *addresses))
    elif entry.way != "no soa":
        soa = f"ns1.{ZONE}. hostmaster.{ZONE}. 1 2 3 4 5"
        message.authority.append(dns.rrset.from_text(f"{ZONE}.", 60, "IN", "SOA", soa))
    message.set_rcode(dns.rcode.NOERROR if entry.exists else dns.rcode.NXDOMAIN)
    return message


def _spoil(message, query, udp, entry):
    way, asked = entry.way, query.question[0]
    if way in ("servfail", "refused", "formerr"):
        bare = dns.message.make_response(query)
        bare.set_rcode(dns.rcode.from_text(way))
        return bare.to_wire()
    if way in ("cut", "cut then silent"):
        if not udp:
            return message.to_wire() if way == "cut" else None
        message.flags |= dns.flags.TC
        message.answer.clear()
        return message.to_wire()
    if way == "malformed":
        return message.to_wire()[:-3] + b"\xff"
    if way == "other question":
        other = dns.message.make_query(f"other.{ZONE}", asked.rdtype)
        other.id = query.id
        return [_truth(other, Entry({"A": ("198.18.6.6",), "AAAA": ("2001:db8::6",)})).to_wire(), message.to_wire()]
    if way == "wrong id":
        wire = message.to_wire()
        return [bytes([wire[0] ^ 1]) + wire[1:], wire]
    if way == "no question":
        wire = bytearray(message.to_wire())
        wire[4:6] = b"\0\0"
        return bytes(wire)
    if way == "upper case":
        return message.to_wire().replace(b"kp\x03gov", b"KP\x03gOv")
    if way == "two answers":
        return [message.to_wire()] * 2
    if way == "trailing octets":
        return message.to_wire() + b"\0" * 7
    return _more(way, message)


def _more(way, message):
    question = message.question[0]
    if way == "referral":
        message.authority[:] = [dns.rrset.from_text(f"{ZONE}.", 60, "IN", "NS", f"ns1.{ZONE}.")]
    if way == "alias alone":
        message.answer[:] = [each for each in message.answer if each.rdtype == dns.rdatatype.CNAME]
        message.authority.clear()
    if way == "many records":
        message.answer.append(dns.rrset.from_text(question.name, 9, "IN", "A", *[f"198.18.7.{n}" for n in range(40)]))
    if way == "twice the same":
        return _doubled(message)
    if way == "other class":
        message.answer.append(dns.rrset.from_text(question.name, 9, "CH", "TXT", '"version"'))
    return message.to_wire(max_size=4096)


def _doubled(message):
    """Write every record of the answer twice, the second time with another lifetime."""
    more = [dns.rrset.from_rdata(each.name, each.ttl // 2, *each) for each in message.answer]
    message.answer += more
    return message.to_wire()
