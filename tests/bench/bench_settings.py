"""How long 100,000 targets take to load: `python -m tests.bench.bench_settings [TARGETS]`."""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from tests.monitor.operator import Desk


def _yaml(count: int) -> str:
    entry = "  - host: h{:06d}.city.example\n    agency: {}\n    kind: website\n    value: 3\n"
    return "targets:\n" + "".join(entry.format(number, ("city", "town")[number % 2]) for number in range(count))


def _csv(count: int) -> str:
    return "host,agency,kind,value\n" + "".join(
        f"h{number:06d}.city.example,town,website,3\n" for number in range(count)
    )


def _mistaken(count: int) -> str:
    return _yaml(count).replace("value: 3", "value: 9", count // 100)


def _timed(desk: Desk, *, mistakes: bool) -> dict[str, float]:
    wall, processor = time.perf_counter(), time.process_time()
    found = len(desk.mistakes()) if mistakes else len(desk.load().targets)
    return {
        "found": found,
        "seconds": round(time.perf_counter() - wall, 2),
        "cpu_seconds": round(time.process_time() - processor, 2),
    }


def main(count: int) -> None:
    """Print one line of JSON per case."""
    cases = [
        ("yaml", "targets.yaml", _yaml),
        ("csv", "targets.csv", _csv),
        ("yaml_one_percent_wrong", "targets.yaml", _mistaken),
    ]
    for case, name, text in cases:
        with tempfile.TemporaryDirectory() as directory:
            desk = Desk(Path(directory))
            (desk.directory / "targets.yaml").unlink()
            desk.write(name, text(count))
            result = _timed(desk, mistakes="wrong" in case)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(json.dumps({"case": case, "targets": count, **result, "peak_mib": peak}))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
