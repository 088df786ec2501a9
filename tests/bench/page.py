"""The page of benchmarks, `docs/benchmarks.md`, made from what was kept in `docs/benchmarks.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rules.text import Text
from tests.bench.figure import Figure, restored
from tests.bench.machine import Machine

KEPT = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.json"
ORDER = ("round", "crawl", "judge", "store", "load", "metrics", "dns", "scan")
HEAD = """# 性能 / Benchmarks

本页由 `python -m tests.bench --record` 测得并写成，机器可读的结果在 [benchmarks.json](benchmarks.json)；
在您的机器上运行：`make bench`。比值都与同一次运行中轮流进行的对照相比，小于 1 即更快或更省；
绝对数字只属于所注明的机器和当时的负载。“上限”一栏：✓ 达到，✗ 未达到，原因写在表下。

Measured and written by `python -m tests.bench --record`; for machines there is [benchmarks.json](benchmarks.json),
for your own machine `make bench`. Ratios are to a peer that took its turns in the same run, and below 1 is quicker or
cheaper; absolute numbers belong to the machine and the load they are told with. Under "At most", ✓ is kept, ✗ missed,
with the reason below the table.
"""
TABLE = "\n| 指标 | Figure | 值 Value | 上限 At most |\n|---|---|---:|---:|\n"


def page() -> str:
    """Return the page of the results that are kept in the tree."""
    results = json.loads(KEPT.read_text(encoding="utf-8"))
    return HEAD + "".join(_section(name, results[name]) for name in sorted(results, key=ORDER.index))


def _section(name: str, result: Mapping[str, Any]) -> str:
    title, figures = Text(**result["title"]), [restored(each) for each in result["figures"]]
    place = _place(result["date"], result["load"], Machine(**result["machine"]))
    rows = (f"| {each.text.zh} | {each.text.en} | {each.shown} | {each.bar} |\n" for each in figures)
    head = f"\n## {title.zh}\n\n{title.en} (`python -m tests.bench {name}`)\n\n{place}\n"
    return head + TABLE + "".join(rows) + "".join(_missed(figures))


def _missed(figures: list[Figure]) -> Iterator[str]:
    for each in figures:
        if each.why is not None and not each.holds:
            yield f"\n✗ {each.text.zh}：{each.why.zh}。<br>✗ {each.text.en}: {each.why.en}.\n"


def _place(date: str, load: float, machine: Machine) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in machine.versions.items())
    return (
        f"{date} · {machine.cpu} × {machine.cores}, {machine.memory / 1000:.0f} GB · {machine.kernel} · "
        f"开始时平均负载 load average at the start {load:.1f} · {versions}"
    )
