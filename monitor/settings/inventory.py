"""The inventory put together from its files: each host once, whatever file it stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from monitor.settings.fields import Known
from monitor.settings.hosts import Span, parse_host
from monitor.settings.mistakes import NOTHING, Mistake, Refused
from monitor.settings.table_reader import Table
from monitor.settings.targets import TargetEntry, TargetsFile
from monitor.settings.validation import Slip, Source, mistakes, validate
from monitor.settings.yaml_reader import Document, Value
from probes.target import Target
from probes.wire.scope import Scope
from rules.text import Text


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry and where it stands."""

    entry: TargetEntry
    source: Source
    way: tuple[str | int, ...]

    def slip(self, message: Text, cure: Text = NOTHING) -> Mistake:
        """Return what is wrong with the entry's host, at its place."""
        return Slip((*self.way, "host"), Refused(message, cure)).mistake(self.source)

    @property
    def place(self) -> str:
        """The file and line, for people."""
        return f"{self.source.file}:{self.source.place(self.way)[0]}"


@dataclass(slots=True)
class Inventory:
    """What has been read so far; *targets* by host in the order of the files.

    *broken* are the hosts of entries that could not be accepted, so that references to them are no second mistake.
    """

    targets: dict[str, Target] = field(default_factory=dict)
    exemptions: dict[str, str] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    broken: set[str] = field(default_factory=set)
    _owners: dict[str, Placed] = field(default_factory=dict)

    def add_document(self, document: Document, known: Known) -> None:
        """Add the targets of a YAML file."""
        whole = validate(TargetsFile, document.value, known)
        if isinstance(whole, TargetsFile):
            self._add(document, ("targets",), whole.targets)
            return
        value = document.value
        entries = value.get("targets") if isinstance(value, dict) else None
        if not isinstance(entries, list):
            self.mistakes += mistakes(document, whole)
            return
        self.mistakes += mistakes(document, [slip for slip in whole if slip.way[0] != "targets"])
        self._add_one_by_one(document, ("targets",), entries, known)

    def add_table(self, table: Table, known: Known) -> None:
        """Add the targets of a CSV file."""
        whole = validate(TargetsFile, {"targets": table.rows}, known)
        if isinstance(whole, TargetsFile):
            self._add(table, (), whole.targets)
        else:
            self._add_one_by_one(table, (), table.rows, known)

    def _add_one_by_one(self, source: Source, way: tuple[str | int, ...], entries: list[Value], known: Known) -> None:
        """Keep the good entries of a file with bad ones, so that what is wrong with them is found as well."""
        slips: list[Slip] = []
        good: list[TargetEntry | None] = []
        for index, entry in enumerate(entries):
            result = validate(TargetEntry, entry, known, (*way, index))
            if isinstance(result, TargetEntry):
                good.append(result)
            else:
                good.append(None)
                slips += result
                self._note_broken(entry)
        self.mistakes += mistakes(source, slips)
        self._add(source, way, good)

    def _note_broken(self, entry: Value) -> None:
        try:
            host = parse_host(str(entry["host"])) if isinstance(entry, dict) and "host" in entry else ""
        except Refused:
            return
        self.broken.update([host] if isinstance(host, str) else host.addresses())

    def _add(self, source: Source, way: tuple[str | int, ...], entries: Sequence[TargetEntry | None]) -> None:
        targets, owners = self.targets, self._owners
        for index, entry in enumerate(entries):
            if entry is None:
                continue
            placed = Placed(entry, source, (*way, index))
            clashes: Counter[int] = Counter()
            earlier: dict[int, Placed] = {}
            for target in entry.nouns():
                owner = owners.setdefault(target.host, placed)
                if owner is placed:
                    targets[target.host] = target
                else:
                    clashes[id(owner)] += 1
                    earlier[id(owner)] = owner
            if entry.ipv6_exempt is not None:
                self.exemptions.update(dict.fromkeys(_hosts(entry), entry.ipv6_exempt))
            self.mistakes += [_clash(placed, earlier[key], count) for key, count in clashes.items()]

    def check_scope(self, scope: Scope) -> None:
        """Refuse addresses that no packet may ever be sent to because no allowed prefix holds them."""
        reported: set[int] = set()
        allowed = Scope(allow=scope.allow)
        for host, placed in self._owners.items():
            literal = self.targets[host].literal if host[-1].isdigit() or ":" in host else None
            if literal is None or id(placed) in reported or allowed.refusal(literal) is None:
                continue
            reported.add(id(placed))
            message = Text(
                f"{host} 不在 scope.allow 的网段内，永远不会被探测",
                f"{host} is in no prefix of scope.allow and would never be probed",
            )
            cure = Text(
                "请在 diaolou.yaml 的 scope.allow 中加入其网段", "add its prefix to scope.allow in diaolou.yaml"
            )
            self.mistakes.append(placed.slip(message, cure))

    def frozen(self) -> Mapping[str, Target]:
        """Return the targets, read-only."""
        return MappingProxyType(self.targets)


def _hosts(entry: TargetEntry) -> list[str]:
    return list(entry.host.addresses()) if isinstance(entry.host, Span) else [entry.host]


def _clash(later: Placed, earlier: Placed, count: int) -> Mistake:
    where = earlier.place
    if isinstance(later.entry.host, str) and isinstance(earlier.entry.host, str):
        host = later.entry.host
        message = Text(f"主机 {host} 重复出现，已在 {where} 登记", f"the host {host} appears twice, first at {where}")
        return later.slip(message, Text("请只保留一处", "keep one"))
    one, other = (host.text if isinstance(host, Span) else host for host in (later.entry.host, earlier.entry.host))
    message = Text(
        f"{one} 与 {where} 的 {other} 有 {count} 个地址重叠",
        f"{one} overlaps with {other} at {where} in {count} address(es)",
    )
    return later.slip(
        message, Text("请拆分地址段，使每个地址只出现一次", "split the ranges so that each address stands once")
    )
