"""A response body on its way from the wire to plain bytes, with a cap on both sides of the decoder."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from probes.wire.http_coding import decoder

PIECE_LIMIT = 10_000
"""Pieces a body may come in; a body in chunks of a byte each costs us far more than it costs the server."""

RATIO = 1100
"""Decoded bytes for each byte of the wire, once there are more than FREE: deflate cannot make more, bombs can."""
FREE = 1024 * 1024

_PLAIN: Final = frozenset({"", "identity", "none", "utf-8"})
"""Content codings that change nothing; the last two are no codings, but servers send them and browsers shrug."""


class Body:
    """Collects decoded bytes, at most *limit*, or *wire_limit* if nothing needs decoding; then it is `full`.

    It is full too when it came in too many pieces, or unpacks to too much for what came. *codings* are the values of
    Content-Encoding in the order applied.

    Raises:
        Unreached: HTTP_BAD_ENCODING, for a coding that we cannot undo.
    """

    def __init__(self, codings: Iterable[str], wire_limit: int, limit: int) -> None:
        coding = [each.strip().lower() for value in codings for each in value.split(",")]
        self._decoder = decoder([each for each in coding if each not in _PLAIN])
        self._limit = limit if self._decoder else wire_limit
        self._got = bytearray()
        self._pieces = self._came = 0
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
        self._came += len(data)
        self._pieces += 1
        if self._decoder is None:
            room, plain = self._limit - len(self._got), data
        else:
            room = min(self._limit, max(FREE, RATIO * self._came)) - len(self._got)
            plain = self._decoder.feed(data, room + 1)
        self._got += plain[:room]
        self.full = self.full or len(plain) > room or self._pieces >= PIECE_LIMIT

    def end(self) -> None:
        """Take note that all has come.

        Raises:
            Unreached: HTTP_TRUNCATED, the decoder waits for more.
        """
        if self._decoder is not None and not self.full:
            self._decoder.end()
