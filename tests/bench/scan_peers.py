"""Those that look for open ports beside us: masscan, zmap and nmap, each run once in a namespace."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.target import Address
from tests.probes.syn_bed import Bed

Open = frozenset[tuple[str, int]]
"""Addresses, as they are written, and the ports of them that are open."""


@dataclass(frozen=True, slots=True)
class Scan:
    """One scanner's run; *found* is what it holds to be open, *wrong* what it says that is not so. Seconds."""

    found: Open
    wall: float
    cpu: float
    packets: int = 0
    wrong: int = 0


def masscan(bed: Bed, hosts: Sequence[Address], ports: Sequence[int], rate: float) -> Scan:
    """Run masscan with the shortest wait it knows."""
    source = "198.18.79.2" if hosts[0].version == 4 else "2001:db8:79::2"
    with tempfile.NamedTemporaryFile("r", prefix="masscan-") as told:
        scan = _timed(
            bed,
            *(
                "masscan",
                f"{hosts[0]}-{hosts[-1]}",
                f"-p{ports[0]}-{ports[-1]}",
                "--rate",
                str(int(rate)),
                "--wait",
                "1",
            ),
            *("-e", "out", "--source-ip", source, "--source-port", "61000"),
            *("--router-mac", _router(bed), "-oL", told.name),
        )
        lines = [line.split() for line in told if line.startswith("open")]
    return _with(scan, {(words[3], int(words[2])) for words in lines})


def zmap(bed: Bed, prefix: str, ports: Sequence[int], rate: float) -> Scan:
    """Run zmap for one port after the other, with the shortest cooldown it knows."""
    found: set[tuple[str, int]] = set()
    wall = cpu = 0.0
    for port in ports:
        with tempfile.NamedTemporaryFile("r", prefix="zmap-") as told:
            scan = _timed(
                bed,
                *("zmap", "-p", str(port), "-r", str(int(rate)), "-c", "1", "-B", "0", "-i", "out", "-G", _router(bed)),
                *("-S", "198.18.79.2", "-b", "/dev/null", "-o", told.name, "-q", "-v", "0", prefix),
            )
            found |= {(line.strip(), port) for line in told if line.strip()}
        wall, cpu = wall + scan.wall, cpu + scan.cpu
    return Scan(frozenset(found), wall, cpu)


def nmap(bed: Bed, hosts: Sequence[Address], ports: Sequence[int]) -> Scan:
    """Run nmap's SYN scan, told that hosts are up and the network is near."""
    with tempfile.TemporaryDirectory(prefix="nmap-") as folder:
        told, asked = Path(folder) / "told", Path(folder) / "asked"
        asked.write_text("\n".join(map(str, hosts)) + "\n", encoding="utf-8")
        family = ["-6"] if hosts[0].version == 6 else []
        scan = _timed(
            bed,
            *("nmap", *family, "-sS", "-n", "-Pn", "-T5", "--max-retries", "2", "--min-hostgroup", "256"),
            *("-p", f"{ports[0]}-{ports[-1]}", "-iL", str(asked), "-oG", str(told)),
        )
        found = set()
        for line in told.read_text(encoding="utf-8").splitlines():
            host, _, rest = line.partition("\tPorts: ")
            found |= {(host.split()[1], int(each.split("/")[0])) for each in rest.split(", ") if "/open/" in each}
    return _with(scan, found)


def _timed(bed: Bed, *command: str) -> Scan:
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    done = subprocess.run(bed.ours.enter(*command), capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode:
        raise RuntimeError(f"{command[0]} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return Scan(frozenset(), wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _with(scan: Scan, found: set[tuple[str, int]]) -> Scan:
    return Scan(frozenset(found), scan.wall, scan.cpu)


def _router(bed: Bed) -> str:
    return bed.theirs.run("ip -o link show in").split("link/ether ")[1].split()[0]
