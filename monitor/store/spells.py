"""How the state of a target moves on: a spell lasts while its value holds, and ends when another begins."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from monitor.store.coding import Coder, Encoded
from monitor.store.nouns import Recorded, RunId
from monitor.store.samples import RollUp
from probes.observation import Gap, GapReason, Observation, Record, Subject


@dataclass(slots=True)
class OpenSpell:
    """A spell that may still go on. *number* is None until it is written."""

    number: int | None
    target: str
    subject: str
    digest: str | None
    failure: str | None
    gap: str | None
    since: dt.datetime
    valid_from: dt.datetime
    seen_at: dt.datetime
    run: int
    seconds: float = 0.0
    detail: str = ""
    samples: str | None = None
    valid_to: dt.datetime | None = None
    touched: bool = False

    @property
    def value(self) -> tuple[str | None, str | None, str | None]:
        """What has to differ for the state to have changed."""
        return self.digest, self.failure, self.gap

    def confirm(self, record: OpenSpell) -> None:
        """Go on, with what may differ from look to look as it is now."""
        self.seen_at, self.run, self.touched = record.seen_at, record.run, True
        self.seconds, self.detail, self.samples = record.seconds, record.detail, record.samples

    def end(self, at: dt.datetime) -> None:
        """End at *at*; a clock that went back makes no spell of negative length."""
        self.valid_to, self.touched = max(at, self.valid_from), True


@dataclass(slots=True)
class Slot:
    """The open spells of one subject: at most one observation, and at most one gap, the newer of the two."""

    observation: OpenSpell | None = None
    gap: OpenSpell | None = None

    @property
    def held(self) -> list[OpenSpell]:
        """Both, where there are both."""
        return [spell for spell in (self.observation, self.gap) if spell is not None]

    def knows(self, run: int, at: dt.datetime) -> bool:
        """Say whether a record of *run* at *at* is here already, or older than what is."""
        return any((spell.run, spell.seen_at) >= (run, at) for spell in self.held)


@dataclass(slots=True)
class Batch:
    """The state of the targets a batch of records is about, moved on record by record.

    *settled* names the last run whose look at a target was complete. *silence* is how long a value is believed to
    have held between two looks that both met it.
    """

    run: RunId
    coder: Coder
    silence: dt.timedelta
    zone: dt.tzinfo
    settled: Mapping[str, int]
    slots: dict[str, dict[str, Slot]] = field(default_factory=dict)
    spells: list[OpenSpell] = field(default_factory=list)
    facts: dict[str, str] = field(default_factory=dict)
    samples: RollUp = field(default_factory=RollUp)
    gaps: Counter[GapReason] = field(default_factory=Counter)
    observations: int = 0
    changed: int = 0
    confirmed: int = 0
    ended: int = 0
    late: int = 0

    def hold(self, spell: OpenSpell) -> None:
        """Take in a spell that is open as the batch begins."""
        slot = self._slot(spell.target, spell.subject)
        if spell.gap is None:
            slot.observation = spell
        else:
            slot.gap = spell
        self.spells.append(spell)

    def take(self, record: Record) -> None:
        """Move the state of the record's subject on; what is known already, or older, changes nothing."""
        subject = str(record.subject)
        slot = self._slot(record.target, subject)
        if slot.knows(self.run.number, record.at) or self.settled.get(record.target, 0) >= self.run.number:
            self.late += 1
        elif isinstance(record, Gap):
            self.gaps[record.reason] += 1
            slot.gap = self._follow(slot.gap, self._gap(record, subject))
        else:
            self._observe(slot, record, subject)

    def finish(self, target: str, at: dt.datetime) -> None:
        """End the subjects of *target* that a complete look of this run, over at *at*, met no more.

        A subject that a gap of the same look covers was not looked for, and stays.
        """
        slots = self.slots.get(target, {})
        this = self.run.number
        gaps = [Subject.parse(name) for name, slot in slots.items() if slot.gap is not None and slot.gap.run == this]
        for name, slot in slots.items():
            if any(spell.run >= this for spell in slot.held):
                continue
            if slot.observation is not None and any(covers(gap, Subject.parse(name)) for gap in gaps):
                continue
            for spell in slot.held:
                spell.end(at)
            self.ended += 1

    def recorded(self) -> Recorded:
        """Say what became of the batch."""
        return Recorded(self.changed, self.confirmed, self.ended, self.late)

    def _slot(self, target: str, subject: str) -> Slot:
        return self.slots.setdefault(target, {}).setdefault(subject, Slot())

    def _observe(self, slot: Slot, record: Observation, subject: str) -> None:
        self.observations += 1
        encoded = self._encode(record)
        new = OpenSpell(
            number=None,
            target=record.target,
            subject=subject,
            digest=encoded.digest if encoded else None,
            failure=record.failure.value if record.failure else None,
            gap=None,
            since=record.at,
            valid_from=record.at,
            seen_at=record.at,
            run=self.run.number,
            seconds=record.seconds,
            detail=record.detail,
            samples=encoded.samples if encoded else None,
        )
        if slot.gap is not None:
            slot.gap.end(record.at)
            slot.gap = None
        slot.observation = self._follow(slot.observation, new)

    def _gap(self, record: Gap, subject: str) -> OpenSpell:
        return OpenSpell(
            number=None,
            target=record.target,
            subject=subject,
            digest=None,
            failure=None,
            gap=record.reason.value,
            since=record.at,
            valid_from=record.at,
            seen_at=record.at,
            run=self.run.number,
            detail=record.detail,
        )

    def _encode(self, record: Observation) -> Encoded | None:
        if record.facts is None:
            self.samples.add(record, {}, self.zone)
            return None
        self.samples.add(record, self.coder.measures(record.probe, record.facts), self.zone)
        encoded = self.coder.encode(record.probe, record.facts)
        self.facts[encoded.digest] = encoded.body
        return encoded

    def _follow(self, old: OpenSpell | None, new: OpenSpell) -> OpenSpell:
        """Return the spell that holds after *new*: the old one going on, or the new one after it."""
        same = old is not None and old.value == new.value
        self.confirmed += same
        self.changed += not same
        if old is not None and same and new.seen_at - old.seen_at <= self.silence:
            old.confirm(new)
            return old
        if old is not None:
            old.end(new.valid_from)
            new.valid_from = max(new.valid_from, old.valid_from)
            # The same value after a long silence is still the old one, yet nobody knows of the time between.
            new.since = old.since if same else new.since
        new.touched = True
        self.spells.append(new)
        return new


def covers(gap: Subject, subject: Subject) -> bool:
    """Say whether not having looked at *gap* means not having looked at *subject*: every part it names agrees."""
    return (
        gap.family in (None, subject.family)
        and gap.address in (None, subject.address)
        and gap.scheme in ("", subject.scheme)
        and gap.port in (None, subject.port)
        and gap.path in ("", subject.path)
        and gap.server in ("", subject.server)
    )
