"""Ordering an emergency, and lifting it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from monitor.store import Store
from rules.deed import Deed, Entry
from rules.emergency import ABOUT, LONGEST, Emergency, Terms, begun, ordered


class NotNow(Exception):
    """There is no emergency to lift."""


class BadEnd(Exception):
    """The last day does not lie ahead, or too far."""


def order(store: Store, terms: Terms, until: dt.date, deed: Deed, today: dt.date) -> Emergency:
    """Order an emergency through *until*, in place of one that is on; *deed* says by whom and why.

    Raises:
        BadEnd: *until* is over, or too far off.
    """
    if not today <= until <= today + LONGEST:
        raise BadEnd
    (entry,) = store.did(lambda _: [begun(terms, until, deed)], about=ABOUT)
    return Emergency(terms, entry.deed, until)


def lift(store: Store, deed: Deed, today: dt.date) -> Emergency:
    """Lift the emergency that is on *today*, and return it.

    Raises:
        NotNow: none is.
    """
    lifted: list[Emergency] = []

    def decide(known: Sequence[Entry]) -> list[Deed]:
        found = ordered(entry.deed for entry in known)
        if found is None or not found.holds(today):
            raise NotNow
        lifted.append(found)
        return [deed]

    store.did(decide, about=ABOUT)
    return lifted[-1]
