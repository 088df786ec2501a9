"""Reading rules and configuration together, and telling an operator plainly what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from monitor import packs
from monitor.settings import Config, load
from probes import registry
from probes.registry import Probe
from rules.rule import Rule


@dataclass(frozen=True, slots=True)
class Known:
    """A configuration, and the rules and probes it was checked against."""

    config: Config
    rules: Mapping[str, Rule]
    probes: Mapping[str, Probe]


def read(directory: Path) -> Known:
    """Read everything in *directory*; its folder `packs` may hold further rules.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: the configuration has mistakes.
    """
    rules = packs.load(directory / "packs")
    probes = registry.load()
    config = load(directory, known_rules=rules, known_probes=probes)
    judged = {rule: rules[rule] for rule in rules if rule in config.policy.clauses}
    return Known(config, judged, probes)
