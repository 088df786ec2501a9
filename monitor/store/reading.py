"""The state of the city, now or at any past moment."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, and_, or_, select

from monitor.store.coding import Coder, Undecodable
from monitor.store.engine import chunks
from monitor.store.nouns import Spell, StoredRecord
from monitor.store.schema import fact, look, spell
from probes.observation import WHOLE, Failure, Gap, GapReason, Observation, Record, Subject

UNDECODABLE = "undecodable"
"""The detail of a gap that stands for a value the probes of today do not understand."""
_PAGE = 5000
_ORDER = spell.c.target, spell.c.probe, spell.c.vantage, spell.c.subject
_FIELDS = (*_ORDER, *(spell.c[name] for name in ("digest", "failure", "gap", "since", "valid_from", "valid_to")))
_SPELLS = select(
    *_FIELDS, spell.c.seen_at, spell.c.seconds, spell.c.detail, spell.c.samples, fact.c.body
).outerjoin_from(spell, fact, spell.c.digest == fact.c.digest)

_subject = lru_cache(maxsize=100_000)(Subject.parse)


class Reader:
    """Reads spells as records; what no longer decodes is a gap of ours, and remembered in *undecodable*."""

    def __init__(self, coder: Coder) -> None:
        self._coder = coder
        self.undecodable: dict[str, set[str]] = defaultdict(set)

    def state(
        self, connection: Connection, targets: Collection[str] | None, as_of: dt.datetime | None
    ) -> Iterator[StoredRecord]:
        """Yield one record per subject, by target, probe, vantage and subject.

        A past record's time is the last look known to have met it by then, and never later than *as_of*.
        """
        key: tuple[str, ...] | None = None
        group: list[Row[*tuple[Any, ...]]] = []
        for query in _split(_SPELLS.where(_valid(spell, as_of)).order_by(*_ORDER), targets):
            for row in connection.execution_options(yield_per=_PAGE).execute(query):
                if (row.target, row.probe, row.vantage, row.subject) != key:
                    yield from self._stored(group, as_of)
                    key, group = (row.target, row.probe, row.vantage, row.subject), []
                group.append(row)
        yield from self._stored(group, as_of)

    def history(
        self, connection: Connection, target: str, since: dt.datetime | None, until: dt.datetime | None
    ) -> Iterator[Spell]:
        """Yield the spells of *target* that touch the span, by their beginning; a long silence begins another."""
        span = [spell.c.target == target]
        if since is not None:
            span.append(or_(spell.c.valid_to.is_(None), spell.c.valid_to > since))
        if until is not None:
            span.append(spell.c.valid_from <= until)
        query = _SPELLS.where(*span).order_by(spell.c.valid_from, *_ORDER[1:], spell.c.id)
        for row in connection.execute(query):
            yield Spell(self._record(row, row.valid_from), row.valid_from, row.seen_at, row.valid_to)

    def _stored(self, group: list[Row[*tuple[Any, ...]]], as_of: dt.datetime | None) -> Iterator[StoredRecord]:
        gap: Gap | None = None
        observed: StoredRecord | None = None
        # A gap that was recorded says more than one that an observation, no longer understood, has become.
        for row in sorted(group, key=lambda row: row.gap is not None):
            at = row.seen_at if as_of is None else min(row.seen_at, as_of)
            record = self._record(row, at)
            if isinstance(record, Gap):
                gap = record
                since = row.since
            else:
                observed = StoredRecord(record, row.since, row.digest or row.failure)
        if observed is not None:
            yield StoredRecord(observed.record, observed.since, observed.digest, gap)
        elif gap is not None:
            yield StoredRecord(gap, since, gap.reason.value)

    def _record(self, row: Row[*tuple[Any, ...]], at: dt.datetime) -> Record:
        """Return the row as a record of *at*; it is no less than a gap when the probes of today do not understand it.

        Where not even its subject is understood, it is one of all that its probe looks at.
        """
        subject = WHOLE
        try:
            subject = _subject(row.subject)
            if row.gap is not None:
                return Gap(row.probe, row.target, row.vantage, subject, at, GapReason(row.gap), row.detail)
            facts = None if row.digest is None else self._coder.decode(row.probe, row.body, row.samples)
            failure = None if row.failure is None else Failure(row.failure)
        except (Undecodable, ValueError):
            self.undecodable[row.probe].add(row.digest or row.failure or row.gap)
            return Gap(row.probe, row.target, row.vantage, subject, at, GapReason.DEFECT, UNDECODABLE)
        return Observation(row.probe, row.target, row.vantage, subject, at, row.seconds, facts, failure, row.detail)


def looked(
    connection: Connection, targets: Collection[str] | None, as_of: dt.datetime | None
) -> Mapping[tuple[str, str], frozenset[str]]:
    """Return, by target and vantage, the probes that have looked to the end at least once."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    query = select(look.c.target, look.c.vantage, look.c.probe).where(
        look.c.valid_from.is_not(None), _valid(look, as_of)
    )
    for part in _split(query, targets):
        for row in connection.execute(part):
            found[row.target, row.vantage].add(row.probe)
    return {key: frozenset(probes) for key, probes in found.items()}


def _valid(table: Table, as_of: dt.datetime | None) -> ColumnElement[bool]:
    if as_of is None:
        return table.c.valid_to.is_(None)
    return and_(table.c.valid_from <= as_of, or_(table.c.valid_to.is_(None), table.c.valid_to > as_of))


def _split(query: Select[*tuple[Any, ...]], targets: Collection[str] | None) -> Iterator[Select[*tuple[Any, ...]]]:
    """Yield the query as it is, or once for each part of the *targets*, which it then is limited to."""
    if targets is None:
        yield query
        return
    column = query.selected_columns["target"]
    for names in chunks(sorted(targets)):
        yield query.where(column.in_(names))
