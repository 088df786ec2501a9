"""`web_links` over one website in this process, and what it cost: `python -m tests.bench.crawler CONFIG HOST PATH`.

One line of JSON: pages, seconds by wall clock and processor, the largest resident set, what was reached of how many.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from monitor.configuration import read
from monitor.outfit import equip
from probes.framework import look
from probes.observation import Observation
from probes.target import Kind, Target
from probes.web_links import WebLinks
from tests.bench.timing import peak_mb


async def main(config: Path, host: str, path: str) -> None:
    """Look once."""
    known = read(config)
    live = equip(known.config, config / "no.sock").live
    target = replace(known.config.targets.get(host, Target(host, "crowd-00")), kind=Kind.WEBSITE, paths=(path,))
    before, wall, cpu = peak_mb(), time.perf_counter(), time.process_time()
    seen = await look(known.probes["web_links"], target, "bench", live.for_target(target))
    spent, worked = time.perf_counter() - wall, time.process_time() - cpu
    (record,) = seen.records
    assert isinstance(record, Observation), record
    assert isinstance(record.facts, WebLinks), record
    facts = record.facts
    print(
        json.dumps(
            {
                "pages": facts.pages,
                "wall": spent,
                "cpu": worked,
                "before_mb": before,
                "peak_mb": peak_mb(),
                "linked": facts.second.linked + facts.third.linked,
                "reached": facts.second.reached + facts.third.reached,
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
