"""Reading rules and configuration together, and telling an operator plainly what is wrong with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from monitor import packs
from monitor.halt import HaltFile
from monitor.issue import Issue, issue_of
from monitor.settings import Config, load
from probes import registry
from probes.registry import Probe
from rules.rule import Rule, Status


@dataclass(frozen=True, slots=True)
class Known:
    """A configuration, and the rules and probes it was checked against.

    *rules* are those the policy has a clause for. The configuration's policy is what of it binds: clauses of rules
    that are experimental or retired are left out of it, so that these are judged and shown, and weigh nothing.
    *issue* is the policy as it was issued.
    """

    config: Config
    rules: Mapping[str, Rule]
    probes: Mapping[str, Probe]
    issue: Issue

    def halt_file(self, directory: Path) -> HaltFile:
        """Return where an order to stop lies, or would; *directory* is that of the configuration."""
        return HaltFile.beside(self.config.daemon.store_url, directory)


def read(directory: Path, now: dt.datetime | None = None) -> Known:
    """Read everything in *directory*, with the policy that counts *now*.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: the configuration has mistakes.
    """
    return read_with(directory, issue_of(directory, now or dt.datetime.now(dt.UTC)))


def read_with(directory: Path, issue: Issue) -> Known:
    """Read everything in *directory*, with *issue* for its policy.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: the configuration has mistakes.
    """
    rules = packs.understand(issue.rule_files())
    probes = registry.load()
    config = load(directory, known_rules=rules, known_probes=probes, policy=issue.policy)
    judged = {rule: rules[rule] for rule in rules if rule in config.policy.clauses}
    weightless = {rule.id for rule in judged.values() if rule.status is not Status.STABLE}
    policy = replace(config.policy.without(weightless), digest=issue.digest)
    return Known(replace(config, policy=policy), judged, probes, issue)
