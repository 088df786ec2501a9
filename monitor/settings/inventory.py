"""The inventory put together from its files: each host once, whatever file it stands in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
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

LARGEST_INVENTORY = 500_000
"""Targets in all; beyond that, memory would be the next to complain."""
_SMALLER = Text("请写在用的小段，或分给几个观测塔", "write the smaller ranges in use, or share them among towers")


@dataclass(frozen=True, slots=True)
class Placed:
    """A host or range of the inventory and where it stands."""

    host: str | Span
    source: Source
    way: tuple[str | int, ...]

    def mistake(self, message: Text, cure: Text = NOTHING) -> Mistake:
        """Return what is wrong with the host, at its place."""
        return Slip((*self.way, "host"), Refused(message, cure)).mistake(self.source)

    @property
    def place(self) -> str:
        """The file and line, for people."""
        return f"{self.source.file}:{self.source.place(self.way)[0]}"


@dataclass(slots=True)
class Inventory:
    """What has been read so far; *targets* by host in the order of the files.

    *owners* knows besides them the hosts of entries that could not be accepted, so that a reference to one is no
    second mistake, and a duplicate of one is not missed.
    """

    targets: dict[str, Target] = field(default_factory=dict)
    exemptions: dict[str, str] = field(default_factory=dict)
    owners: dict[str, Placed] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)
    _full: bool = False

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
        for index, entry in enumerate(entries):
            result = validate(TargetEntry, entry, known, (*way, index))
            if isinstance(result, TargetEntry):
                self._add_entry(Placed(result.host, source, (*way, index)), result)
                continue
            slips += result
            host = _host_of(entry)
            if host is not None:
                self._own(Placed(host, source, (*way, index)), host.addresses() if isinstance(host, Span) else [host])
        self.mistakes += mistakes(source, slips)

    def _add(self, source: Source, way: tuple[str | int, ...], entries: list[TargetEntry]) -> None:
        for index, entry in enumerate(entries):
            self._add_entry(Placed(entry.host, source, (*way, index)), entry)

    def _add_entry(self, placed: Placed, entry: TargetEntry) -> None:
        if len(self.targets) + (placed.host.size if isinstance(placed.host, Span) else 1) > LARGEST_INVENTORY:
            if not self._full:
                message = Text(f"目标总数超过 {LARGEST_INVENTORY}", f"more than {LARGEST_INVENTORY} targets in all")
                self.mistakes.append(placed.mistake(message, _SMALLER))
            self._full = True
            return
        targets = {target.host: target for target in entry.nouns()}
        self._own(placed, targets)
        self.targets.update(targets)
        if entry.ipv6_exempt is not None:
            self.exemptions.update(dict.fromkeys(targets, entry.ipv6_exempt))

    def _own(self, placed: Placed, hosts: Iterable[str]) -> None:
        """Note who stands where; a host that stood somewhere before is a mistake, told once per pair of entries."""
        setdefault = self.owners.setdefault
        earlier = [owner for host in hosts if (owner := setdefault(host, placed)) is not placed]
        if earlier:
            owners = {id(owner): owner for owner in earlier}
            counts = Counter(map(id, earlier))
            self.mistakes += [_clash(placed, owners[key], count) for key, count in counts.items()]

    def check_scope(self, scope: Scope) -> None:
        """Refuse addresses that no packet may ever be sent to because no allowed prefix holds them."""
        reported: set[int] = set()
        allowed = Scope(allow=scope.allow)
        for host, placed in self.owners.items():
            if id(placed) in reported or not (host[-1].isdigit() or ":" in host) or host not in self.targets:
                continue
            literal = self.targets[host].literal
            if literal is None or allowed.refusal(literal) is None:
                continue
            reported.add(id(placed))
            message = Text(
                f"{host} 不在 scope.allow 的网段内，永远不会被探测",
                f"{host} is in no prefix of scope.allow and would never be probed",
            )
            cure = Text(
                "请在 diaolou.yaml 的 scope.allow 中加入其网段", "add its prefix to scope.allow in diaolou.yaml"
            )
            self.mistakes.append(placed.mistake(message, cure))

    def frozen(self) -> Mapping[str, Target]:
        """Return the targets, read-only."""
        return MappingProxyType(self.targets)


def _host_of(entry: Value) -> str | Span | None:
    """Return the host of an entry that could not be accepted, when that at least can be read."""
    try:
        return parse_host(str(entry["host"])) if isinstance(entry, dict) and "host" in entry else None
    except Refused:
        return None


def _clash(later: Placed, earlier: Placed, count: int) -> Mistake:
    where = earlier.place
    if isinstance(later.host, str) and isinstance(earlier.host, str):
        host = later.host
        message = Text(f"主机 {host} 重复出现，已在 {where} 登记", f"the host {host} appears twice, first at {where}")
        return later.mistake(message, Text("请只保留一处", "keep one"))
    one, other = (host.text if isinstance(host, Span) else host for host in (later.host, earlier.host))
    message = Text(
        f"{one} 与 {where} 的 {other} 有 {count} 个地址重叠",
        f"{one} overlaps with {other} at {where} in {count} address(es)",
    )
    return later.mistake(
        message, Text("请拆分地址段，使每个地址只出现一次", "split the ranges so that each address stands once")
    )
