"""A small city's settings on disk, to be broken in one place at a time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.settings import Config, Mistake, Mistakes, load

RULES = ("aaaa_published", "https_available", "no_dangerous_port_open")
PROBES = ("dns_address", "tcp_ports")

FILES: Mapping[str, str] = {
    "agencies.yaml": """\
agencies:
  - {code: city, name: {zh: 市, en: City}, tier: county}
  - {code: education, name: {zh: 教育局, en: Education}, tier: county, parent: city}
  - {code: town, name: {zh: 镇, en: Town}, tier: town, parent: city}
""",
    "targets.yaml": """\
targets:
  - {host: www.city.example, agency: city, kind: website}
  - {host: www.education.example, agency: education, kind: website}
""",
    "policy.yaml": """\
profile: county
version: "1"
title: {zh: 策略, en: Policy}
weights: {critical: 0.4, high: 0.2, medium: 0.1, low: 0.05, notice: 0}
ladder: {published: [aaaa_published]}
dangerous_ports: {6379: Redis}
clauses:
  aaaa_published: {level: high, days: 30, since: 2026-01-01}
  no_dangerous_port_open: {level: critical}
""",
    "waivers.yaml": "waivers: []\n",
    "schedule.yaml": "probes: {tcp_ports: {every: 12h}}\n",
    "diaolou.yaml": """\
city: city
contact: https://city.example/about
vantage: {name: tower, zone: internet}
surroundings:
  resolvers: [192.0.2.53]
  control_name: www.example.com
  controls: {ipv4: ["192.0.2.53:53"], ipv6: ["[2001:db8::53]:53"]}
scope: {allow: [192.0.2.0/24, 10.0.0.0/8, "2001:db8::/32"]}
""",
}


class Desk:
    """A directory of settings."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        for name, text in FILES.items():
            self.write(name, text)

    def write(self, name: str, content: str | bytes) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.directory / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def targets(self, *entries: str) -> None:
        self.write("targets.yaml", "targets:\n" + "".join(f"  - {entry}\n" for entry in entries))

    def load(self) -> Config:
        return load(self.directory, RULES, PROBES)

    def mistakes(self) -> list[Mistake]:
        with pytest.raises(Mistakes) as caught:
            self.load()
        return list(caught.value.mistakes)

    def mistake(self) -> tuple[str, int, str]:
        """Return the only mistake, as file, line and English words."""
        (mistake,) = self.mistakes()
        return Path(mistake.file).name, mistake.line, str(mistake).partition(": ")[2]
