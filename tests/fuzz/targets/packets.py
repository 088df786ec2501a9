"""Packets off raw sockets, and frames between the daemon and the packet process."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_address

import numpy as np

from probes.target import Family
from probes.wire.packets import icmp, sounding_answers
from probes.wire.packets.protocol import LENGTH, ProtocolError, decode, encode
from probes.wire.packets.syn import answers
from tests.fuzz.targets import target

SOURCES = ip_address("198.18.20.10"), ip_address("2001:db8:18:20::10")
WIDTH = 128


@target
def icmp_messages(data: bytes) -> None:
    """What a raw ICMP socket of either family hands over."""
    for source in SOURCES:
        icmp.read(source, data)
        sounding_answers.read(source, data)
        answers.read_error(source, data)


@target
def syn_answers(data: bytes) -> None:
    """A batch of rows off the ring, each padded, and as long as its first octet says."""
    rows = [data[at : at + WIDTH] for at in range(0, len(data), WIDTH)] or [b""]
    table = np.zeros((len(rows), WIDTH), np.uint8)
    for number, row in enumerate(rows):
        table[number, : len(row)] = np.frombuffer(row, np.uint8)
    lengths = np.array([len(row) for row in rows])
    for family in Family:
        met = answers.read(family, table, lengths, np.zeros(len(rows)))
        assert len(met) <= len(rows)


@target
def packet_protocol(data: bytes) -> None:
    """A frame on the Unix socket: one that is understood is written just so again."""
    with suppress(ProtocolError):
        message = decode(data)
        again = encode(message)
        assert decode(again[LENGTH.size :]) == message
