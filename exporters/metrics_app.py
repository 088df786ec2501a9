"""The ASGI application that serves the page of metrics; it reads nothing and knows nobody.

It answers only under names it was given and under addresses: a page of another site whose name was pointed at this
machine (DNS rebinding) is turned away before it reads anything.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from gzip import compress
from ipaddress import ip_address
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from exporters.exposition import CONTENT_TYPE, Page

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_TEXT = "text/plain; charset=utf-8"
_SECURITY = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)

INDEX = """<!doctype html>
<html lang="zh-CN">
<meta charset="utf-8">
<title>碉楼 Diaolou</title>
<h1>碉楼 Diaolou</h1>
<p>本机正在向 Prometheus 报告网络安全与 IPv6 态势。<br>
<span lang="en">This machine tells Prometheus of network security and IPv6 readiness.</span></p>
<ul>
<li><a href="/metrics">指标 <span lang="en">Metrics</span></a></li>
<li><a href="/healthz">存活状态 <span lang="en">Health</span></a></li>
</ul>
</html>
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer; *packed* says that the body is gzip."""

    status: int
    body: bytes
    kind: str = _TEXT
    packed: bool = False
    further: tuple[tuple[bytes, bytes], ...] = ()


class MetricsApp:
    """Serves `/metrics`, `/healthz` and `/`.

    *page* gives the page as last drawn. *registry* holds the metrics of our own process. *healthy* is asked for
    `/healthz`. *names* are the host names a request may use beside any address, in lower case.
    """

    def __init__(
        self,
        page: Callable[[], Page],
        registry: CollectorRegistry,
        healthy: Callable[[], bool],
        names: frozenset[str] = frozenset({"localhost"}),
    ) -> None:
        self._page, self._registry, self._healthy, self._names = page, registry, healthy, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or take part in the server's start and end."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            reply = self._answer(scope)
            headers = [
                (b"content-type", reply.kind.encode("ascii")),
                (b"content-length", b"%d" % len(reply.body)),
                *([(b"content-encoding", b"gzip")] if reply.packed else []),
                *reply.further,
                *_SECURITY,
            ]
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else reply.body})

    def _answer(self, scope: Scope) -> Reply:
        hosts = _values(scope, b"host")
        host = name_of(hosts[0]) if len(hosts) == 1 else None
        if host is None:
            return Reply(400, b"bad Host\n")
        if host not in self._names and not _is_address(host):
            return Reply(421, b"unknown Host\n")
        answer = {"/metrics": self._metrics, "/healthz": self._health, "/": _index}.get(scope["path"])
        if answer is None:
            return Reply(404, b"not found\n")
        if scope["method"] not in ("GET", "HEAD"):
            return Reply(405, b"method not allowed\n", further=((b"allow", b"GET, HEAD"),))
        return answer(scope)

    def _metrics(self, scope: Scope) -> Reply:
        packed = takes_gzip(b",".join(_values(scope, b"accept-encoding")).decode("latin-1"))
        own = generate_latest(self._registry)
        page = self._page()
        body = page.zipped() + compress(own, 1, mtime=0) if packed else page.plain() + own
        return Reply(200, body, CONTENT_TYPE, packed, ((b"vary", b"Accept-Encoding"),))

    def _health(self, _: Scope) -> Reply:
        return Reply(200, b"ok\n") if self._healthy() else Reply(503, b"unhealthy\n")


def _index(_: Scope) -> Reply:
    return Reply(200, INDEX.encode("utf-8"), "text/html; charset=utf-8")


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return


def _values(scope: Scope, name: bytes) -> list[bytes]:
    return [value for key, value in scope["headers"] if key == name]


def name_of(host: bytes) -> str | None:
    """Return the name or address of a Host header in lower case, without port and final dot; None if it is none."""
    text = host.decode("latin-1").lower()
    name, bracket, rest = text.partition("]") if text.startswith("[") else text.partition(":")
    port = rest.removeprefix(":") if bracket == "]" else rest
    if bracket == "]" and rest and not rest.startswith(":"):
        return None
    name = name.removeprefix("[").removesuffix(".")
    return name if name and (not port or port.isdecimal()) else None


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def takes_gzip(accepts: str) -> bool:
    """Say whether an Accept-Encoding header admits gzip. Source: RFC 9110, 12.5.3."""
    weights: dict[str, float] = {}
    for part in accepts.lower().split(","):
        coding, _, parameters = part.partition(";")
        name, _, weight = parameters.strip().partition("=")
        weights[coding.strip()] = _weight(weight) if name.strip() == "q" else 1.0
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0))) > 0


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
