"""A full round of all probes over 2,000 dual-stack hosts of the demo city, and a second one with nothing changed."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from monitor.configuration import read
from monitor.entrance import now
from monitor.judgement import Judge
from monitor.store import Store
from probes.observation import Gap
from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.scale_truth import wrong
from tests.bench.timing import MB
from tests.lab.config import write
from tests.lab.lifecycle import Lab
from tests.lab.scale import name

TITLE = Text(
    "一轮：双栈主机两千台，全部探测、评判与复核", "A round: 2,000 dual-stack hosts, every probe, judged and confirmed"
)
LIMIT = 900.0
HOSTS = 2000
CONCURRENT = 4096
"""Raised from the demo's 512: silent ports alone, 32,500 of them for 4 s each, would take it four minutes."""
MEMORY = 500
"""Megabytes a round may take, the tower and its packet process together."""
SELF = "vantage_self"


@dataclass(frozen=True, slots=True)
class Cost:
    """What `tests.bench.looker` told of one round."""

    wall: float
    cpu: float
    packets_cpu: float
    peak_mb: float
    packets_peak_mb: float
    descriptors: int


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a probe: how many targets, how many observations, how many seconds."""

    number: int
    probe: str
    targets: int
    observations: int
    seconds: float


def run(folder: Path) -> Iterator[Figure]:
    """Bring the city up in *folder*, and look at it twice."""
    lab, config = Lab(folder / "lab"), folder / "config"
    lab.up(HOSTS)
    try:
        write(config, lab.folder, many=HOSTS)
        _raise_limits(config / "diaolou.yaml")
        last = 0
        for key, zh, en in (
            ("first", "首轮", "first round"),
            ("second", "再轮（无变化）", "second round, nothing changed"),
        ):
            cost = _look(lab, config)
            runs = [each for each in _runs(config) if each.number > last]
            last = max(each.number for each in runs)
            yield from _costs(key, zh, en, cost, runs)
            yield from _answers(key, zh, en, config)
            yield from _probes(key, zh, en, runs)
        size = sum(path.stat().st_size for path in config.glob("diaolou.sqlite*")) / MB
        yield figure("database", "两轮之后的数据库", "database after both rounds", size, "MB")
    finally:
        lab.down()


def _raise_limits(path: Path) -> None:
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings["limits"]["concurrent"] = CONCURRENT
    path.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False), encoding="utf-8")


def _look(lab: Lab, config: Path) -> Cost:
    """Run `diaolou round` in the vantage, in a process of its own that ends with us."""
    command = lab.command("vantage", [sys.executable, "-m", "tests.bench.looker", str(config)])
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, "COLUMNS": "120"})
    if done.returncode:
        raise RuntimeError(f"the round failed:\n{done.stderr[-4000:]}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _runs(config: Path) -> list[Run]:
    """Return the runs of every probe so far, the vantage's proofs of itself left out."""
    query = (
        "select id, probe, done, observations, (finished - started) / 1e6 from run "
        "where probe != ? and finished is not null order by id"
    )
    with sqlite3.connect(f"file:{config / 'diaolou.sqlite'}?mode=ro", uri=True) as database:
        return [Run(*row) for row in database.execute(query, [SELF])]


def _costs(key: str, zh: str, en: str, cost: Cost, runs: list[Run]) -> Iterator[Figure]:
    seen, hosts = sum(each.observations for each in runs), max(each.targets for each in runs)
    wall = cost.wall
    yield figure(f"{key}.wall", f"{zh}用时", f"{en}: time", wall, "s")
    yield figure(f"{key}.hosts", f"{zh}主机", f"{en}: hosts", hosts / wall, "/s")
    yield figure(f"{key}.observations", f"{zh}观测", f"{en}: observations", seen, "")
    yield figure(f"{key}.observations_per_second", f"{zh}观测", f"{en}: observations", seen / wall, "/s")
    yield figure(
        f"{key}.cpu_per_host", f"{zh}每台主机的处理器时间", f"{en}: CPU per host", cost.cpu / hosts * 1e3, "ms"
    )
    yield figure(
        f"{key}.packets_cpu_per_host",
        f"{zh}发包进程每台主机的处理器时间",
        f"{en}: CPU per host of the packet process",
        cost.packets_cpu / hosts * 1e3,
        "ms",
    )
    yield figure(f"{key}.peak", f"{zh}内存峰值", f"{en}: peak memory", cost.peak_mb, "MB")
    yield figure(
        f"{key}.packets_peak",
        f"{zh}发包进程内存峰值",
        f"{en}: peak memory of the packet process",
        cost.packets_peak_mb,
        "MB",
    )
    both = cost.peak_mb + cost.packets_peak_mb
    yield figure(f"{key}.memory", f"{zh}内存合计", f"{en}: memory of both", both, "MB", MEMORY)


def _answers(key: str, zh: str, en: str, config: Path) -> Iterator[Figure]:
    known = read(config)
    with Store.open_to_read(known.config.daemon.store_url) as store:
        hosts = Judge(known.config, known.rules, store).standing(known.config.targets, now())
        records = [item.gap or item.record for item in store.state()]
    many = {name(index) for index in range(HOSTS)}
    false = list(wrong(hosts, records, HOSTS))
    for words in false[:20]:
        print(words, file=sys.stderr)
    gaps = Counter(record.reason for record in records if isinstance(record, Gap) and record.target in many)
    yield figure(f"{key}.wrong", f"{zh}与事实不符的结论", f"{en}: statements that are not true", len(false), "", 0)
    yield figure(f"{key}.gaps", f"{zh}未能观测", f"{en}: looks not made", gaps.total(), "", 0)


def _probes(key: str, zh: str, en: str, runs: list[Run]) -> Iterator[Figure]:
    by_probe: dict[str, list[Run]] = defaultdict(list)
    for each in runs:
        by_probe[each.probe].append(each)
    for probe, mine in sorted(by_probe.items()):
        for place, each in enumerate(mine):
            again = ("", "") if place == 0 else (" 复核", " confirming")
            yield figure(
                f"{key}.{probe}.{'confirm' if place else 'look'}",
                f"{zh} {probe}{again[0]}（{each.targets} 个目标）",
                f"{en}: {probe}{again[1]}, {each.targets} targets",
                each.seconds,
                "s",
            )
