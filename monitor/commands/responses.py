"""Responses to incidents: begun by a playbook, gone through step by step, graded, reported and closed."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from exporters.response_page import ResponsePage
from monitor.configuration import Known
from monitor.store import Store
from rules.deed import Deed, Entry
from rules.playbook import Playbook
from rules.reporting import Duty
from rules.response import (
    ABOUT,
    Opening,
    Response,
    ResponseObjection,
    begun,
    next_number,
    objection,
    owed,
    responses,
)
from rules.text import Text

_PIECE = 1024 * 1024


class NoSuchResponse(Exception):
    """The number is nobody's."""


class Refused(Exception):
    """It cannot be done."""

    def __init__(self, why: ResponseObjection) -> None:
        super().__init__(why.value)
        self.why = why


def everything(store: Store) -> Mapping[str, Response]:
    """Return all responses, by number."""
    return responses(entry.deed for entry in store.deeds(about=ABOUT))


def start(store: Store, opening: Opening, deed: Deed, today: dt.date) -> Response:
    """Begin a response; *deed* says who begins it, and when."""

    def decide(known: Sequence[Entry]) -> list[Deed]:
        number = next_number(responses(entry.deed for entry in known), today.year)
        return [begun(number, opening, deed)]

    (entry,) = store.did(decide, about=ABOUT)
    return everything(store)[entry.deed.about.removeprefix(ABOUT)]


def do(store: Store, number: str, deed: Deed, books: Mapping[str, Playbook], duties: Sequence[Duty]) -> Response:
    """Do *deed* about the response *number*.

    Raises:
        NoSuchResponse: there is none.
        Refused: it cannot be done.
    """

    def decide(known: Sequence[Entry]) -> list[Deed]:
        found = responses(entry.deed for entry in known)
        if number not in found:
            raise NoSuchResponse(number)
        response = found[number]
        if (why := objection(deed, response, books.get(response.opening.playbook), duties)) is not None:
            raise Refused(why)
        return [replace(deed, about=ABOUT + number)]

    store.did(decide, about=ABOUT)
    return everything(store)[number]


def digest(path: Path) -> str:
    """Return what is kept of a file that proves something: its name, size and SHA-256.

    Raises:
        OSError: it cannot be read.
    """
    hashed, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            hashed.update(piece)
            size += len(piece)
    return f"{path.name} {size} sha256:{hashed.hexdigest()}"


def page_of(
    known: Known, store: Store, response: Response, playbook: Playbook | None, now: dt.datetime
) -> ResponsePage:
    """Return what is printed of *response*."""
    name = ABOUT + response.number
    agency = known.config.tree.agencies.get(response.opening.agency)
    code = response.opening.agency or "—"
    return ResponsePage(
        response=response,
        playbook=playbook,
        issuer=known.config.tree.agencies[known.config.daemon.city].name,
        agency=agency.name if agency else Text(code, code),
        entries=tuple(entry for entry in store.deeds(about=ABOUT) if entry.deed.about == name),
        owed=tuple(owed(response, known.config.duties)),
        at=now,
        zone=known.config.daemon.time_zone,
    )
