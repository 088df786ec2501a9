"""What is known of a host at present, out of what was seen last and where we could not look since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from monitor.store import StoredRecord
from monitor.store.spells import covers
from probes.observation import WHOLE, Failure, Gap, GapReason, Observation, Record

OF_OUR_OWN_WILL = frozenset({GapReason.QUIET_HOURS, GapReason.STOPPED})
"""Why we chose not to look: nothing was met that would put what was seen before in doubt."""


def current(stored: Sequence[StoredRecord], looked: Collection[str]) -> tuple[Record, ...]:
    """Return what was met last: where we could not look since, the old observation decides nothing.

    A gap on a family, or on the target as a whole, is a gap on every address below it that was looked at before. One
    of our own will leaves standing what was observed, until that is too old to count; of a probe that has *looked* to
    the end before, it says nothing else either.
    """
    newest = [_newest(item) for item in stored]
    newest = [
        record for record in newest if not (_chosen(record) and record.subject == WHOLE and record.probe in looked)
    ]
    gaps = [record for record in newest if isinstance(record, Gap) and record.subject.address is None]
    return tuple(_under(gaps, record) for record in newest)


def open_questions(records: Iterable[Record]) -> frozenset[str]:
    """Return the subjects of which the newest look says nothing that could end a finding: gaps, and most failures.

    A refused connection does settle it: there is no service there any more that could be in the wrong.
    """
    return frozenset(
        str(record.subject)
        for record in records
        if isinstance(record, Gap) or record.failure not in (None, Failure.CONNECTION_REFUSED)
    )


def _newest(item: StoredRecord) -> Record:
    return item.record if item.gap is None or _chosen(item.gap) else item.gap


def _chosen(record: Record) -> bool:
    return isinstance(record, Gap) and record.reason in OF_OUR_OWN_WILL


def _under(gaps: Iterable[Gap], record: Record) -> Record:
    """Return *record*, or the first of *gaps* over its subject that came after it."""
    if not isinstance(record, Observation):
        return record
    over = (
        gap for gap in gaps if gap.probe == record.probe and gap.at > record.at and covers(gap.subject, record.subject)
    )
    gap = next(over, None)
    return record if gap is None else replace(gap, subject=record.subject)
