"""The bytes of a ClientHello, for any version and any suites: what no library of today would still send.

Source: RFC 8446 4.1.2, RFC 5246 7.4.1.2, RFC 6101 5.6.1.2, GB/T 38636-2020 6.4.5.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import ip_address
from typing import Final

from probes.wire.greeting import Hello, TlsVersion

CODES: Final = {
    TlsVersion.TLS13: 0x0304,
    TlsVersion.TLS12: 0x0303,
    TlsVersion.TLS11: 0x0302,
    TlsVersion.TLS10: 0x0301,
    TlsVersion.SSL3: 0x0300,
    TlsVersion.TLCP: 0x0101,
}
"""Versions as they are written on the wire."""

_HANDSHAKE, _CLIENT_HELLO = 22, 1
_RENEGOTIATION_SIGNAL = 0x00FF
_SERVER_NAME, _GROUPS, _POINT_FORMATS, _SIGNATURES, _PADDING = 0, 10, 11, 13, 21
_MASTER_SECRET, _VERSIONS, _PSK_MODES, _KEY_SHARE = 23, 43, 45, 51
_X25519 = 29
_CURVES: Final = (_X25519, 23, 24, 25, 30, 256, 257, 258, 22, 21, 19, 9, 10, 13, 14)
"""x25519, NIST and finite-field groups; the smaller curves last, for servers that know no others."""
_ALGORITHMS: Final = (
    0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B,
    0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301, 0x0302, 0x0203, 0x0201, 0x0202, 0x0101,
)  # fmt: skip
_AWKWARD: Final = range(256, 512)
"""Lengths of a hello at which old load balancers hang. Source: RFC 7685 1."""


def client_hello(hello: Hello, chance: Callable[[int], bytes] = os.urandom) -> bytes:
    """Return the record to send; *chance* gives random bytes."""
    newest, code = hello.newest, CODES[hello.newest]
    modern = newest is TlsVersion.TLS13
    suites = b"".join(_u16(number) for number in (*hello.suites, *(() if modern else (_RENEGOTIATION_SIGNAL,))))
    body = b"".join(
        (
            _u16(min(code, CODES[TlsVersion.TLS12])),
            chance(32),
            _sized(chance(32) if modern else b"", 1),
            _sized(suites, 2),
            b"\x01\x00",
        )
    )
    body += _extensions(hello, len(body), chance)
    message = bytes([_CLIENT_HELLO]) + _sized(body, 3)
    return bytes([_HANDSHAKE]) + _u16(min(code, CODES[TlsVersion.TLS10])) + _sized(message, 2)


def _extensions(hello: Hello, before: int, chance: Callable[[int], bytes]) -> bytes:
    """Return the extensions with their length, *before* being the length of the rest; none for SSL 3.0."""
    if hello.newest is TlsVersion.SSL3:
        return b""
    name = (
        b"" if _is_address(hello.host) else _extension(_SERVER_NAME, _sized(b"\0" + _sized(hello.host.encode(), 2), 2))
    )
    if hello.newest is TlsVersion.TLCP:
        return _sized(name, 2) if name else b""
    parts = [
        name,
        _extension(_GROUPS, _sized(b"".join(map(_u16, _CURVES)), 2)),
        _extension(_POINT_FORMATS, b"\x01\x00"),
        _extension(_MASTER_SECRET, b""),
    ]
    if hello.newest in (TlsVersion.TLS13, TlsVersion.TLS12):
        parts.append(_extension(_SIGNATURES, _sized(b"".join(map(_u16, _ALGORITHMS)), 2)))
    if hello.newest is TlsVersion.TLS13:
        versions = b"".join(_u16(CODES[version]) for version in list(TlsVersion)[:4])
        # Any 32 bytes are a point of x25519: nobody will ever compute with this one.
        share = _u16(_X25519) + _sized(chance(32), 2)
        parts += [
            _extension(_VERSIONS, _sized(versions, 1)),
            _extension(_PSK_MODES, b"\x01\x01"),
            _extension(_KEY_SHARE, _sized(share, 2)),
        ]
    told = b"".join(parts)
    length = 4 + before + 2 + len(told)
    if length in _AWKWARD:
        told += _extension(_PADDING, bytes(max(0, _AWKWARD.stop - length - 4)))
    return _sized(told, 2)


def _server_name(host: str) -> bytes:
    return _extension(_SERVER_NAME, _sized(b"\0" + _sized(host.encode("ascii"), 2), 2))


def _extension(kind: int, said: bytes) -> bytes:
    return _u16(kind) + _sized(said, 2)


def _u16(number: int) -> bytes:
    return number.to_bytes(2)


def _sized(said: bytes, width: int) -> bytes:
    return len(said).to_bytes(width) + said


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
