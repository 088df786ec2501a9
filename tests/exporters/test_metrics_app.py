from __future__ import annotations

import gzip
from collections.abc import MutableMapping
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Gauge

from exporters.metrics import Cache
from exporters.metrics_app import MetricsApp, name_of, takes_gzip
from tests.exporters.city import TODAY, city

PAGE = Cache().draw(city(), TODAY)
HOST = (b"host", b"127.0.0.1:9817")


def app(*, healthy: bool = True) -> MetricsApp:
    registry = CollectorRegistry()
    Gauge("own_thing", "Ours", registry=registry).set(3)
    return MetricsApp(lambda: PAGE, registry, lambda: healthy, frozenset({"localhost", "tower.kp.test"}))


async def ask(
    path: str, *headers: tuple[bytes, bytes], method: str = "GET", to: MetricsApp | None = None
) -> tuple[int, dict[str, str], bytes]:
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": list(headers or (HOST,))}
    await (to or app())(scope, receive, send)
    start, body = sent
    return start["status"], {key.decode(): value.decode() for key, value in start["headers"]}, body["body"]


async def test_metrics_hold_the_posture_and_our_own() -> None:
    status, headers, body = await ask("/metrics")
    assert status == 200
    assert headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "content-encoding" not in headers
    assert body.startswith(PAGE.plain())
    assert b"own_thing 3.0\n" in body


async def test_a_reader_of_gzip_gets_the_same_page_zipped() -> None:
    _, headers, zipped = await ask("/metrics", HOST, (b"accept-encoding", b"gzip"))
    _, _, plain = await ask("/metrics")
    assert headers["content-encoding"] == "gzip"
    assert headers["vary"] == "Accept-Encoding"
    assert int(headers["content-length"]) == len(zipped) < len(plain)
    assert gzip.decompress(zipped) == plain


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/", "/nowhere"])
async def test_head_has_the_headers_of_get_and_no_body(path: str) -> None:
    status, headers, body = await ask(path)
    assert await ask(path, method="HEAD") == (status, headers, b"")
    assert int(headers["content-length"]) == len(body) > 0


async def test_health_follows_the_daemon() -> None:
    assert (await ask("/healthz"))[0] == 200
    assert (await ask("/healthz", to=app(healthy=False)))[0] == 503


async def test_the_front_page_speaks_both_languages() -> None:
    _, headers, body = await ask("/")
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert "网络安全" in body.decode()
    assert "IPv6 readiness" in body.decode()


@pytest.mark.parametrize("path", ["/metrics/", "/probe", "//metrics", "/../etc/passwd", ""])
async def test_nothing_else_is_found(path: str) -> None:
    assert (await ask(path))[0] == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"])
async def test_nothing_but_reading_is_allowed(method: str) -> None:
    status, headers, _ = await ask("/metrics", method=method)
    assert (status, headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("host", [b"127.0.0.1:9817", b"[::1]:9817", b"[::1]", b"LOCALHOST", b"tower.kp.test.:80"])
async def test_addresses_and_given_names_are_answered(host: bytes) -> None:
    assert (await ask("/metrics", (b"host", host)))[0] == 200


@pytest.mark.parametrize("host", [b"evil.test", b"evil.test:9817", b"localhost.evil.test", b"127.0.0.1.evil.test"])
async def test_a_name_pointed_at_us_is_turned_away(host: bytes) -> None:
    status, _, body = await ask("/metrics", (b"host", host))
    assert status == 421
    assert b"diaolou" not in body


@pytest.mark.parametrize("headers", [[(b"x", b"y")], [HOST, HOST], [(b"host", b"")], [(b"host", b"localhost:80:90")]])
async def test_a_request_without_one_sound_host_is_refused(headers: list[tuple[bytes, bytes]]) -> None:
    assert (await ask("/metrics", *headers))[0] == 400


@pytest.mark.parametrize("path", ["/metrics", "/", "/nowhere"])
async def test_every_answer_is_told_to_browsers_as_inert(path: str) -> None:
    _, headers, _ = await ask(path)
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "no-referrer"


async def test_the_server_may_start_and_end() -> None:
    events = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": next(events)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await app()({"type": "lifespan"}, receive, send)
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_websocket_is_closed() -> None:
    sent: list[str] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message["type"])

    await app()({"type": "websocket"}, receive, send)
    assert sent == ["websocket.close"]


@pytest.mark.parametrize(
    ("accepts", "takes"),
    [
        ("gzip", True),
        ("deflate, GZIP;q=0.5", True),
        ("*", True),
        ("x-gzip", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.0, *", False),
        ("gzip;q=lots", False),
        ("notgzip", False),
    ],
)
def test_gzip_is_sent_to_those_who_take_it(accepts: str, takes: bool) -> None:
    assert takes_gzip(accepts) is takes


@pytest.mark.parametrize(
    ("host", "name"),
    [(b"a.test", "a.test"), (b"[::1]:1", "::1"), (b"a:b", None), (b"[::1]x", None), (b"::1", None), (b":80", None)],
)
def test_a_host_header_is_a_name_and_perhaps_a_port(host: bytes, name: str | None) -> None:
    assert name_of(host) == name
