"""Judging 2,000 hosts by all rules, and the conditions alone against the CEL implementation in Rust."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.configuration import Known, read
from monitor.judgement import Judge
from monitor.outfit import around
from monitor.store import Store
from probes.observation import Observation
from rules.facts import Seen, activation
from rules.judge import judge, outcomes
from rules.text import Text
from rules.verdict import Outcome
from tests.bench.figure import Figure, figure
from tests.bench.rust_cel import RustFacts, RustRule
from tests.bench.scale_facts import VANTAGE, records
from tests.bench.timing import Spent, best_of, in_turn, timed
from tests.lab import scale
from tests.lab.config import write

TITLE = Text("评判：两千台主机，全部规则", "Judging: 2,000 hosts, every rule")
LIMIT = 180.0
HOSTS = 2000
FEW = 400
"""Those whose conditions the two implementations are asked about in turn."""
CHUNK = 200
"""Hosts judged in one transaction, as in a round."""
AT = dt.datetime(2026, 11, 1, 8, 0, tzinfo=dt.UTC)
LATER = AT + dt.timedelta(minutes=5)
BAR = 0.1
"""What our time for the conditions may be, as a ratio to the peer's."""
UNANSWERED = [("", Outcome.UNKNOWN)]
"""What a condition over something unknown comes to: ours goes on with the rest, the peer ends."""
Activations = list[dict[str, object]]


def run(folder: Path) -> Iterator[Figure]:
    """Judge from the store, from memory, and the conditions alone by both implementations."""
    write(folder / "config", folder, many=HOSTS)
    (folder / "ca.pem").touch()
    known = read(folder / "config")
    ports = around(known.config).scan_ports
    hosts = {scale.name(index): records(index, ports, AT) for index in range(HOSTS)}
    yield figure("rules", "规则", "rules", len(known.rules))
    yield from _stored(known, hosts, folder)
    seen = [
        Seen(known.config.targets[host], VANTAGE, tuple(facts), frozenset(record.probe for record in facts))
        for host, facts in hosts.items()
    ]
    yield from _in_memory(known, seen)
    yield from _conditions(known, [activation(each, known.config.policy, LATER) for each in seen[:FEW]])


def _stored(known: Known, hosts: Mapping[str, list[Observation]], folder: Path) -> Iterator[Figure]:
    """Judge as a round does: facts from the store, verdicts and findings to it."""
    with Store.open(f"sqlite:///{folder / 'diaolou.sqlite'}") as store:
        _record(store, hosts)
        for key, zh, en in (("first", "首次", "first time"), ("again", "再次，无变化", "again, unchanged")):
            judge_ = Judge(known.config, known.rules, store)
            names, verdicts = list(hosts), 0
            with timed() as spent:
                for start in range(0, HOSTS, CHUNK):
                    done = judge_.judge(names[start : start + CHUNK], LATER)
                    verdicts += sum(sum(host.verdicts.values()) for host in done.hosts.values())
            yield from _rates(f"stored_{key}", f"从存储到存储，{zh}：", f"store to store, {en}: ", verdicts, spent)


def _record(store: Store, hosts: Mapping[str, list[Observation]]) -> None:
    everything = [record for facts in hosts.values() for record in facts]
    for probe in sorted({record.probe for record in everything}):
        mine = [record for record in everything if record.probe == probe]
        run_ = store.begin_run(probe, VANTAGE, AT, len(hosts))
        store.record(run_, mine, hosts)
        store.end_run(run_, AT, complete=True)


def _in_memory(known: Known, seen: list[Seen]) -> Iterator[Figure]:
    rules, policy = list(known.rules.values()), known.config.policy
    verdicts = sum(len(judge(rules, each, policy, LATER)) for each in seen)
    spent = best_of(2, lambda: [judge(rules, each, policy, LATER) for each in seen])
    yield from _rates("memory", "在内存中：", "in memory: ", verdicts, spent)


def _conditions(known: Known, facts: Activations) -> Iterator[Figure]:
    """Evaluate every condition on every host, without witnesses, reasons or anything else a verdict needs."""
    rules = list(known.rules.values())

    def ours() -> list[list[tuple[str, Outcome]]]:
        return [[met[:2] for met in outcomes(rule, each)] for each in facts for rule in rules]

    rust, ready = [RustRule(rule) for rule in rules], [RustFacts(each) for each in facts]

    def theirs() -> list[list[tuple[str, Outcome]]]:
        return [list(rule.outcomes(each)) for each in ready for rule in rust]

    pairs = list(zip(ours(), theirs(), strict=True))
    unanswered = sum(other == UNANSWERED for _, other in pairs)
    differing = sum(mine != other != UNANSWERED for mine, other in pairs)
    mine, other = in_turn(3, ours, theirs)
    yield figure("differing", "两种实现结果不同的判定", "conditions on which the two differ", differing, "", 0)
    yield figure(
        "unanswered",
        "Rust 的 CEL 没有答案的判定",
        "conditions the Rust CEL has no answer to",
        unanswered,
        f"/ {len(pairs):,}",
    )
    yield figure("cel", "只算条件，本项目的 CEL", "conditions alone, our CEL", FEW / mine.wall, "hosts/s")
    yield figure("rust", "只算条件，Rust 的 CEL", "conditions alone, the Rust CEL", FEW / other.wall, "hosts/s")
    yield figure(
        "ratio", "与 Rust 的 CEL 用时之比", "time as a ratio to the Rust CEL", mine.wall / other.wall, "×", BAR
    )


def _rates(key: str, zh: str, en: str, verdicts: int, spent: Spent) -> Iterator[Figure]:
    yield figure(f"{key}.hosts", f"{zh}主机", f"{en}hosts", HOSTS / spent.wall, "/s")
    yield figure(f"{key}.verdicts", f"{zh}判定", f"{en}verdicts", verdicts / spent.wall, "/s")
