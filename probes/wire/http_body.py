"""A response body on its way from the wire to plain bytes, with a cap on both sides of the decoder."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Final

from probes.observation import Failure
from probes.text import clean
from probes.wire import Unreached

_PLAIN: Final = frozenset({"", "identity", "none", "utf-8"})
"""Content codings that change nothing; the last two are no codings, but servers send them and browsers shrug."""

_GZIP, _ZLIB, _RAW = 31, 15, -15
_MEMBERS = 16


class Body:
    """Collects decoded bytes, at most *limit*, or *wire_limit* if nothing needs decoding; then it is `full`.

    *codings* are the values of Content-Encoding in the order applied.

    Raises:
        Unreached: HTTP_BAD_ENCODING, for a coding that we cannot undo.
    """

    def __init__(self, codings: Iterable[str], wire_limit: int, limit: int) -> None:
        coding = [each.strip().lower() for value in codings for each in value.split(",")]
        coding = [each for each in coding if each not in _PLAIN]
        self._decoder = _decoder(coding)
        self._limit = limit if self._decoder else wire_limit
        self._got = bytearray()
        self.full = False

    @property
    def decoded(self) -> bytes:
        """What has come out so far."""
        return bytes(self._got)

    def feed(self, data: bytes) -> None:
        """Take the next bytes off the wire.

        Raises:
            Unreached: HTTP_BAD_ENCODING, they are not what was promised.
        """
        room = self._limit - len(self._got)
        plain = data if self._decoder is None else self._decoder.feed(data, room + 1)
        self._got += plain[:room]
        self.full = self.full or len(plain) > room

    def end(self) -> None:
        """Take note that all has come.

        Raises:
            Unreached: HTTP_TRUNCATED, the decoder waits for more.
        """
        if self._decoder is not None and not self.full:
            self._decoder.end()


class _Decoder:
    """gzip (several members, as RFC 1952 allows) or deflate, in whichever of its two meanings the server uses."""

    def __init__(self, *, gzip: bool) -> None:
        self._gzip, self._members, self._over = gzip, 1, False
        self._inflate = zlib.decompressobj(_GZIP if gzip else _ZLIB)
        self._fed = False

    def feed(self, data: bytes, most: int) -> bytes:
        """Return at most *most* bytes; getting that many means that there may be more."""
        if data and not self._fed and not self._gzip and not _has_zlib_header(data):
            self._inflate = zlib.decompressobj(_RAW)
        self._fed = self._fed or bool(data)
        plain = bytearray()
        while data and not self._over and len(plain) < most:
            if self._inflate.eof:
                self._next_member()
                continue
            plain += self._inflated(data, most - len(plain))
            data = self._inflate.unused_data
        return bytes(plain)

    def end(self) -> None:
        """Take note that all has come.

        Raises:
            Unreached: HTTP_TRUNCATED.
        """
        if self._fed and not self._over and not self._inflate.eof:
            raise Unreached(Failure.HTTP_TRUNCATED, "compressed body ends early")

    def _inflated(self, data: bytes, most: int) -> bytes:
        try:
            return self._inflate.decompress(data, most)
        except zlib.error as fault:
            if self._members > 1:
                # Behind a whole member stands no other but padding.
                self._over = True
                return b""
            raise Unreached(Failure.HTTP_BAD_ENCODING, clean(str(fault), 96)) from fault

    def _next_member(self) -> None:
        if not self._gzip:
            self._over = True
            return
        self._members += 1
        if self._members > _MEMBERS:
            raise Unreached(Failure.HTTP_BAD_ENCODING, f"more than {_MEMBERS} gzip members")
        self._inflate = zlib.decompressobj(_GZIP)


def _decoder(codings: list[str]) -> _Decoder | None:
    if not codings:
        return None
    if len(codings) > 1 or codings[0] not in ("gzip", "x-gzip", "deflate"):
        raise Unreached(Failure.HTTP_BAD_ENCODING, f"content-encoding {clean(', '.join(codings), 96)}")
    return _Decoder(gzip=codings[0] != "deflate")


def _has_zlib_header(data: bytes) -> bool:
    # Source: RFC 1950 2.2; one byte alone is judged by its method.
    if data[0] & 0x0F != 8:
        return False
    return len(data) < 2 or int.from_bytes(data[:2]) % 31 == 0
