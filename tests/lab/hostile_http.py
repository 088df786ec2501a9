"""Web servers that attack whoever asks: too much, too slow, not HTTP, or leading elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import itertools
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Callable, Iterable
from functools import cache

import brotli

from tests.lab.city import OUTSIDE
from tests.lab.model import SUFFIX

Script = Callable[[], AsyncIterator[bytes]]
"""What is sent, piece by piece, whatever was asked."""

HTML = b"Content-Type: text/html; charset=utf-8\r\n"
OK = b"HTTP/1.1 200 OK\r\n"
ESCAPES = "\x1b]0;owned\x07\x1b[31m\x1b[2J"
_MIB = 1 << 20


class Reset(Exception):
    """The connection shall end with a reset."""


def closed(body: bytes, headers: bytes = HTML, status: bytes = OK) -> bytes:
    """Return a whole response with an honest length."""
    return status + headers + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def titled(title: bytes, headers: bytes = HTML, text: bytes = b"") -> bytes:
    """Return a whole response with a title and no more markup than needed."""
    return closed(b"<html><head><title>" + title + b"</title></head><body>" + text + b"</body></html>", headers)


def once(data: bytes | Callable[[], bytes]) -> Script:
    """Send *data* and close."""

    async def script() -> AsyncIterator[bytes]:
        yield data() if callable(data) else data

    return script


def endless(head: bytes, piece: bytes) -> Script:
    """Send *head* and then *piece* for ever."""

    async def script() -> AsyncIterator[bytes]:
        yield head
        while True:
            yield piece

    return script


def drip(head: bytes, piece: bytes, pause: float = 0.5) -> Script:
    """Send *head* and then *piece* every *pause* seconds for ever."""

    async def script() -> AsyncIterator[bytes]:
        yield head
        while True:
            await asyncio.sleep(pause)
            yield piece

    return script


def redirect(location: str | bytes) -> Script:
    """Send every request to *location*."""
    raw = location.encode() if isinstance(location, str) else location
    return once(closed(b"", b"Location: " + raw + b"\r\n", b"HTTP/1.1 302 Found\r\n"))


async def hang() -> AsyncIterator[bytes]:
    """Say nothing."""
    await asyncio.sleep(600)
    yield b""


async def reset() -> AsyncIterator[bytes]:
    """End with a reset."""
    raise Reset
    yield b""


async def close() -> AsyncIterator[bytes]:
    """Close without a word."""
    for piece in tuple[bytes, ...]():
        yield piece


async def endless_headers() -> AsyncIterator[bytes]:
    """Send header after header, each with a name of its own."""
    yield OK
    for number in itertools.count():
        yield b"".join(b"X-%d-%d: %s\r\n" % (number, part, b"a" * 100) for part in range(100))


async def maze() -> AsyncIterator[bytes]:
    """Send a page with ten links to pages nobody has seen yet, again and again."""
    first = next(_corridors) * 10
    yield closed(b"".join(b'<a href="/maze/%d">' % (first + door) for door in range(10)))


_corridors = itertools.count()
ODD_LINKS = (
    b"http://127.0.0.1:6379/",
    b"http://[::1]/",
    b"http://169.254.169.254/latest/meta-data/",
    b"http://2130706433/",
    b"http://[::ffff:127.0.0.1]/",
    b"file:///etc/passwd",
    b"gopher://127.0.0.1:6379/_FLUSHALL",
    b"http://[/",
    b"http://a..b/",
    b"http://" + b"a" * 300 + b".test/",
    b"//198.18.99.1:22/",
    b"/" + b"a" * 5000,
    b"javascript:alert(1)",
    b"http://x\x00.test/",
    "http://开平\u202e.test/".encode(),
)
"""Links that a careful client does not follow."""


@cache
def bomb() -> bytes:
    """Return a quarter of a gibibyte of zeros, gzipped to about a thousandth of it."""
    squeeze = zlib.compressobj(9, wbits=31)
    return b"".join([*(squeeze.compress(bytes(_MIB)) for _ in range(256)), squeeze.flush()])


async def gzip_bomb() -> AsyncIterator[bytes]:
    """Send the bomb, made on first use beside the other attacks."""
    yield encoded(b"gzip", await asyncio.to_thread(bomb))


@cache
def br_bomb() -> bytes:
    """Return 64 MiB of one letter in a few bytes of br."""
    return brotli.compress(b"a" * (64 * _MIB), quality=2)


def zstd_bomb() -> bytes:
    """Return 64 MiB in a frame whose every block is one byte, 131,072 times. Source: RFC 8878 3.1.1.2."""
    repeated, last = (0x20000 << 3) | 2, 1
    blocks = [repeated] * 511 + [repeated | last]
    return bytes.fromhex("28b52ffd 00 38") + b"".join(block.to_bytes(3, "little") + b"a" for block in blocks)


def encoded(coding: bytes, body: bytes) -> bytes:
    """Return a response that claims *coding* for *body*."""
    return closed(body, HTML + b"Content-Encoding: " + coding + b"\r\n")


async def play(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Wait for a request, play *script*, and reset the connection if it says so."""
    await reader.read(4096)
    try:
        async for piece in script():
            writer.write(piece)
            await writer.drain()
    except Reset:
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        writer.transport.abort()


