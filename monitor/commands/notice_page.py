"""What is printed of a notice, and of those overdue, drawn together from the store and the configuration."""

from __future__ import annotations

import datetime as dt

from exporters.notice import Circular, CircularLine, NoticePage
from monitor.commands.notices import everything, of
from monitor.configuration import Known
from monitor.store import Store
from rules.deed import Move
from rules.notice import Notice
from rules.text import Text


def page_of(known: Known, store: Store, notice: Notice) -> NoticePage:
    """Return what is printed of *notice*."""
    issued = (
        entry for entry in store.deeds() if entry.deed.move is Move.NOTICE_ISSUED and entry.deed.notice == notice.number
    )
    return NoticePage(
        notice=notice,
        issuer=_name(known, known.config.daemon.city),
        agency=_name(known, notice.agency),
        contact=known.config.daemon.contact,
        findings=tuple(of(store, notice)),
        titles={rule.id: rule.title for rule in known.rules.values()},
        advice={rule.id: rule.fix for rule in known.rules.values()},
        seal=next(issued).seal,
        zone=known.config.daemon.time_zone,
    )


def circular_of(known: Known, store: Store, day: dt.date) -> Circular:
    """Return the circular of *day* on the notices overdue by then."""
    tree = known.config.tree
    lines = [
        CircularLine(
            notice=notice,
            agency=_name(known, notice.agency),
            superior=_name(known, tree.agencies[notice.agency].parent if notice.agency in tree.agencies else ""),
            left=len(notice.remaining or notice.keys),
            days=(day - notice.deadline).days,
        )
        for notice in everything(store).values()
        if notice.overdue(day)
    ]
    issuer = _name(known, known.config.daemon.city)
    return Circular(issuer, day, tuple(sorted(lines, key=lambda line: (-line.days, line.notice.number))))


def _name(known: Known, code: str) -> Text:
    agency = known.config.tree.agencies.get(code)
    return agency.name if agency else Text(code or "—", code or "—")
