"""Reading rules and configuration together, and telling an operator plainly what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor import packs
from monitor.settings import Config, load
from probes import registry
from probes.registry import Probe
from rules.rule import Rule, Status


@dataclass(frozen=True, slots=True)
class Known:
    """A configuration, and the rules and probes it was checked against.

    *rules* are those the policy has a clause for. The configuration's policy is what of it binds: clauses of rules
    that are experimental or retired are left out of it, so that these are judged and shown, and weigh nothing.
    """

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
    weightless = {rule.id for rule in judged.values() if rule.status is not Status.STABLE}
    return Known(replace(config, policy=config.policy.without(weightless)), judged, probes)
