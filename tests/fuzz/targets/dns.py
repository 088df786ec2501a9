"""DNS messages: read one by one with all care, and by columns where they are plain."""

from __future__ import annotations

import dns.name
import dns.rdatatype
import numpy as np

from probes.target import Family
from probes.wire import DnsAnswer
from probes.wire.dns_codec import Question, read
from probes.wire.dns_columns import Names
from probes.wire.dns_reading import read as read_columns
from probes.wire.trail import follow
from tests.fuzz.targets import target

NAME = "www.kaiping.gov.test"
NAMES = Names.of([NAME, "ns1.kaiping.gov.test"])
WIDTH = 1280
QUESTIONS = {
    kind: Question(0x1234, b"", dns.name.from_text(NAME), dns.rdatatype.from_text(kind))
    for kind in ("A", "AAAA", "NS", "SOA", "MX", "DS")
}


@target
def dns_messages(data: bytes) -> None:
    """An answer to any of our questions, its ID made ours: a trail to its addresses ends."""
    for kind, question in QUESTIONS.items():
        met = read(b"\x12\x34" + data[2:], question, 0.1)
        if isinstance(met, DnsAnswer) and kind in ("A", "AAAA"):
            follow(met, NAME, kind)


@target
def dns_columns(data: bytes) -> None:
    """A batch of datagrams: what columns say plainly is what careful reading says."""
    row = np.zeros((4, WIDTH), np.uint8)
    row[:, : len(data[:WIDTH])] = np.frombuffer(data[:WIDTH], np.uint8)
    lengths = np.full(4, len(data[:WIDTH]), np.intp)
    reading = read_columns(row, lengths, NAMES, np.arange(4))
    for number, (kind, family) in enumerate((("A", Family.IPV4), ("AAAA", Family.IPV6))):
        if not reading.presence[number]:
            continue
        met = read(data[:2] + data[2:WIDTH], _asked(data, kind), 0.1)
        assert isinstance(met, DnsAnswer), "columns read what nobody else can"
        trail = follow(met, NAME, kind)
        found = {bytes(address) for address in reading.addresses[reading.owners == number]}
        told = {address.packed.ljust(16, b"\0") for address in trail.addresses if Family.of(address) is family}
        assert {each.ljust(16, b"\0") for each in found} == told


def _asked(data: bytes, kind: str) -> Question:
    question = QUESTIONS[kind]
    return Question(int.from_bytes(data[:2]), b"", question.name, question.rdtype)
