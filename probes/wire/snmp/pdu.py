"""Questions put to agents and their answers, whatever message they travel in. Source: RFC 3416 3 and 4.2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from probes.wire.snmp import Oid
from probes.wire.snmp.ber import (
    NULL,
    OBJECT,
    OCTETS,
    SEQUENCE,
    Malformed,
    expect,
    number,
    oid,
    read,
    read_integer,
    write,
    write_integer,
    write_oid,
)

GET_NEXT, RESPONSE, GET_BULK, REPORT = 0xA1, 0xA2, 0xA5, 0xA8
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
_INTEGER, _UNSIGNED = 0x02, frozenset({0x41, 0x42, 0x43, 0x46})
_OCTETS = frozenset({OCTETS, 0x40, 0x44})
_ABSENT = frozenset({NULL, NO_OBJECT, NO_INSTANCE, END_OF_VIEW})
_EMPTY = write(NULL)


@dataclass(frozen=True, slots=True)
class Binding:
    """One object and its value: a number, octets (dotted, for an object identifier), or None where there is none."""

    oid: Oid
    tag: int
    value: int | bytes | None


@dataclass(frozen=True, slots=True)
class Pdu:
    """An answer; *status* is 0 unless the agent refuses."""

    kind: int
    number: int
    status: int
    bindings: tuple[Binding, ...]


def question(request: int, oids: Iterable[Oid], repetitions: int) -> bytes:
    """Return the question for what follows each of *oids*, so many times."""
    asked = [write(SEQUENCE, write_oid(each), _EMPTY) for each in oids]
    parts = write_integer(request), write_integer(0), write_integer(repetitions), write(SEQUENCE, *asked)
    return write(GET_BULK, *parts)


def read_pdu(data: bytes, at: int, end: int) -> Pdu:
    """Return the PDU that begins *at*.

    Raises:
        Malformed: none stands there.
    """
    kind, at, stop = read(data, at, end)
    if kind not in (RESPONSE, REPORT):
        raise Malformed(f"PDU {kind:#04x}")
    request, at = read_integer(data, at, stop)
    status, at = read_integer(data, at, stop)
    _, at = read_integer(data, at, stop)
    at, last = expect(data, at, stop, SEQUENCE)
    return Pdu(kind, request, status, tuple(_bindings(data, at, last)))


def _bindings(data: bytes, at: int, end: int) -> Iterator[Binding]:
    while at < end:
        start, at = expect(data, at, end, SEQUENCE)
        first, last = expect(data, start, at, OBJECT)
        tag, begin, stop = read(data, last, at)
        yield Binding(oid(data[first:last]), tag, _value(tag, data[begin:stop]))


def _value(tag: int, body: bytes) -> int | bytes | None:
    if tag == _INTEGER:
        return number(body, signed=True)
    if tag in _UNSIGNED:
        return number(body)
    if tag in _OCTETS:
        return body
    if tag == OBJECT:
        return ".".join(map(str, oid(body))).encode("ascii")
    if tag in _ABSENT:
        return None
    raise Malformed(f"value {tag:#04x}")
