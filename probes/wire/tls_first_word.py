"""Reading the first word of a TLS server: a ServerHello or an alert, out of records that anyone may have made.

Nothing is decrypted, and nothing behind the first word is looked at. Source: RFC 8446 4.1.3, 5.1, 6; RFC 5246 7.4.1.3.
"""

from __future__ import annotations

from typing import Final

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached
from probes.wire.greeting import Greeting, Hello, TlsVersion
from probes.wire.tls_alerts import of_alert
from probes.wire.tls_hello import CODES

WORD_LIMIT = 8 * 1024
"""Octets of a ServerHello, its records included: honest ones have some hundred."""

_ALERT, _HANDSHAKE, _SERVER_HELLO = 21, 22, 2
_HEADER, _PREFIX, _ALERT_SIZE = 5, 4, 2
_RECORD_LIMIT = 2**14 + 2048
_WARNING, _WARNINGS = 1, 4
_CLOSE_NOTIFY = 0
_VERSIONS_EXTENSION = 43
_MAJORS: Final = frozenset({3, 1})
_VERSIONS: Final = {code: version for version, code in CODES.items()}


class FirstWord:
    """Puts together the first word of a server that was told *hello*."""

    def __init__(self, hello: Hello) -> None:
        self._hello = hello
        self._buffer, self._said = bytearray(), bytearray()
        self._kind = self._left = self._came = self._warnings = 0

    def feed(self, data: bytes) -> Greeting | None:
        """Take the next bytes; return the greeting once it is whole.

        Raises:
            Unreached: TLS_NOT_TLS or TLS_MALFORMED, there will be no greeting.
        """
        self._came += len(data)
        self._buffer += data
        while self._buffer and (self._left or self._open_record()):
            self._said += self._buffer[: self._left]
            taken = min(self._left, len(self._buffer))
            del self._buffer[:taken]
            self._left -= taken
            word = self._alert() if self._kind == _ALERT else self._server_hello()
            if word is not None:
                return word
        if self._came > WORD_LIMIT:
            raise _malformed(f"no greeting within {WORD_LIMIT} bytes")
        return None

    def _open_record(self) -> bool:
        """Read the header of the next record; say whether it was there."""
        head = self._buffer
        if head[0] not in (_ALERT, _HANDSHAKE) or (len(head) > 1 and head[1] not in _MAJORS):
            if self._kind:
                raise _malformed(f"record of type {head[0]}")
            raise Unreached(Failure.TLS_NOT_TLS, clean(bytes(head[:64]), 96))
        if len(head) < _HEADER:
            return False
        kind, length = head[0], int.from_bytes(head[3:_HEADER])
        if not 0 < length <= _RECORD_LIMIT or (self._said and kind != self._kind):
            raise _malformed(f"record of type {kind} and {length} bytes")
        self._kind, self._left = kind, length
        del head[:_HEADER]
        return True

    def _alert(self) -> Greeting | None:
        while len(self._said) >= _ALERT_SIZE:
            level, code = self._said[:_ALERT_SIZE]
            del self._said[:_ALERT_SIZE]
            if level != _WARNING or code == _CLOSE_NOTIFY:
                refusal = of_alert(code)
                return Greeting(None, refused=refusal.failure, detail=refusal.detail)
            self._warnings += 1
            if self._warnings > _WARNINGS:
                raise _malformed("warning after warning")
        return None

    def _server_hello(self) -> Greeting | None:
        if len(self._said) < _PREFIX:
            return None
        kind, length = self._said[0], int.from_bytes(self._said[1:_PREFIX])
        if kind != _SERVER_HELLO or length > WORD_LIMIT:
            raise _malformed(f"message of type {kind} and {length} bytes")
        if len(self._said) < _PREFIX + length:
            return None
        version, suite = _chosen(bytes(self._said[_PREFIX : _PREFIX + length]))
        if not self._was_offered(version, suite):
            raise _malformed(f"chose {version} and 0x{suite:04X}, which were not offered")
        return Greeting(version, suite)

    def _was_offered(self, version: TlsVersion | None, suite: int) -> bool:
        if version is None or suite not in self._hello.suites:
            return False
        if TlsVersion.TLCP in (version, self._hello.newest):
            return version is self._hello.newest
        return CODES[version] <= CODES[self._hello.newest]


def _chosen(hello: bytes) -> tuple[TlsVersion | None, int]:
    """Return what a ServerHello chose; the version is None for one that we do not know.

    Raises:
        Unreached: TLS_MALFORMED.
    """
    at = 34
    if len(hello) <= at:
        raise _malformed("ServerHello cut short")
    at += 1 + hello[at]
    if len(hello) < at + 3:
        raise _malformed("ServerHello cut short")
    code, suite = int.from_bytes(hello[:2]), int.from_bytes(hello[at : at + 2])
    selected = _selected(hello[at + 3 :])
    if selected is not None and (code, selected) != (CODES[TlsVersion.TLS12], CODES[TlsVersion.TLS13]):
        raise _malformed(f"version 0x{selected:04X} selected within 0x{code:04X}")
    return _VERSIONS.get(code if selected is None else selected), suite


def _selected(rest: bytes) -> int | None:
    """Return the version named by an extension; None without one.

    Raises:
        Unreached: TLS_MALFORMED, the extensions do not fit in their place.
    """
    end, at = 2 + int.from_bytes(rest[:2]), 2
    if rest and end != len(rest):
        raise _malformed("extensions of another length")
    while at < len(rest):
        kind, length = int.from_bytes(rest[at : at + 2]), int.from_bytes(rest[at + 2 : at + 4])
        at += 4 + length
        if at > len(rest):
            raise _malformed("extension cut short")
        if kind == _VERSIONS_EXTENSION and length == 2:
            return int.from_bytes(rest[at - 2 : at])
    return None


def _malformed(words: str) -> Unreached:
    return Unreached(Failure.TLS_MALFORMED, words)
