"""Drawing and serving the page of metrics, against the same series told through a prometheus_client collector."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporters.exposition import Metric, Page
from exporters.metrics import PER_HOST, WHOLE, Cache
from exporters.metrics_source import Samples
from exporters.posture import Posture
from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.timing import MB, best_of, timed
from tests.exporters.city import PLANS, TODAY, city

TITLE = Text("指标页：绘制与抓取", "The page of metrics: drawn and scraped")
LIMIT = 180.0
SIZES = (2000, 10_000)


def run(folder: Path) -> Iterator[Figure]:
    """Draw and scrape cities of each size."""
    for size in SIZES:
        yield from _city(size)


def _city(size: int) -> Iterator[Figure]:
    plans = [replace(PLANS[number % len(PLANS)], name=f"h{number}.kp.test") for number in range(size)]
    posture, cache, zh, en = city(plans), Cache(), f"{size:,} 台：", f"{size:,} hosts: "
    with timed() as first:
        page = cache.draw(posture, TODAY)
    again = best_of(3, lambda: cache.draw(posture, TODAY))
    changed = _changed(posture, size // 100)
    with timed() as little:
        cache.draw(changed, TODAY)
    zipped, plain = best_of(5, page.zipped), best_of(3, page.plain)
    registry = CollectorRegistry()
    registry.register(_Peer(posture, TODAY))
    with timed() as peer:
        told = generate_latest(registry)
    assert _series(page) == told.count(b"\n") - told.count(b"# "), "the peer tells other series"
    yield figure(f"{size}.series", f"{zh}时间序列", f"{en}series", _series(page))
    bytes_ = len(page.zipped()), len(page.plain())
    yield figure(f"{size}.bytes_zipped", f"{zh}抓取量（gzip）", f"{en}size of a scrape, gzip", bytes_[0] / MB, "MB")
    yield figure(f"{size}.bytes_plain", f"{zh}抓取量（不压缩）", f"{en}size of a scrape, plain", bytes_[1] / MB, "MB")
    yield figure(f"{size}.draw", f"{zh}从无到有绘制", f"{en}drawn from nothing", first.wall * 1e3, "ms")
    yield figure(f"{size}.unchanged", f"{zh}无变化重绘", f"{en}drawn again, unchanged", again.wall * 1e3, "ms")
    yield figure(f"{size}.changed", f"{zh}百分之一变化重绘", f"{en}one in a hundred changed", little.wall * 1e3, "ms")
    yield figure(f"{size}.scrape", f"{zh}抓取（gzip）", f"{en}scraped, gzip", zipped.wall * 1e3, "ms")
    yield figure(f"{size}.scrape_plain", f"{zh}抓取（不压缩）", f"{en}scraped, plain", plain.wall * 1e3, "ms")
    yield figure(f"{size}.peer", f"{zh}prometheus_client 抓取", f"{en}prometheus_client scrape", peer.wall * 1e3, "ms")
    ratio = zipped.wall / peer.wall
    yield figure(f"{size}.ratio", f"{zh}抓取之比", f"{en}scrape ratio", ratio, "×")
    yield figure(f"{size}.draw_ratio", f"{zh}绘制与其之比", f"{en}draw ratio", first.wall / peer.wall, "×")


def _changed(posture: Posture, count: int) -> Posture:
    """Return *posture* with another risk for *count* hosts, spread over all."""
    hosts = list(posture.hosts)
    for place in range(0, len(hosts), len(hosts) // count):
        host = hosts[place]
        hosts[place] = replace(host, score=replace(host.score, risk=host.score.risk + 0.5))
    return replace(posture, hosts=tuple(hosts))


def _series(page: Page) -> int:
    return sum(not line.startswith(b"#") for line in page.plain().splitlines())


class _Peer(Collector):
    """The same series as a program would tell them that keeps nothing between two scrapes."""

    def __init__(self, posture: Posture, today: dt.date) -> None:
        self._posture, self._today = posture, today

    def collect(self) -> Iterator[GaugeMetricFamily]:
        for whole in WHOLE:
            yield _family(whole.metric, whole.samples(self._posture))
        for each in PER_HOST:
            own = (
                ((host.target.host, host.target.agency, *values), number)
                for host in self._posture.hosts
                for values, number in each.samples(host, self._today)
            )
            yield _family(each.metric, own)


def _family(metric: Metric, samples: Samples) -> GaugeMetricFamily:
    family = GaugeMetricFamily(metric.name, f"{metric.text.zh} / {metric.text.en}", labels=metric.labels)
    for values, number in samples:
        family.add_metric(values, number)
    return family
