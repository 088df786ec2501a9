"""The cases of every rule, run."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from monitor import packs
from monitor.issue import issue_of
from probes import registry
from rules.cases import Result, run
from rules.facts import schema


def run_cases(directory: Path, now: dt.datetime) -> list[Result]:
    """Return the result of every case of every rule of the policy in force *now* in *directory*.

    Raises:
        RuleFaults: a rule cannot be used.
        Mistakes: a policy is installed that is not to be trusted.
    """
    types = schema({name: probe.facts for name, probe in registry.load().items()})
    rules = packs.understand(issue_of(directory, now).rule_files())
    return [run(rule, case, types) for rule in rules.values() for case in rule.cases]
