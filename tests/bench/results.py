"""What the benchmarks found, on the screen and in `docs/`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from rules.text import Text
from tests.bench.figure import Figure
from tests.bench.machine import Machine, this_machine

DOCS = Path(__file__).resolve().parents[2] / "docs"
HEAD = """# 性能 / Benchmarks

本页由 `python -m tests.bench --record` 写成，机器可读的结果在 [benchmarks.json](benchmarks.json)。
在本机运行：`make bench`。比值都与同一次运行中的对照相比；“上限”一栏有值的，超过即算失败。
<br>Written by `python -m tests.bench --record`; for machines, see [benchmarks.json](benchmarks.json). On your machine:
`make bench`. Ratios are to a peer in the same run; where a bar is given, exceeding it is a failure.
"""


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found; *trouble* is empty when it ran to its end."""

    name: str
    title: Text
    figures: tuple[Figure, ...]
    seconds: float
    trouble: str


def failures(results: Iterable[Result]) -> list[str]:
    """Return what did not end, and which bars were missed."""
    return [
        *(f"{result.name}: {result.trouble}" for result in results if result.trouble),
        *(f"{result.name}.{each.key}" for result in results for each in result.figures if not each.holds),
    ]


def show(result: Result) -> None:
    """Print one benchmark's table."""
    table = Table(title=f"{result.title.zh}\n{result.title.en}（{result.seconds:.0f} s）", title_justify="left")
    table.add_column("指标 figure")
    table.add_column("值 value", justify="right")
    table.add_column("上限 at most", justify="right")
    for each in result.figures:
        style = "" if each.holds else "bold red"
        table.add_row(f"{each.text.zh} / {each.text.en}", _value(each), _bar(each), style=style)
    console = Console(width=150)
    console.print(table)
    if result.trouble:
        console.print(f"{result.name}: {result.trouble}", style="bold red")


def record(results: Iterable[Result]) -> None:
    """Write *results* to `docs/`; benchmarks that did not run keep their last results."""
    path = DOCS / "benchmarks.json"
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    today = dt.datetime.now(dt.UTC).date().isoformat()
    machine = this_machine()
    for result in results:
        if not result.trouble:
            kept[result.name] = {
                "date": today,
                "machine": asdict(machine),
                "title": asdict(result.title),
                "seconds": round(result.seconds, 1),
                "figures": [{**asdict(each), "value": _rounded(each.value)} for each in result.figures],
            }
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (DOCS / "benchmarks.md").write_text(page(kept), encoding="utf-8")


def page(kept: Mapping[str, Any]) -> str:
    """Return the page of the results *kept*, as they are read from JSON."""
    parts = [HEAD]
    for name, result in kept.items():
        title = Text(**result["title"])
        figures = [Figure(**{**each, "text": Text(**each["text"])}) for each in result["figures"]]
        parts.append(
            f"\n## {title.zh}\n\n{title.en} (`{name}`)\n\n{_place(result['date'], Machine(**result['machine']))}\n"
        )
        parts.append("\n| 指标 | Figure | 值 Value | 上限 At most |\n|---|---|---:|---:|\n")
        parts += [f"| {each.text.zh} | {each.text.en} | {_value(each)} | {_bar(each)} |\n" for each in figures]
    return "".join(parts)


def _place(date: object, machine: Machine) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine.packages.items())
    return (
        f"{date} · {machine.cpu} × {machine.cores}, {machine.memory / 1000:.0f} GB · {machine.kernel} · "
        f"Python {machine.python}, SQLite {machine.sqlite} · {packages}"
    )


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def _value(each: Figure) -> str:
    number = f"{each.value:,.0f}" if each.value >= 100 or each.value == int(each.value) else f"{each.value:.3g}"
    return f"{number} {each.unit}".rstrip()


def _bar(each: Figure) -> str:
    return "" if each.at_most is None else f"{each.at_most:g} {each.unit}".rstrip()