_HOSTILE = f"hostile.{SUFFIX}"
_PAGE = b"<html><head><title>x</title></head><body>"

Case = tuple[Script, tuple[str, ...]]


def _redirects() -> Iterable[tuple[str, Case]]:
    refused = ("not_followed",)
    for name, location in {
        "loopback": "http://127.0.0.1/",
        "loopback6": "http://[::1]/",
        "mapped": "http://[::ffff:127.0.0.1]/",
        "decimal": "http://2130706433/",
        "metadata": "http://169.254.169.254/latest/meta-data/",
        "file": "file:///etc/passwd",
        "gopher": "gopher://127.0.0.1:6379/_FLUSHALL",
        "redis": f"http://db.data.{SUFFIX}:6379/",
        "userinfo": f"http://www.{SUFFIX}@127.0.0.1/",
        "outside": OUTSIDE,
    }.items():
        yield f"redirect-{name}", (redirect(location), refused)
    yield "redirect-loop", (redirect(f"http://redirect-loop.{_HOSTILE}/"), ("not_followed",))
    # A bare CR LF ends the header: what follows is another header, and must not become one of ours.
    split = b"http://www." + SUFFIX.encode() + b"/\r\nSet-Cookie: injected=1"
    yield "redirect-crlf", (redirect(split), ("ok", "not_followed"))
    yield (
        "redirect-control",
        (redirect(b"http://www\x00\x0b.example.test/\x1b[2J"), ("not_followed", "http_malformed")),
    )


