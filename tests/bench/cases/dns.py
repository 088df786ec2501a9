"""Asking for the A and AAAA of 50,000 names in bulk, against dnsperf, massdns and dnspython, at one NSD in one run."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

from rules.text import Text
from tests.bench.dns_clients import Measure, dnsperf, dnspython, engine, massdns, product
from tests.bench.dns_zone import nsd, zone
from tests.bench.figure import Figure, figure

TITLE = Text("域名批量解析：五万个名字的 A 与 AAAA", "Bulk DNS: the A and AAAA of 50,000 names")
LIMIT = 240.0
NAMES = 50_000
TIMES = 3
"""How often everyone has a turn; the best counts, for the others were disturbed."""
CLIENTS = {"engine": engine, "product": product, "dnsperf": dnsperf, "massdns": massdns, "dnspython": dnspython}
WORDS = {
    "engine": ("批量引擎", "the engine"),
    "product": ("探测项得到的解析结果", "resolutions as probes get them"),
    "dnsperf": ("dnsperf（只看 rcode）", "dnsperf, which looks at rcodes only"),
    "massdns": ("massdns -o J", "massdns -o J"),
    "dnspython": ("dnspython（前一千个名字）", "dnspython, for the first thousand names"),
}
BARS = {"massdns": 1.0, "dnspython": 1 / 40}
"""What the engine's processor time for a query may be, as a ratio to a peer's."""
BAR_DNSPERF = 1 / 0.8
"""What the engine's time for a query may be, as a ratio to dnsperf's."""
MISSED = {
    "massdns": Text(
        "约一半是内核收发（只看 rcode 的 dnsperf 也要这么多），其余是 numpy 的列式编解码；massdns 全是 C",
        "about half is the kernel's sending and receiving, which dnsperf spends as well; the rest is numpy's work on "
        "columns, while all of massdns is C",
    ),
    "dnspython": Text(
        "上限定在一台 dnspython 慢一倍的机器上；引擎的下限是内核收发，不会随之变快",
        "the bar was set where dnspython took twice as long; the engine is bound by the kernel, no quicker here",
    ),
    "dnsperf": Text(
        "两核由 NSD 与引擎分用，机器还有别的负载；dnsperf 不读答案",
        "NSD and the engine share two cores with whatever else runs, and dnsperf does not read the answers",
    ),
}
Runs = Mapping[str, list[Measure]]


def run(folder: Path) -> Iterator[Figure]:
    """Give every client its turns; massdns is left out with a word where there is none."""
    truth, lines, others = zone(NAMES)
    runs: dict[str, list[Measure]] = defaultdict(list)
    with nsd(folder, lines, others) as port:
        for _ in range(TIMES):
            for name, client in CLIENTS.items():
                if (measure := client(truth, port)) is not None:
                    runs[name].append(measure)
    if "massdns" not in runs:
        print("massdns is not here: set MASSDNS to its path", file=sys.stderr)
    for name, measures in runs.items():
        yield from _client(name, measures)
    yield from _ratios(runs)


def _client(name: str, measures: list[Measure]) -> Iterator[Figure]:
    zh, en = WORDS[name]
    yield figure(f"{name}.rate", f"{zh}：查询", f"{en}: queries", _rate(measures), "/s")
    yield figure(f"{name}.cpu", f"{zh}：每次查询的处理器时间", f"{en}: CPU per query", _cpu(measures), "µs")
    wrong = [each.wrong for each in measures if each.wrong is not None]
    if wrong:
        bar = 0 if name in ("engine", "product") else None
        yield figure(f"{name}.wrong", f"{zh}：与事实不符", f"{en}: answers that are not true", max(wrong), "", bar)


def _ratios(runs: Runs) -> Iterator[Figure]:
    for peer, bar in BARS.items():
        if peer in runs:
            ratio = _cpu(runs["engine"]) / _cpu(runs[peer])
            zh, en = f"引擎每次查询的处理器时间与 {peer} 之比", f"CPU per query of the engine, ratio to {peer}"
            yield figure(f"ratio.{peer}", zh, en, ratio, "×", bar, MISSED[peer])
    zh, en = "引擎每次查询的用时与 dnsperf 之比", "time per query of the engine, ratio to dnsperf"
    ratio = _rate(runs["dnsperf"]) / _rate(runs["engine"])
    yield figure("ratio.dnsperf", zh, en, ratio, "×", BAR_DNSPERF, MISSED["dnsperf"])


def _rate(measures: list[Measure]) -> float:
    return max(each.queries / each.wall for each in measures)


def _cpu(measures: list[Measure]) -> float:
    return min(each.per_query for each in measures)
