"""As much of the Basic Encoding Rules as SNMP uses, read with bounds. Source: RFC 3417 8; X.690 8."""

from __future__ import annotations

from probes.wire.snmp import Oid

INTEGER, OCTETS, NULL, OBJECT, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ARCS = 128
"""Arcs of an object identifier. Source: RFC 2578 3.5."""
_ARC = 2**32


class Malformed(ValueError):
    """The octets are not what they claim to be."""


def write(tag: int, *parts: bytes) -> bytes:
    """Return a value of *tag* whose contents are *parts*."""
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + body


def write_integer(value: int) -> bytes:
    """Return an INTEGER."""
    return write(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, signed=True))


def write_oid(oid: Oid) -> bytes:
    """Return an OBJECT IDENTIFIER of two arcs at least."""
    body = bytearray()
    for arc in (oid[0] * 40 + oid[1], *oid[2:]):
        septets = [arc & 0x7F]
        while arc := arc >> 7:
            septets.append(0x80 | arc & 0x7F)
        body += bytes(reversed(septets))
    return write(OBJECT, bytes(body))


def read(data: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Return the tag of the value that begins *at*, and where its contents begin and end.

    Raises:
        Malformed: there is none before *end*.
    """
    if end - at < 2:
        raise Malformed("cut short")
    tag, size = data[at], data[at + 1]
    at += 2
    if size & 0x80:
        count = size & 0x7F
        if not 1 <= count <= 4 or end - at < count:
            raise Malformed("length")
        size = int.from_bytes(data[at : at + count])
        at += count
    if size > end - at:
        raise Malformed("longer than what holds it")
    return tag, at, at + size


def expect(data: bytes, at: int, end: int, tag: int) -> tuple[int, int]:
    """Return where the contents of a value of *tag* begin and end.

    Raises:
        Malformed: another value stands there, or none.
    """
    found, start, stop = read(data, at, end)
    if found != tag:
        raise Malformed(f"tag {found:#04x} in place of {tag:#04x}")
    return start, stop


def read_integer(data: bytes, at: int, end: int) -> tuple[int, int]:
    """Return an INTEGER that begins *at*, and where it ends.

    Raises:
        Malformed: none stands there.
    """
    start, stop = expect(data, at, end, INTEGER)
    return number(data[start:stop], signed=True), stop


def number(body: bytes, *, signed: bool = False) -> int:
    """Return the number that *body* writes.

    Raises:
        Malformed: it is none of 64 bits.
    """
    if not 1 <= len(body) <= 9:
        raise Malformed("a number of so many octets")
    return int.from_bytes(body, signed=signed)


def oid(body: bytes) -> Oid:
    """Return the object identifier that *body* writes.

    Raises:
        Malformed: it is none.
    """
    arcs: list[int] = []
    arc = 0
    for octet in body:
        arc = arc << 7 | octet & 0x7F
        if arc >= _ARC or len(arcs) > ARCS:
            raise Malformed("object identifier")
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
    if not arcs or body[-1] & 0x80:
        raise Malformed("object identifier")
    first = min(arcs[0] // 40, 2)
    return (first, arcs[0] - 40 * first, *arcs[1:])