def http_cases() -> dict[str, Case]:
    """Return the hostile web servers by name: what they send, and what a careful client may conclude."""
    big, late, bad = ("http_oversized",), ("http_timeout",), ("http_malformed",)
    # A client may also keep the beginning of a body that is too long, if it says so.
    long = ("http_oversized", "clipped")
    chunked = OK + HTML + b"Transfer-Encoding: chunked\r\n\r\n"
    length = b"Content-Length: %d\r\n\r\n"
    return {
        "endless-headers": (endless_headers, big),
        "endless-body": (endless(OK + HTML + b"\r\n" + _PAGE, b"a" * 65536), long),
        "endless-chunks": (endless(chunked, b"1\r\na\r\n" * 1000), long),
        "endless-1xx": (endless(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 100), (*big, *bad)),
        "endless-status": (endless(b"HTTP/1.1 200 ", b"a" * 65536), (*big, *bad)),
        "drip-headers": (drip(OK, b"X-A: b\r\n"), late),
        "drip-body": (drip(OK + HTML + length % 100000, b"a"), late),
        "hang": (hang, late),
        "reset": (reset, ("connection_reset",)),
        "close": (close, ("connection_closed",)),
        "gzip-bomb": (gzip_bomb, long),
        "br-bomb": (once(lambda: encoded(b"br", br_bomb())), long),
        "zstd-bomb": (once(lambda: encoded(b"zstd", zstd_bomb())), long),
        "br-truncated": (once(lambda: encoded(b"br", br_bomb()[:-9])), (*long, "http_truncated")),
        "zstd-wide": (once(encoded(b"zstd", bytes.fromhex("28b52ffd 00 f8 010000"))), ("http_bad_encoding",)),
        "gzip-truncated": (
            once(encoded(b"gzip", gzip.compress(_PAGE * 100)[:-30])),
            ("http_truncated", "http_bad_encoding"),
        ),
        "gzip-lie": (once(encoded(b"gzip", _PAGE)), ("http_bad_encoding",)),
        "unknown-encoding": (once(encoded(b"x-magic", _PAGE)), ("http_bad_encoding",)),
        "body-truncated": (once(OK + HTML + length % 5000 + _PAGE), ("http_truncated",)),
        "two-lengths": (once(OK + b"Content-Length: 5\r\n" + length % 50 + _PAGE), (*bad, "http_truncated")),
        "negative-length": (once(OK + length % -5 + _PAGE), bad),
        "huge-length": (once(OK + length % 10**30 + _PAGE), (*bad, *long, "http_truncated")),
        "bad-chunk": (once(chunked + b"zz\r\nabc\r\n"), bad),
        "bad-status": (once(b"HTTP/1.1 abc OK\r\n\r\n"), bad),
        "http09": (once(_PAGE), bad),
        "binary": (once(bytes(range(256)) * 16), bad),
        "header-line-5mb": (once(lambda: closed(_PAGE, b"X-Long: " + b"a" * (5 * _MIB) + b"\r\n")), (*big, *bad)),
        "cookies-20000": (once(lambda: closed(_PAGE, b"Set-Cookie: a=b\r\n" * 20000)), (*big, *bad)),
        "title-5mb": (once(lambda: titled(b"a" * (5 * _MIB))), ("ok", *long)),
        "nested-tags": (once(lambda: closed(b"<b>" * 300_000)), ("ok", *long)),
        "links-endless": (maze, ("ok",)),
        "links-50000": (once(lambda: closed(b"".join(b"<a href=/%d>" % number for number in range(50_000)))), ("ok",)),
        "links-nowhere": (
            once(titled(b"x", text=b"".join(b'<a href="%b">' % url for url in ODD_LINKS))),
            ("ok",),
        ),
        "meta-refresh": (
            once(titled(b"x", text=b'<meta http-equiv="refresh" content="0;url=http://127.0.0.1/">')),
            ("ok",),
        ),
        **dict(_redirects()),
    }


def text_cases() -> dict[str, tuple[Script, str]]:
    """Return servers whose text is the attack, and the title a reader must be shown, cleaned of what hides."""
    control = ESCAPES.encode()
    page = "<html><head><title>开平</title></head></html>"
    return {
        "invalid-utf8": (once(titled(b"ab\xff\xfe\xc3(cd")), "ab\ufffd\ufffd\ufffd(cd"),
        "gb18030": (
            once(titled("开平市人民政府 㐀".encode("gb18030"), b"Content-Type: text/html; charset=gb2312\r\n")),
            "开平市人民政府 㐀",
        ),
        "utf-16": (once(closed(page.encode("utf-16"), b"Content-Type: text/html\r\n")), "开平"),
        "escapes": (
            once(titled(control, HTML + b"Server: " + control + b"\r\n")),
            "\\x1b]0;owned\\x07\\x1b[31m\\x1b[2J",
        ),
        "markup": (once(titled(b"&lt;script&gt;alert(1)&lt;/script&gt;")), "<script>alert(1)</script>"),
        "formula": (once(titled(b"=cmd|'/c calc'!A1")), "=cmd|'/c calc'!A1"),
        "bidi": (once(titled("moc.\u202etest\u200b".encode())), "moc.\\u202etest\\u200b"),
        "nul": (once(titled(b"a\x00b\x01c")), "a\\x00b\\x01c"),
        "quotes": (once(titled(b'a"b\\c{x="1"} 2')), 'a"b\\c{x="1"} 2'),
    }
