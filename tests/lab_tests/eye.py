"""Diaolou's own probes, run in a vantage of the city: `python -m tests.lab_tests.eye CONFIG PROBE HOST HOST ...`.

Writes one line of JSON for each sighting: host, subject, word, facts and the seconds of the whole look.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
import time
from pathlib import Path

from monitor.configuration import Known, read
from monitor.outfit import equip
from probes.framework import look
from probes.observation import Gap, Observation
from probes.wire.live import LiveWire

AT_ONCE = 12


async def main(directory: Path, probe: str, hosts: list[str]) -> None:
    """Look at every host."""
    known = read(directory)
    live = equip(known.config, directory / "no.sock").live
    places = asyncio.Semaphore(AT_ONCE)
    await asyncio.gather(*(_one(known, live, places, probe, host) for host in hosts))


async def _one(known: Known, live: LiveWire, places: asyncio.Semaphore, probe: str, host: str) -> None:
    target = known.config.targets[host]
    async with places:
        began = time.monotonic()
        seen = await look(known.probes[probe], target, "eye", live.for_target(target))
        seconds = time.monotonic() - began
    for record in seen.records:
        print(json.dumps([host, str(record.subject), *_word(record), round(seconds, 1)], default=_plain))


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    return str(value)


def _word(record: Observation | Gap) -> tuple[str, dict[str, object]]:
    if isinstance(record, Gap):
        return f"gap {record.reason}", {}
    if record.failure is not None:
        return str(record.failure), {}
    assert dataclasses.is_dataclass(record.facts)
    return "ok", {field.name: getattr(record.facts, field.name) for field in dataclasses.fields(record.facts)}


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3:]))
