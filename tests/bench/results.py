"""What the benchmarks found, on the screen and kept in `docs/`."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.table import Table

from rules.text import Text
from tests.bench.figure import Figure
from tests.bench.machine import this_machine
from tests.bench.page import KEPT, page


@dataclass(frozen=True, slots=True)
class Result:
    """What one benchmark found; *trouble* is empty when it ran to its end. *load* is the load average before it."""

    name: str
    title: Text
    figures: tuple[Figure, ...]
    seconds: float
    load: float
    trouble: str


def failures(results: Iterable[Result]) -> list[str]:
    """Return what did not end, and which bars were missed."""
    return [
        *(f"{result.name}: {result.trouble}" for result in results if result.trouble),
        *(f"{result.name}.{each.key}" for result in results for each in result.figures if not each.holds),
    ]


def show(result: Result) -> None:
    """Print one benchmark's table."""
    console = Console(width=150)
    console.print(f"\n{result.title.zh}\n{result.title.en}（{result.seconds:.0f} s）", style="bold")
    table = Table("指标 figure")
    table.add_column("值 value", justify="right")
    table.add_column("上限 at most", justify="right")
    for each in result.figures:
        style = "" if each.holds else "bold red"
        table.add_row(f"{each.text.zh} / {each.text.en}", each.shown, each.bar, style=style)
    console.print(table)
    if result.trouble:
        console.print(f"{result.name}: {result.trouble}", style="bold red")


def record(results: Iterable[Result]) -> None:
    """Write *results* to `docs/`; benchmarks that did not run to their end keep their last results."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    today, machine = dt.datetime.now(dt.UTC).date().isoformat(), asdict(this_machine())
    for result in results:
        if not result.trouble:
            kept[result.name] = {
                "date": today,
                "machine": machine,
                "load": result.load,
                "title": asdict(result.title),
                "seconds": round(result.seconds, 1),
                "figures": [{**asdict(each), "value": _rounded(each.value)} for each in result.figures],
            }
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    KEPT.with_suffix(".md").write_text(page(), encoding="utf-8")


def _rounded(value: float) -> float:
    return value if value == int(value) else float(f"{value:.4g}")
