"""What the daemon tells of itself, through prometheus-client: counters it raises, and its state when asked.

Counters for every probe exist from the start at 0, so that the first defect is a rise and not a birth.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import (
    CollectorRegistry,
    Counter,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from exporters.exposition import Metric
from rules.text import Text


@dataclass(frozen=True, slots=True)
class DaemonState:
    """How the daemon stands; None where it does not know yet. *backlog* and *undecodable* are by probe."""

    version: str
    configuration_valid: bool | None = None
    configuration_loaded: dt.datetime | None = None
    store_available: bool | None = None
    scanning_stopped: bool | None = None
    draw_seconds: float | None = None
    clock_jumps: int | None = None
    corrupted_stores: int | None = None
    unwritten: int | None = None
    unwritten_lost: int | None = None
    backlog: Mapping[str, int] = field(default_factory=dict)
    undecodable: Mapping[str, int] = field(default_factory=dict)


LOOKS = Metric("diaolou_looks_total", Text("探测次数", "Looks made"), ("probe",))
DEFECTS = Metric(
    "diaolou_defects_total",
    Text("因监测程序自身缺陷而失败的探测次数", "Looks that failed by a defect of our own"),
    ("probe",),
)
MISSES = Metric(
    "diaolou_schedule_misses_total", Text("错过的调度次数", "Ticks of the schedule that were missed"), ("probe",)
)
CHORE_DEFECTS = Metric(
    "diaolou_chore_defects_total",
    Text("因监测程序自身缺陷而失败的例行工作次数", "Chores of the tower that failed by a defect of our own"),
    ("chore",),
)
SENT = Metric("diaolou_sent_total", Text("发出的包或连接数", "Packets or connections let out"), ("what",))
COUNTERS = (LOOKS, DEFECTS, MISSES, CHORE_DEFECTS, SENT)

_Reading = Callable[[DaemonState], float | None]


def _flag(holds: bool | None) -> float | None:
    return None if holds is None else float(holds)


STATE: tuple[tuple[Metric, _Reading], ...] = (
    (
        Metric(
            "diaolou_configuration_valid",
            Text(
                "最近读取的配置已生效为 1，被拒而沿用旧配置为 0",
                "1 when the configuration last read is in force, else 0",
            ),
        ),
        lambda state: _flag(state.configuration_valid),
    ),
    (
        Metric(
            "diaolou_configuration_loaded_timestamp_seconds",
            Text("现行配置生效的时刻", "When the configuration in force was loaded"),
        ),
        lambda state: None if state.configuration_loaded is None else state.configuration_loaded.timestamp(),
    ),
    (
        Metric("diaolou_store_available", Text("存储可写为 1，否则为 0", "1 when the store takes writes, else 0")),
        lambda state: _flag(state.store_available),
    ),
    (
        Metric(
            "diaolou_scanning_stopped",
            Text("探测已被人停止为 1，否则为 0", "1 when probing was stopped, else 0"),
        ),
        lambda state: _flag(state.scanning_stopped),
    ),
    (
        Metric("diaolou_page_draw_seconds", Text("最近一次绘制本页所用时间", "Time it took to draw this page")),
        lambda state: state.draw_seconds,
    ),
    (
        Metric("diaolou_clock_jumps", Text("运行以来系统时钟被拨动的次数", "How often the clock was set while we ran")),
        lambda state: state.clock_jumps,
    ),
    (
        Metric(
            "diaolou_stores_set_aside",
            Text("因损坏而移到一旁的存储文件数", "Files of the store that were corrupt and lie aside"),
        ),
        lambda state: state.corrupted_stores,
    ),
    (
        Metric(
            "diaolou_unwritten_records",
            Text("等待写入存储的观测数", "Records in memory that the store has not taken yet"),
        ),
        lambda state: state.unwritten,
    ),
    (
        Metric(
            "diaolou_unwritten_records_dropped",
            Text("存储长期不可用而放弃的观测数", "Records let go because the store took nothing for too long"),
        ),
        lambda state: state.unwritten_lost,
    ),
)
BY_PROBE: tuple[tuple[Metric, Callable[[DaemonState], Mapping[str, int]]], ...] = (
    (
        Metric(
            "diaolou_backlog_targets", Text("到期而尚未探测的目标数", "Targets due and not being looked at"), ("probe",)
        ),
        lambda state: state.backlog,
    ),
    (
        Metric(
            "diaolou_undecodable_values",
            Text("当前版本读不懂的已存观测值数", "Stored values that the probes of today do not understand"),
            ("probe",),
        ),
        lambda state: state.undecodable,
    ),
)
BUILD = Metric("diaolou_build_info", Text("程序版本，恒为 1", "The program; always 1"), ("version",))
OWN: tuple[Metric, ...] = (*COUNTERS, *(metric for metric, _ in STATE), *(metric for metric, _ in BY_PROBE), BUILD)


class OwnMetrics(Collector):
    """Registers the daemon's metrics, and those of its process, in a registry.

    *state* is asked at every scrape, from the thread that serves it.
    """

    def __init__(self, registry: CollectorRegistry, probes: Iterable[str], state: Callable[[], DaemonState]) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call] # the time of birth would double every counter
        self._state = state
        counters = [_counter(metric, registry) for metric in COUNTERS]
        self.looks, self.defects, self.misses, self.chores, self.sent = counters
        for probe in probes:
            for counter in (self.looks, self.defects, self.misses):
                counter.labels(probe)
        registry.register(self)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the state as it is now, leaving out what is not known."""
        state = self._state()
        build = GaugeMetricFamily(BUILD.name, _help(BUILD), labels=BUILD.labels)
        build.add_metric([state.version], 1)
        yield build
        for metric, read in STATE:
            number = read(state)
            if number is not None:
                yield GaugeMetricFamily(metric.name, _help(metric), value=number)
        for metric, read_each in BY_PROBE:
            family = GaugeMetricFamily(metric.name, _help(metric), labels=metric.labels)
            for probe, count in sorted(read_each(state).items()):
                family.add_metric([probe], count)
            if family.samples:
                yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the names, so that registering asks for no state."""
        for metric in (BUILD, *(metric for metric, _ in STATE), *(metric for metric, _ in BY_PROBE)):
            yield GaugeMetricFamily(metric.name, _help(metric))


def _help(metric: Metric) -> str:
    return f"{metric.text.zh} / {metric.text.en}"


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, _help(metric), metric.labels, registry=registry)
