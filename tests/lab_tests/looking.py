"""Independent eyes on the city: dig, curl, nmap and openssl, run in a vantage, and what they say in our words."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from tests.lab.lifecycle import Lab

S = TypeVar("S")
T = TypeVar("T")


def at_once(look: Callable[[S], T], subjects: Iterable[S]) -> list[T]:
    """Look at many subjects at the same time; most of the time is spent waiting for timeouts."""
    with ThreadPoolExecutor(12) as pool:
        return list(pool.map(look, subjects))


@dataclass(frozen=True, slots=True)
class Dug:
    """What dig heard: the rcode, or the empty string when nothing came, and the values of the type asked for."""

    rcode: str
    values: tuple[str, ...]
    text: str


def dig(lab: Lab, name: str, kind: str, *options: str, vantage: str = "vantage") -> Dug:
    """Ask one question; by default of the city's resolver."""
    said = lab.run(vantage, "dig", "+time=5", "+tries=1", *options, name, kind).stdout
    rcode = re.search(r"status: (\w+)", said)
    values = re.findall(rf"^\S+\s+\d+\s+IN\s+{kind}\s+(\S+)$", said, re.MULTILINE)
    return Dug(rcode[1] if rcode else "", tuple(values), said)


@dataclass(frozen=True, slots=True)
class Fetched:
    """What curl met: its exit code, and how far it got."""

    code: int
    status: int
    connected: bool
    location: str
    body: bytes
    complaint: str


def curl(lab: Lab, url: str, *options: str, address: str = "", seconds: float = 2.0, keep: bool = False) -> Fetched:
    """Fetch *url*, from *address* if one is given, without following redirects; *keep* the body or throw it away."""
    scheme, _, rest = url.partition("://")
    host = rest.partition("/")[0]
    port = {"http": 80, "https": 443}[scheme]
    pin = ["--resolve", f"{host}:{port}:{f'[{address}]' if ':' in address else address}"] if address else []
    output = ("--output", "-" if keep else "/dev/null", "--write-out", "%{stderr}%{json}")
    trust = ("--cacert", str(lab.folder / "ca.pem"))
    manner = ("--silent", "--show-error", "--verbose", "--max-time", str(seconds))
    done = lab.raw("vantage", "curl", *manner, *output, *trust, *pin, *options, url)
    complaint, _, report = done.stderr.decode(errors="replace").rpartition('{"certs"')
    told = json.loads('{"certs"' + report)
    return Fetched(
        done.returncode, told["http_code"], told["time_connect"] > 0, told["redirect_url"] or "", done.stdout, complaint
    )


def nmap(lab: Lab, addresses: Sequence[str], *options: str) -> list[tuple[str, str]]:
    """Scan *addresses*, all of one family, and return nmap's grepable lines as address and fields."""
    family = ["-6"] if ":" in addresses[0] else []
    said = lab.run("vantage", "nmap", *family, "-n", "-oG", "-", *options, *addresses, timeout=120).stdout
    return re.findall(r"^Host: (\S+) \(\)\t(.*)$", said, re.MULTILINE)


def ports(lab: Lab, addresses: Sequence[str], wanted: Sequence[int]) -> dict[str, dict[int, str]]:
    """Return the states of the *wanted* TCP ports by address.

    One site loses packets both ways, and a busy machine answers late: silence is believed after many tries.
    """
    patience = ("--max-retries", "10", "--min-rtt-timeout", "300ms", "--min-rate", "500")
    options = ("-Pn", "-sS", "-p", ",".join(map(str, wanted)), *patience)
    return {
        address: {int(port): state for port, state in re.findall(r"(\d+)/(open|closed|filtered)/", fields)}
        for address, fields in nmap(lab, addresses, *options)
        if "Ports:" in fields
    }


def answering(lab: Lab, addresses: Sequence[str]) -> set[str]:
    """Return the *addresses* that answer an echo request."""
    found = nmap(lab, addresses, "-sn", "-PE", "--disable-arp-ping", "--max-retries", "4")
    return {address for address, fields in found if "Status: Up" in fields}
