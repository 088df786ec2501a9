"""A claim that something was mended is looked into at once, and answered by evidence alone."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.claims import MOST, Claims
from monitor.commands.deeds import do
from monitor.store import Store
from monitor.tower import Tower
from rules.deed import Deed, Move
from rules.finding import Finding, State
from tests.monitor.looking_tower import RULE, WWW, World, raise_tower


class Place:
    """A tower that has found something, and the world it looks at."""

    def __init__(self, folder: Path) -> None:
        self.world = World(open={WWW: (80, 6379)})
        self.tower, self.store, _ = raise_tower(folder, self.world)
        self.look()

    def look(self) -> None:
        asyncio.run(self.tower.round([WWW]))

    @property
    def finding(self) -> Finding:
        return next(each for each in self.store.findings([WWW]) if each.key.subject == "tcp/6379/ipv4")

    def claim(self) -> None:
        do(self.store, self.finding, Deed(Move.CLAIMED_FIXED, "li", self.world.now()))

    def moves(self) -> list[Move]:
        return [entry.deed.move for entry in self.store.deeds()]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    with place.store:
        yield place


def test_what_was_mended_is_verified_and_closed(place: Place) -> None:
    place.claim()
    place.world.open[WWW] = (80,)
    place.look()
    assert place.finding.state is State.CLOSED
    assert place.moves() == [Move.CLAIMED_FIXED, Move.VERIFIED]


def test_what_was_not_is_sent_back_with_what_was_seen(place: Place) -> None:
    place.claim()
    place.look()
    assert place.moves() == [Move.CLAIMED_FIXED, Move.SENT_BACK]
    assert place.store.deeds()[-1].deed.why == "tcp/6379/ipv4"


def test_a_look_that_saw_nothing_answers_nothing(place: Place) -> None:
    place.claim()
    place.world.dead.add(WWW)
    place.look()
    assert place.moves() == [Move.CLAIMED_FIXED]


def test_looks_from_before_the_claim_answer_nothing(place: Place) -> None:
    place.claim()
    assert place.tower.claims.settle(place.world.now()) == []


def test_a_claim_is_answered_once(place: Place) -> None:
    place.claim()
    place.look()
    place.look()
    assert place.moves() == [Move.CLAIMED_FIXED, Move.SENT_BACK]


def test_a_claim_is_looked_into_at_once_then_now_and_again_and_not_for_ever(place: Place) -> None:
    tower: Tower = place.tower
    assert tower.claims.waiting(place.world.now()) == {}
    place.claim()
    now, store = place.world.now(), place.store
    claims = Claims(store, tower.rules)
    looks = [claims.waiting(now + dt.timedelta(seconds=10 * tick)) for tick in range(6 * 3 * MOST)]
    assert looks[0] == {WWW: tower.rules[RULE].reads}
    assert [tick for tick, look in enumerate(looks) if look] == [6 * number for number in range(MOST)]


def test_the_store_may_be_opened_by_another_to_claim(place: Place, tmp_path: Path) -> None:
    with Store.open_to_act(f"sqlite:///{tmp_path / 'diaolou.db'}") as beside:
        do(beside, place.finding, Deed(Move.CLAIMED_FIXED, "li", place.world.now()))
    place.look()
    assert place.moves() == [Move.CLAIMED_FIXED, Move.SENT_BACK]
