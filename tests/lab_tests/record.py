"""Writing down what a probe asks and hears in the demo city: how recordings in `tests/fixtures` are made.

python -m tests.lab config DIR --hostile
python -m tests.lab exec vantage -- python -m tests.lab_tests.record DIR PROBE HOST FILE
"""

from __future__ import annotations

import argparse
import asyncio
from dataclasses import replace
from pathlib import Path

from monitor.configuration import read
from monitor.outfit import equip, packet_process
from probes.framework import look
from probes.wire.recording import RecordingWire

PORTS = (22, 23, 445, 3306, 6379, 8080)
"""Ports looked at besides the declared ones: a few of the policy's, so that a person can read the recording."""


async def main() -> None:
    """Look at one host with one probe, and keep what went over the wire."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("probe")
    parser.add_argument("host")
    parser.add_argument("file", type=Path)
    parser.add_argument("--curious", action="store_true", help="as somebody who waits for the answer")
    asked = parser.parse_args()
    known = read(asked.config)
    async with packet_process(asked.config, asked.config / "no.sock") as socket:
        live = equip(known.config, socket).live
        live.surroundings = replace(live.surroundings, scan_ports=PORTS, curious=asked.curious)
        target = known.config.targets[asked.host]
        recording = RecordingWire(live.for_target(target))
        seen = await look(known.probes[asked.probe], target, "record", recording)
    recording.save(asked.file)
    for record in seen.records:
        print(record)


if __name__ == "__main__":
    asyncio.run(main())
