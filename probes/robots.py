"""What a site asks robots to leave alone. Source: RFC 9309."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

AGENT = "diaolou"
"""The name under which a site may speak to us."""
ROBOTS_LIMIT = 500 * 1024
"""Bytes of a robots.txt that are read. Source: RFC 9309 2.5."""
RULE_LIMIT = 1000
_PATTERN_LIMIT = 512


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules that hold for us: (pattern, allowed), the longest pattern first; an empty one allows everything."""

    rules: tuple[tuple[str, bool], ...] = ()

    def allows(self, path: str) -> bool:
        """Say whether *path*, query included, may be fetched: the longest pattern decides, and a tie allows."""
        path = unquote(path, errors="replace")
        return next((allowed for pattern, allowed in self.rules if _matches(pattern, path)), True)


NOTHING_FORBIDDEN = Robots()
EVERYTHING_FORBIDDEN = Robots((("/", False),))
"""What holds where robots.txt cannot be read because of an error of the server. Source: RFC 9309 2.3.1.4."""


def read_robots(body: bytes) -> Robots:
    """Read the rules for us, or those for everybody where nothing is said to us."""
    groups: dict[str, list[tuple[str, bool]]] = {}
    agents: list[str] = []
    naming = False
    for line in body[:ROBOTS_LIMIT].decode("utf-8-sig", "replace").splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = [*agents, value.lower()] if naming else [value.lower()]
            for agent in agents:
                groups.setdefault(agent, [])
            naming = True
        elif name in ("allow", "disallow"):
            naming = False
            for agent in agents if value else ():
                groups[agent].append((unquote(value[:_PATTERN_LIMIT], errors="replace"), name == "allow"))
    ours = groups.get(AGENT, groups.get("*", []))[:RULE_LIMIT]
    return Robots(tuple(sorted(ours, key=lambda rule: (-len(rule[0]), not rule[1]))))


def _matches(pattern: str, path: str) -> bool:
    """Match from the beginning; `*` stands for anything, a final `$` for the end. Linear in both."""
    anchored = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    if anchored and not rest:
        return path == first
    at = len(first)
    for index, part in enumerate(rest):
        if anchored and index == len(rest) - 1:
            return path.endswith(part) and len(path) - len(part) >= at
        found = path.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True
