"""What changed at one host: what was seen, and what became of its findings."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from exporters.documenting import event_document, spell_document
from exporters.documents import HistoryDocument
from monitor.store import Spell, Store
from rules.finding import Event


@dataclass(frozen=True, slots=True)
class Past:
    """The values that held, in the order in which they began, and the acts on findings, oldest first."""

    spells: tuple[Spell, ...]
    events: tuple[Event, ...]


def past(store: Store, host: str, since: dt.datetime | None) -> Past:
    """Return the past of *host* from *since* on, or all there is."""
    return Past(tuple(store.history(host, since)), tuple(store.events(since, targets=[host])))


def document(of: Past) -> HistoryDocument:
    """Return the past as it is printed for programs."""
    return {
        "spells": [spell_document(each.record, each.since, each.seen_at, each.until) for each in of.spells],
        "events": [event_document(each) for each in of.events],
    }
