"""The benchmark: `python -m tests.bench [NAME…]`; with `--record` its results become `docs/benchmarks.*`.

Each benchmark runs in a process of its own, so that its memory is its own, and is ended when it takes too long.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from types import FrameType, ModuleType

from tests.bench.figure import Figure, restored
from tests.bench.results import Result, failures, record, show

NAMES = ("load", "judge", "store", "metrics", "dns", "http", "offers", "phases", "crawl", "scan", "round")
PATIENCE = 30.0
"""Seconds a benchmark is given to clean up after itself once it was told to end."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmarks named, all by default; return 1 when a bar was missed or one did not end."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--record", action="store_true", help="write docs/benchmarks.md and docs/benchmarks.json")
    parser.add_argument("--alone", type=Path, metavar="FILE", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if unknown := [name for name in options.names if name not in NAMES]:
        parser.error(f"no benchmark {unknown[0]}; there are {', '.join(NAMES)}")
    if options.alone is not None:
        _alone(options.names[0], options.alone)
        return 0
    results = []
    for result in _results(options.names or NAMES):
        show(result)
        results.append(result)
    if options.record:
        record(results)
    return 1 if failures(results) else 0


def _case(name: str) -> ModuleType:
    return importlib.import_module(f"tests.bench.cases.{name}")


def _results(names: Sequence[str]) -> Iterator[Result]:
    for name in names:
        case = _case(name)
        with tempfile.TemporaryDirectory(prefix="diaolou-bench-") as folder:
            began, load = time.monotonic(), os.getloadavg()[0]
            figures, trouble = _child(name, case.LIMIT, Path(folder) / "figures.json")
            yield Result(name, case.TITLE, tuple(figures), time.monotonic() - began, load, trouble)


def _child(name: str, limit: float, told: Path) -> tuple[list[Figure], str]:
    """Run one benchmark in a process of its own; return its figures, and what went wrong."""
    command = [sys.executable, "-m", "tests.bench", name, "--alone", str(told)]
    child = subprocess.Popen(command, stdout=sys.stderr, start_new_session=True)
    trouble = ""
    try:
        if child.wait(limit):
            trouble = f"ended with {child.returncode}"
    except subprocess.TimeoutExpired:
        trouble = f"not done after {limit:.0f} s"
    finally:
        _end(child)
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    return [restored(json.loads(line)) for line in lines], trouble


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _alone(name: str, told: Path) -> None:
    """Run one benchmark in this process, and write its figures as they come."""
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="diaolou-bench-") as folder, told.open("w", encoding="utf-8") as file:
        for each in _case(name).run(Path(folder)):
            file.write(json.dumps(asdict(each), ensure_ascii=False) + "\n")
            file.flush()


def _leave(_: int, __: FrameType | None) -> None:
    sys.exit(1)


if __name__ == "__main__":
    sys.exit(main())
