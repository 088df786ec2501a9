"""Reading the rule packs: every YAML file below `rules/packs`, and an operator's own beside the configuration."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from probes import registry
from rules import cel
from rules.facts import schema
from rules.faults import RuleFault, RuleFaults
from rules.rule import Rule
from rules.rule_file import parse
from rules.text import Text

__all__ = ["RuleFaults", "RuleFile", "files_of", "load", "understand"]

_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class RuleFile:
    """One rule as a file. *source* is only for messages, *pack* empty for one that lies in no pack's folder."""

    source: str
    pack: str
    name: str
    read: Callable[[], bytes]


def load(own: Path | None = None) -> Mapping[str, Rule]:
    """Return the rules by id, in the order of packs and files; *own* is a folder of further packs.

    Raises:
        RuleFaults: with every mistake of every file.
    """
    return understand(files_of(own))


def understand(rule_files: Iterable[RuleFile]) -> Mapping[str, Rule]:
    """Return the rules in *rule_files* by id, in their order.

    Raises:
        RuleFaults: with every mistake of every file.
    """
    types = schema({name: probe.facts for name, probe in registry.load().items()})
    rules: dict[str, Rule] = {}
    faults: list[RuleFault] = []
    for file in rule_files:
        try:
            rule = _rule(file, types)
            if rule.id in rules:
                place = rules[rule.id].pack
                message = Text(
                    f"规则“{rule.id}”已在规则包 {place} 中", f'a rule "{rule.id}" is already in pack {place}'
                )
                raise RuleFaults([RuleFault(file.source, 0, message)])
            rules[rule.id] = rule
        except RuleFaults as found:
            faults += found.faults
    if faults:
        raise RuleFaults(faults)
    return rules


def files_of(own: Path | None = None) -> Iterator[RuleFile]:
    """Yield every rule file there is: those that come along, then those of the folder *own*."""
    yield from _files(files("rules") / "packs", "rules/packs")
    if own is not None and own.is_dir():
        yield from _files(own, str(own))


def _files(folder: Traversable, shown: str) -> Iterator[RuleFile]:
    for pack in sorted(folder.iterdir(), key=lambda found: found.name):
        if pack.name.endswith(_SUFFIXES):
            yield RuleFile(f"{shown}/{pack.name}", "", pack.name, pack.read_bytes)
        elif pack.is_dir():
            for file in sorted(pack.iterdir(), key=lambda found: found.name):
                if file.name.endswith(_SUFFIXES):
                    yield RuleFile(f"{shown}/{pack.name}/{file.name}", pack.name, file.name, file.read_bytes)


def _rule(file: RuleFile, types: Mapping[str, cel.Type]) -> Rule:
    def refuse(zh: str, en: str) -> RuleFaults:
        return RuleFaults([RuleFault(file.source, 0, Text(zh, en))])

    if not file.pack:
        raise refuse("规则文件应放在规则包的文件夹里", "a rule belongs into the folder of a pack")
    if not file.name.endswith(".yaml"):
        raise refuse("请改名为 .yaml", "rename it to .yaml")
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise refuse("不是 UTF-8 文本", "is not UTF-8") from None
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        raise refuse(f"读不出来：{reason}", f"cannot be read: {reason}") from fault
    rule = parse(text, file.source, file.pack, types)
    if file.name != f"{rule.id}.yaml":
        raise refuse(f"文件应与规则同名：“{rule.id}.yaml”", f'the file must be named "{rule.id}.yaml", as its rule')
    return rule
