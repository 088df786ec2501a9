"""The posture as a page of Prometheus metrics, drawn anew only where it changed.

Hosts are dealt by name into shards, and each metric of each shard is a block of its own: when a host changes, its
shard is drawn again, and of that only the blocks that read differently are packed again.
"""

from __future__ import annotations

import datetime as dt
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from exporters.exposition import Block, Metric, Page
from exporters.metrics_city import CITY_METRICS
from exporters.metrics_hosts import HOST_METRICS
from exporters.metrics_incidents import INCIDENT_METRICS
from exporters.metrics_looks import GAP_METRIC, LOOK_METRICS
from exporters.metrics_rectification import RECTIFICATION_METRICS
from exporters.metrics_source import CityMetric, HostMetric
from exporters.metrics_templates import TEMPLATE_METRICS
from exporters.metrics_tower import TOWER_METRICS
from exporters.metrics_underway import UNDERWAY_METRICS
from exporters.posture import HostPosture, Posture

PER_HOST: tuple[HostMetric, ...] = (*HOST_METRICS, *TEMPLATE_METRICS, *LOOK_METRICS)
WHOLE: tuple[CityMetric, ...] = (
    *CITY_METRICS,
    *RECTIFICATION_METRICS,
    *INCIDENT_METRICS,
    *UNDERWAY_METRICS,
    GAP_METRIC,
    *TOWER_METRICS,
)
METRICS: tuple[Metric, ...] = (*(each.metric for each in WHOLE), *(each.metric for each in PER_HOST))

SHARD_HOSTS = 32
"""Hosts in a shard at most, on average: small enough to draw quickly, large enough to pack well."""


def render(posture: Posture, today: dt.date) -> bytes:
    """Return the page of *posture*, drawn from nothing; *today*, the city's, decides which deadlines have passed."""
    hosts = sorted(posture.hosts, key=_name)
    parts = [_whole(posture), *(each.metric.header() + each.lines(hosts, today) for each in PER_HOST)]
    return "".join(parts).encode("utf-8")


@dataclass(slots=True)
class _Shard:
    hosts: tuple[HostPosture, ...]
    blocks: tuple[Block, ...]
    """One for each metric of `PER_HOST`."""


class Cache:
    """Keeps the blocks of the last page; one thread draws at a time, pages once returned never change."""

    def __init__(self) -> None:
        self._shards: list[_Shard] = []
        self._today: dt.date | None = None
        self._headers = tuple(Block.of(each.metric.header()) for each in PER_HOST)
        self._city: Block | None = None

    def draw(self, posture: Posture, today: dt.date) -> Page:
        """Return the page of *posture*, which says the same as `render`, hosts perhaps in another order."""
        dealt = deal(posture.hosts)
        if len(dealt) != len(self._shards):
            self._shards = [_Shard((), ()) for _ in dealt]
        for shard, hosts in zip(self._shards, dealt, strict=True):
            if not shard.blocks or hosts != shard.hosts or today != self._today:
                shard.blocks = _pack(hosts, today, shard.blocks)
            shard.hosts = hosts
        self._today = today
        self._city = Block.of(_whole(posture), self._city)
        blocks = [self._city]
        for place, header in enumerate(self._headers):
            blocks += [header, *(shard.blocks[place] for shard in self._shards)]
        return Page(tuple(blocks))


def deal(hosts: Sequence[HostPosture]) -> list[tuple[HostPosture, ...]]:
    """Deal *hosts* into shards by name, so that a host stays in its shard while the city keeps its size."""
    count = 1 << (len(hosts) // SHARD_HOSTS).bit_length()
    shards: list[list[HostPosture]] = [[] for _ in range(count)]
    for host in hosts:
        shards[zlib.crc32(_name(host).encode("utf-8")) % count].append(host)
    return [tuple(sorted(shard, key=_name)) for shard in shards]


def _name(host: HostPosture) -> str:
    return host.target.host


def _whole(posture: Posture) -> str:
    return "".join(each.metric.header() + each.lines(posture) for each in WHOLE)


def _pack(hosts: tuple[HostPosture, ...], today: dt.date, former: tuple[Block, ...]) -> tuple[Block, ...]:
    kept = former or (None,) * len(PER_HOST)
    return tuple(Block.of(each.lines(hosts, today), old) for each, old in zip(PER_HOST, kept, strict=True))
