"""The facts a condition reads: the observations of one target as CEL values, gaps kept as holes.

Each probe is a variable: the list of its records. A record has the fields of its subject (`subject`, `family`,
`address`, `port`, `scheme`, `path`, `server`), `failure` (empty when there was none) and the fields of the probe's
facts. What was not measured is absent, and reading it is unknown: a failed observation has no facts, a gap has no
`failure` either. `week` adds up a steady probe's looks of the seven whole days before today, and has a `share` only
where each of them had enough. `target.literal` is the family of a target named by its address, and empty for one with
a name.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, fields, is_dataclass

from probes.observation import WHOLE, Facts, Gap, Observation, Record, Subject
from probes.target import Family, Target
from rules import cel
from rules.policy import CLOCK_SLACK, Policy
from rules.verdict import Witness
from rules.week import Week

INVENTORY = "inventory"
"""What a rule that reads no probe is witnessed by."""

_SUBJECT_FIELDS: Mapping[str, cel.Type] = {
    "subject": cel.STRING,
    "family": cel.STRING,
    "address": cel.IP,
    "port": cel.INT,
    "scheme": cel.STRING,
    "path": cel.STRING,
    "server": cel.STRING,
    "failure": cel.STRING,
    "seconds": cel.DOUBLE,
    "week": cel.Record("Week", {"looks": cel.INT, "failed": cel.INT, "share": cel.DOUBLE}),
}
_SERVICE = cel.Record("Service", {"family": cel.STRING, "transport": cel.STRING, "port": cel.INT})
_TARGET = cel.Record(
    "Target",
    {
        "host": cel.STRING,
        "agency": cel.STRING,
        "kind": cel.STRING,
        "value": cel.INT,
        "paths": cel.ListOf(cel.STRING),
        "declared": cel.ListOf(_SERVICE),
        "ipv6_exempt": cel.BOOL,
        "literal": cel.STRING,
    },
)
_POLICY = cel.Record(
    "Policy",
    {
        "dangerous_ports": cel.ListOf(cel.INT),
        "certificate_days": cel.INT,
        "second_level_rate": cel.DOUBLE,
        "third_level_rate": cel.DOUBLE,
        "ipv6_success_rate": cel.DOUBLE,
        "ipv6_degradation": cel.DOUBLE,
        "fast_enough": cel.DOUBLE,
        "uplink_load": cel.DOUBLE,
        "ipv6_traffic_share": cel.DOUBLE,
        "failed_visits": cel.DOUBLE,
        "official_domains": cel.ListOf(cel.STRING),
    },
)


def schema(probes: Mapping[str, type[Facts]]) -> Mapping[str, cel.Type]:
    """Return the type of every variable a condition may read, from the facts classes of the probes."""
    variables: dict[str, cel.Type] = {"target": _TARGET, "policy": _POLICY, "now": cel.TIMESTAMP}
    for name, facts in probes.items():
        assert is_dataclass(facts), "facts are a dataclass"
        clash = {item.name for item in fields(facts)} & _SUBJECT_FIELDS.keys()
        if clash:
            raise TypeError(f"{facts.__name__} hides {sorted(clash)} of every record; name the field otherwise")
        variables[name] = cel.ListOf(cel.record_of(facts, **_SUBJECT_FIELDS))
    return variables


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of one target from one vantage.

    *looked* names the probes that have looked to the end at least once: for them an empty list of records means
    that there is nothing, for the others it means nothing at all. *weeks* are those of steady probes, by probe and
    family.
    """

    target: Target
    vantage: str
    records: tuple[Record, ...]
    looked: frozenset[str]
    weeks: Mapping[tuple[str, str], Week] = field(default_factory=dict)


def activation(seen: Seen, policy: Policy, now: dt.datetime) -> dict[str, object]:
    """Return the variables of a condition for *seen*; what is too old to count, or of the future, is a gap."""
    variables: dict[str, object] = {
        "target": _target(seen.target),
        "policy": {
            "dangerous_ports": sorted(policy.dangerous_ports),
            "certificate_days": policy.certificate_days,
            "second_level_rate": policy.second_level_rate,
            "third_level_rate": policy.third_level_rate,
            "ipv6_success_rate": policy.ipv6_success_rate,
            "ipv6_degradation": policy.ipv6_degradation,
            "fast_enough": policy.fast_enough,
            "uplink_load": policy.uplink_load,
            "ipv6_traffic_share": policy.ipv6_traffic_share,
            "failed_visits": policy.failed_visits,
            "official_domains": list(policy.official_domains),
        },
        "now": now,
    }
    by_probe: dict[str, list[object]] = {name: [] for name in seen.looked}
    for record in seen.records:
        week = seen.weeks.get((record.probe, record.subject.family or ""))
        by_probe.setdefault(record.probe, []).append(_record(record, week, policy, now))
    variables.update(by_probe)
    return variables


class Proof:
    """What verdicts on *seen* rest on; what is dated in the future of *now* proves nothing."""

    def __init__(self, seen: Seen, now: dt.datetime) -> None:
        self._vantage, self._now = seen.vantage, now
        latest = now + dt.timedelta(seconds=CLOCK_SLACK)
        self._known = [
            Witness(record.probe, record.vantage, str(record.subject), record.at)
            for record in seen.records
            if isinstance(record, Observation) and record.at <= latest
        ]

    def of(self, probes: Collection[str], subject: str) -> tuple[Witness, ...]:
        """Return the observations a verdict on *subject* rests on: that subject's own, or else all of *probes*.

        Without any probe it rests on the inventory, as that is now.
        """
        if not probes:
            return (Witness(INVENTORY, self._vantage, subject, self._now),)
        found = [witness for witness in self._known if witness.probe in probes]
        return tuple([witness for witness in found if witness.subject == subject] or found)


def _target(target: Target) -> Mapping[str, object]:
    return {
        "host": target.host,
        "agency": target.agency,
        "kind": target.kind.value,
        "value": target.value,
        "paths": list(target.paths),
        "declared": [
            {"family": service.family.value, "transport": service.transport.value, "port": service.port}
            for service in sorted(target.declared)
        ],
        "ipv6_exempt": target.ipv6_exempt,
        "literal": Family.of(target.literal).value if target.literal is not None else "",
    }


def _record(record: Record, week: Week | None, policy: Policy, now: dt.datetime) -> object:
    if isinstance(record, Gap) and record.subject == WHOLE:
        return cel.UNKNOWN
    values = _subject(record.subject)
    if week is not None:
        values["week"] = week.plain(policy.visits_a_day)
    if isinstance(record, Gap) or not policy.counts(record.at, now):
        return values
    values["failure"] = record.failure.value if record.failure else ""
    values["seconds"] = record.seconds
    if record.facts is not None:
        values.update(_plain_fields(record.facts))
    return values


def _subject(subject: Subject) -> dict[str, object]:
    family: Family | None = subject.family
    values: dict[str, object] = {
        "subject": str(subject),
        "scheme": subject.scheme,
        "path": subject.path,
        "server": subject.server,
    }
    if family is not None:
        values["family"] = family.value
    if subject.address is not None:
        values["address"] = subject.address
    if subject.port is not None:
        values["port"] = subject.port
    return values


def _plain_fields(facts: object) -> dict[str, object]:
    assert is_dataclass(facts)
    return {item.name: _plain(getattr(facts, item.name)) for item in fields(facts)}


def _plain(value: object) -> object:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (tuple, list, frozenset)):
        return [_plain(item) for item in value]
    if is_dataclass(value) and not isinstance(value, type):
        return _plain_fields(value)
    return value
