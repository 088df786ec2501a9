"""HTTP responses and what comes in them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ipaddress import ip_address

from probes.marks import read_marks
from probes.page import read_page
from probes.redirect import goal, shown
from probes.reference import read_references, read_style
from probes.robots import read_robots
from probes.wire import HttpRequest, NotLooked, Unreached
from probes.wire.http1 import Http1Reply
from probes.wire.http2 import Http2Reply, Http11Required
from probes.wire.http_asking import asking
from probes.wire.http_body import Body
from probes.wire.watch import Watch
from tests.fuzz.targets import target

REQUEST = HttpRequest(
    "https", ip_address("192.0.2.1"), 443, "www.example", "/", body_limit=64 * 1024, decoded_limit=256 * 1024
)
ASKING = asking(REQUEST, "Diaolou")
CODINGS = ("gzip", "deflate", "br", "zstd", "gzip, br")
TYPES = ("text/html", "text/html; charset=gb18030", "text/html; charset=utf-16")


class Told:
    """A stream that says *data* in pieces, and then nothing."""

    def __init__(self, data: bytes) -> None:
        self._pieces = [data[:5], data[5:64], data[64:]]

    async def read(self) -> bytes:
        while self._pieces:
            if piece := self._pieces.pop(0):
                return piece
        return b""

    async def write(self, data: bytes) -> None:
        assert data

    def finish(self) -> None:
        pass

    def close(self) -> None:
        pass


async def _converse(data: bytes) -> None:
    for kind in (Http1Reply, Http2Reply):
        reply = kind(Told(data), REQUEST, Watch())
        with suppress(Unreached, Http11Required):
            await reply.run(ASKING)
            told = reply.exchange(0.0, 0.0)
            assert 100 <= told.status <= 999
            assert len(told.body) <= REQUEST.decoded_limit


@target
def http_responses(data: bytes) -> None:
    """A whole response, over HTTP/1.1 and HTTP/2."""
    asyncio.run(_converse(data))


@target
def http_bodies(data: bytes) -> None:
    """A body in any coding stays within its cap."""
    for coding in CODINGS:
        with suppress(Unreached):
            body = Body([coding], 64 * 1024, 256 * 1024)
            for at in range(0, len(data), 100):
                body.feed(data[at : at + 100])
                assert len(body.decoded) <= 256 * 1024
                if body.full:
                    break
            body.end()


@target
def locations(data: bytes) -> None:
    """Where a redirect leads: to a URL of the web with a host, elsewhere, or nowhere."""
    text = data.decode("utf-8", "replace")
    for base in ("https://www.example/a/b?c", "http://[2001:db8::1]:8080/"):
        if (there := goal(base, text)) is not None:
            shown(there.url)
            with suppress(NotLooked):
                request = HttpRequest("https", REQUEST.address, 443, there.host, there.path)
                asked = asking(request, "Diaolou")
                assert asked.target.isascii()
                assert not set(asked.target) & set("\r\n \t")


@target
def pages(data: bytes) -> None:
    """A page in any encoding: its title, references, style, marks, and a robots.txt."""
    for content_type in TYPES:
        read_page(data, content_type)
        references = read_references(data, content_type, "https://www.example/").references
        read_marks(data, content_type, references)
    read_style(data, "text/css", "https://www.example/a.css")
    robots = read_robots(data)
    robots.allows("/a/b")
