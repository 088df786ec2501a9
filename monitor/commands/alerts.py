"""Alerts as people ask for them, and answering for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from monitor.store import Store
from rules.alert import ABOUT, Alert, AlertObjection, alerts, objection
from rules.deed import Deed, Entry

SHORTEST = 4
"""Characters of an alert's id that must be typed at least."""


class NoSuchAlert(Exception):
    """What was typed means no alert, or several: *ids*."""

    def __init__(self, ids: Sequence[str]) -> None:
        super().__init__(f"{len(ids)} alerts")
        self.ids = ids


class Objected(Exception):
    """It cannot be done."""

    def __init__(self, why: AlertObjection) -> None:
        super().__init__(why.value)
        self.why = why


def everything(store: Store) -> Mapping[str, Alert]:
    """Return all alerts, by id."""
    return alerts(entry.deed for entry in store.deeds(about=ABOUT))


def do(store: Store, name: str, deed: Deed) -> Alert:
    """Do *deed* about the alert meant by *name*, its id or the beginning of that.

    Raises:
        NoSuchAlert: there is none, or more than one.
        Objected: it is not possible.
    """
    done: list[str] = []

    def decide(known: Sequence[Entry]) -> list[Deed]:
        alert = _named(alerts(entry.deed for entry in known), name)
        if (why := objection(deed, alert)) is not None:
            raise Objected(why)
        done.append(alert.id)
        return [replace(deed, about=ABOUT + alert.id)]

    store.did(decide, about=ABOUT)
    return everything(store)[done[-1]]


def _named(known: Mapping[str, Alert], name: str) -> Alert:
    meant = [id_ for id_ in known if len(name) >= SHORTEST and id_.startswith(name.lower())]
    if len(meant) != 1:
        raise NoSuchAlert(meant)
    return known[meant[0]]
