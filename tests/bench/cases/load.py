"""Reading a configuration of 100,000 targets, against PyYAML reading the same text into dictionaries."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from rules.text import Text
from tests.bench.figure import Figure, figure
from tests.bench.timing import best_of, in_turn, peak_mb
from tests.monitor.operator import Desk

TITLE = Text("读取十万个目标的配置", "Reading a configuration of 100,000 targets")
LIMIT = 120.0
TARGETS = 100_000
BAR = 5.0
"""Seconds in which a configuration must be read."""
MISTAKES = TARGETS // 100
_ENTRY = "  - host: h{:06d}.city.example\n    agency: {}\n    kind: website\n    value: 3\n"


def run(folder: Path) -> Iterator[Figure]:
    """Read the same targets as YAML and as CSV, and with every hundredth one wrong."""
    text = "targets:\n" + "".join(_ENTRY.format(number, ("city", "town")[number % 2]) for number in range(TARGETS))
    desk = Desk(folder)
    desk.write("targets.yaml", text)
    _load(desk)
    memory = peak_mb()
    ours, peer = in_turn(2, lambda: _load(desk), lambda: yaml.load(text, Loader=yaml.CSafeLoader))
    yield figure("yaml", "YAML，已校验", "YAML, validated", ours.wall, "s", BAR)
    yield figure("yaml_peak", "其内存峰值", "its peak memory", memory, "MB")
    yield figure("pyyaml", "PyYAML CSafeLoader，不校验", "PyYAML CSafeLoader, nothing checked", peer.wall, "s")
    yield figure("ratio", "与 PyYAML 之比", "ratio to PyYAML", ours.cpu / peer.cpu, "×")

    desk.write("targets.yaml", text.replace("value: 3", "value: 9", MISTAKES))
    wrong = best_of(1, lambda: _mistakes(desk))
    yield figure("mistakes", f"YAML，{MISTAKES} 处错误全部列出", f"YAML, {MISTAKES} mistakes all told", wrong.wall, "s")

    (folder / "targets.yaml").unlink()
    desk.write("targets.csv", "host,agency,kind,value\n" + "".join(map(_row, range(TARGETS))))
    csv = best_of(2, lambda: _load(desk))
    yield figure("csv", "CSV，已校验", "CSV, validated", csv.wall, "s", BAR)


def _row(number: int) -> str:
    return f"h{number:06d}.city.example,town,website,3\n"


def _load(desk: Desk) -> None:
    assert len(desk.load().targets) == TARGETS


def _mistakes(desk: Desk) -> None:
    assert len(desk.mistakes()) == MISTAKES
