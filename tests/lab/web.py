"""The city's web servers: honest HTTP/1.1, one answer to a connection."""

from __future__ import annotations

import asyncio
import email.utils
import html
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from probes.target import Family
from tests.lab import sheets
from tests.lab.model import Host, Site, Web

_HEAD_LIMIT = 16384
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to one request."""

    status: HTTPStatus
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    content_type: str = "text/html; charset=utf-8"


def page(title: str, text: str = "", filler: int = 0, marks: str = "") -> bytes:
    """Return a page in Chinese with *marks* at its foot and *filler* bytes of padding."""
    return (
        f'<!DOCTYPE html>\n<html lang="zh-CN"><head><meta charset="utf-8"><title>{html.escape(title)}</title></head>'
        f"<body><h1>{html.escape(title)}</h1><p>演示数据 · demo data</p><p>{html.escape(text)}</p>"
        f"<p>{html.escape(marks)}</p><!-- {'.' * filler} --></body></html>\n"
    ).encode()


def answer(site: Site, host: Host, family: Family, *, secure: bool, path: str) -> Answer:
    """Decide what *host* says to a GET or HEAD of *path*."""
    web, name = host.web, site.fqdn(host)
    if web.redirect:
        return Answer(HTTPStatus.FOUND, headers=(("Location", web.redirect),))
    if web.forces_https and not secure:
        return Answer(HTTPStatus.MOVED_PERMANENTLY, headers=(("Location", f"https://{name}{path}"),))
    if (sheet := web.sheets.get(path)) is not None:
        return Answer(HTTPStatus.OK, sheets.written(sheet), _secured(web, secure=secure), sheet.content_type)
    title = {"/": web.title or f"{site.zh} {host.name}", **web.channels}.get(path)
    if title is None:
        return Answer(HTTPStatus.NOT_FOUND, page("页面不存在"))
    if web.split and family is Family.IPV6:
        return Answer(HTTPStatus.OK, page("Welcome to nginx!", "this page was never published"))
    return Answer(HTTPStatus.OK, page(title, name, web.filler, sheets.MARKS), _secured(web, secure=secure))


def _secured(web: Web, *, secure: bool) -> tuple[tuple[str, str], ...]:
    return (("Strict-Transport-Security", "max-age=31536000"),) if secure and web.forces_https else ()


def fields(reply: Answer) -> list[tuple[str, str]]:
    """Return the headers of *reply*, names in lower case."""
    return [
        ("date", email.utils.formatdate(usegmt=True)),
        ("server", "kaiping-demo"),
        ("content-type", reply.content_type),
        ("content-length", str(len(reply.body))),
        *((key.lower(), value) for key, value in reply.headers),
    ]


def written(reply: Answer, *, with_body: bool) -> bytes:
    """Return *reply* as it goes over the wire."""
    head = [
        f"HTTP/1.1 {reply.status.value} {reply.status.phrase}",
        *(f"{key.title()}: {value}" for key, value in fields(reply)),
        "Connection: close",
    ]
    return "\r\n".join([*head, "", ""]).encode() + (reply.body if with_body else b"")


@dataclass(frozen=True, slots=True)
class Request:
    """One request head; *path* is without query, *host* without port and empty when nobody said."""

    method: str
    path: str
    host: str


async def request(reader: asyncio.StreamReader) -> Request | None:
    """Read one request head, or None when it was no HTTP."""
    try:
        async with asyncio.timeout(_PATIENCE):
            head = await reader.readuntil(b"\r\n\r\n")
    except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
        return None
    first, *lines = head[:_HEAD_LIMIT].decode("latin-1").split("\r\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        return None
    fields = dict(line.lower().split(":", 1) for line in lines if ":" in line)
    return Request(words[0], words[1].partition("?")[0], fields.get("host", "").strip().partition(":")[0])


Choose = Callable[[Request], tuple[Site, Host] | None]
"""Says whose the answer to a request is; None: nobody's here."""


async def serve(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, choose: Choose, family: Family, *, secure: bool
) -> None:
    """Answer one connection as the host it is for."""
    asked = await request(reader)
    if asked is None:
        reply = Answer(HTTPStatus.BAD_REQUEST, page("错误的请求"))
    else:
        reply = await reply_to(asked, choose, family, secure=secure)
    writer.write(written(reply, with_body=asked is None or asked.method != "HEAD"))
    await writer.drain()


async def reply_to(asked: Request, choose: Choose, family: Family, *, secure: bool) -> Answer:
    """Decide what is said to *asked*, when it is time to."""
    whose = choose(asked)
    if whose is None:
        return Answer(HTTPStatus.MISDIRECTED_REQUEST, page("不是这里的网站"))
    if asked.method not in ("GET", "HEAD"):
        return Answer(HTTPStatus.METHOD_NOT_ALLOWED, headers=(("Allow", "GET, HEAD"),))
    await asyncio.sleep(whose[1].web.delay)
    return answer(*whose, family, secure=secure, path=asked.path)
