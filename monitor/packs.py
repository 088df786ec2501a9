"""Reading the rule packs: every YAML file below `rules/packs`, and an operator's own beside the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from probes import registry
from rules.facts import schema
from rules.rule import Rule, RuleFault, parse


class RuleFaults(Exception):
    """Every rule file that cannot be used."""

    def __init__(self, faults: list[RuleFault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def load(own: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules by id, in the order of packs and files; *own* is a folder of further packs.

    Raises:
        RuleFaults: with every mistake of every file.
    """
    types = schema({name: probe.facts for name, probe in registry.load().items()})
    rules: dict[str, Rule] = {}
    faults: list[RuleFault] = []
    for folder in [files("rules") / "packs", *([own] if own and own.is_dir() else [])]:
        for pack, file in _files(folder):
            source = f"{pack}/{file.name}"
            try:
                rule = parse(file.read_text(encoding="utf-8"), source, pack, types)
                if rule.id != file.name.removesuffix(".yaml"):
                    raise RuleFault(source, 0, f'the file must be named "{rule.id}.yaml", as its rule')
                if rule.id in rules:
                    raise RuleFault(source, 0, f'a rule "{rule.id}" is already in pack {rules[rule.id].pack}')
                rules[rule.id] = rule
            except RuleFault as fault:
                faults.append(fault)
    if faults:
        raise RuleFaults(faults)
    return rules


def _files(folder: Traversable) -> list[tuple[str, Traversable]]:
    found = [
        (pack.name, file)
        for pack in folder.iterdir()
        if pack.is_dir()
        for file in pack.iterdir()
        if file.name.endswith(".yaml")
    ]
    return sorted(found, key=lambda item: (item[0], item[1].name))
