"""What both framings of HTTP make of a response: the same limits, and one way to hand it on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from probes.text import LIMIT, clean
from probes.wire import HttpExchange
from probes.wire.http_asking import Asking

INTERIM_LIMIT = 16
"""Interim (1xx) responses read before the final one."""

LOCATION_LIMIT = 8000
"""Bytes kept of where a redirect leads: cut shorter it would lead elsewhere. Source: RFC 9110 4.1."""


class Reply(Protocol):
    """One response being read off a stream."""

    async def run(self, asking: Asking) -> None:
        """Send the request and read all there is to read of the response.

        Raises:
            Unreached: no response, or none that can be read.
        """

    def exchange(self, connect: float, tls: float) -> HttpExchange:
        """Return what was read."""


def kept(headers: Iterable[tuple[bytes, bytes]]) -> tuple[tuple[str, str], ...]:
    """Return *headers*, names in lower case, as they are kept: cleaned and clipped."""
    return tuple(
        (clean(name), clean(value, LOCATION_LIMIT if name == b"location" else LIMIT)) for name, value in headers
    )


def codings(headers: Iterable[tuple[bytes, bytes]]) -> list[str]:
    """Return the values of Content-Encoding."""
    return [value.decode("latin-1") for name, value in headers if name == b"content-encoding"]
