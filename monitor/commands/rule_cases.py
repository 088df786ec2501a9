"""The cases of every rule, run."""

from __future__ import annotations

from pathlib import Path

from monitor import packs
from probes import registry
from rules.cases import Result, run
from rules.facts import schema


def run_cases(own: Path | None = None) -> list[Result]:
    """Return the result of every case of every rule, those of the folder *own* included.

    Raises:
        RuleFaults: a rule cannot be used.
    """
    types = schema({name: probe.facts for name, probe in registry.load().items()})
    return [run(rule, case, types) for rule in packs.load(own).values() for case in rule.cases]
